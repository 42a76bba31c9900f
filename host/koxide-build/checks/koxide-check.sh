#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Checks a module before it is loaded, on machines without Rust: needs sh, awk and GNU binutils.
#
#     koxide-check.sh MODULE.ko HEADERS [RUST.o]
#
# HEADERS is the folder that /lib/modules/RELEASE/build stands for, RUST.o the driver's portable object.
# Prints one line for each fault, with the names that koxide-build gives to them, and exits with 1 when there is one.
# An emulator shows none of these faults, and a running machine shows most of them too late.
set -u
LC_ALL=C
export LC_ALL

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
	echo "usage: $0 MODULE.ko HEADERS [RUST.o]" >&2
	exit 2
fi
ko=$1 headers=$2 rust=${3-}
config=$headers/.config
symvers=$headers/Module.symvers
for file in "$ko" "$config" "$symvers" ${rust:+"$rust"}; do
	if [ ! -r "$file" ]; then
		echo "$0: cannot read $file" >&2
		exit 2
	fi
done
for program in readelf nm objcopy od awk; do
	if ! command -v "$program" >/dev/null; then
		echo "$0: the program $program is missing: install binutils" >&2
		exit 2
	fi
done

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM

faults=0
fault() {
	echo "$ko: $1"
	faults=1
}

# Whether one of the named options is set.
is_set() {
	for option in "$@"; do
		grep -q "^$option=y" "$config" && return 0
	done
	return 1
}

# What the loader of each architecture applies, the size of a CRC in the table of versions, and what a compiler may call.
if is_set CONFIG_ARM64; then
	kinds='^R_AARCH64_(NONE|ABS(16|32|64)|PREL(16|32|64)|MOVW_UABS_G[0-3](_NC)?|LD_PREL_LO19|ADR_PREL_LO21|ADR_PREL_PG_HI21(_NC)?'
	kinds="$kinds|ADD_ABS_LO12_NC|LDST(8|16|32|64|128)_ABS_LO12_NC|TSTBR14|CONDBR19|JUMP26|CALL26)\$"
	word=8 given='^$' objcopy=aarch64-linux-gnu-objcopy
elif is_set CONFIG_ARM; then
	kinds='^R_ARM_(NONE|ABS32|TARGET1|PC24|CALL|JUMP24|V4BX|PREL31|REL32|MOVW_ABS_NC|MOVT_ABS|MOVW_PREL_NC|MOVT_PREL)$'
	word=4 given='^__aeabi_(u?idiv(mod)?|unwind_cpp_pr[01])$' objcopy=arm-linux-gnueabihf-objcopy
else
	kinds='^R_X86_64_(NONE|64|32|32S|PC32|PLT32|PC64)$'
	word=8 given='^__x86_(return_thunk$|indirect_thunk_)' objcopy=x86_64-linux-gnu-objcopy
fi
# The machine's own, where it is of that architecture.
command -v "$objcopy" >/dev/null || objcopy=objcopy

# Lines of: section, type, symbol. Sections about the code that are not loaded are left out.
readelf -rW "$ko" | awk '
	/^Relocation section/ { split($0, part, "\047"); section = part[2]; sub(/^\.rela?/, "", section); next }
	$3 ~ /^R_/ { symbol = $5; print section, $3, symbol }
' >"$work/relocations"
# Names of the sections that are loaded, those with code marked.
readelf -SW "$ko" | awk '
	{ sub(/^ *\[ *[0-9]+\] */, "") }
	$7 ~ /A/ || $8 ~ /A/ { print $1, ($7 ~ /X/ || $8 ~ /X/) ? "code" : "data" }
' >"$work/sections"
nm -u "$ko" | awk '$1 == "U" && $2 != "_GLOBAL_OFFSET_TABLE_" { print $2 }' >"$work/needed"

kinds=$kinds awk '
	NR == FNR { loaded[$1] = 1; next }
	($1 in loaded) && $2 !~ ENVIRON["kinds"] { print $1, $2, $3 }
' "$work/sections" "$work/relocations" >"$work/bad"
while read -r section type symbol; do
	fault "bad-relocation: $section refers to $symbol by $type, which the module loader refuses"
done <"$work/bad"

awk -F '\t' '
	NR == FNR { kind[$2] = $4; next }
	!($1 in kind) { print "missing", $1; next }
	kind[$1] ~ /GPL$/ { print "gpl", $1 }
' "$symvers" "$work/needed" >"$work/exports"
missing=$(awk '$1 == "missing" { printf "%s ", $2 }' "$work/exports")
case " $missing" in
*" kx_abi_"*) fault "abi-version: object and shims have different versions of the Koxide ABI ($missing)" ;;
*" kx_"*) fault "no-shim: no shim defines $missing" ;;
" ") ;;
*) fault "not-exported: the kernel does not export $missing" ;;
esac

license=$(readelf -p .modinfo "$ko" 2>/dev/null | sed -n 's/^.*\] *license=//p' | head -n 1)
case $license in
"GPL" | "GPL v2" | "GPL and additional rights" | "Dual BSD/GPL" | "Dual MIT/GPL" | "Dual MPL/GPL") ;;
*)
	gpl=$(awk '$1 == "gpl" { printf "%s ", $2 }' "$work/exports")
	[ -z "$gpl" ] || fault "gpl-only: the licence is not the GPL and the module uses $gpl"
	;;
esac

# Branches to thunks, and how many of them objtool listed.
thunks() {
	awk -v thunk="$1" '
		NR == FNR { code[$1] = $2; next }
		code[$1] == "code" && $1 != ".altinstr_replacement" && $3 ~ thunk { count++ }
		END { print count + 0 }
	' "$work/sections" "$work/relocations"
}
listed() {
	awk -v section="$1" '$1 == section { count++ } END { print count + 0 }' "$work/relocations"
}
if is_set CONFIG_RETHUNK CONFIG_MITIGATION_RETHUNK; then
	there=$(thunks '^__x86_return_thunk$') known=$(listed .return_sites)
	[ "$there" -le "$known" ] ||
		fault "unpatched-return: $((there - known)) of $there returns are not in .return_sites"
fi
if is_set CONFIG_RETPOLINE CONFIG_MITIGATION_RETPOLINE; then
	there=$(thunks '^__x86_indirect_thunk_') known=$(listed .retpoline_sites)
	[ "$there" -le "$known" ] ||
		fault "unpatched-branch: $((there - known)) of $there indirect branches are not in .retpoline_sites"
fi
if is_set CONFIG_UNWINDER_ORC && [ "$(listed .orc_unwind_ip)" -eq 0 ]; then
	fault "no-orc: there is no stack-trace information (ORC)"
fi

if [ -n "$rust" ] && is_set CONFIG_CALL_PADDING; then
	room=$(sed -n 's/^CONFIG_FUNCTION_PADDING_BYTES=//p' "$config")
	readelf -sW "$rust" | awk '$4 == "FUNC" { print $8 }' >"$work/rust"
	nm -f sysv -t d "$ko" | awk -F '|' '{ gsub(/ /, "") } $7 == ".text" { print $1, $2 + 0 }' >"$work/starts"
	"$objcopy" -O binary --only-section=.text "$ko" "$work/text"
	# For each function of the object, whether so many NOPs (0x90) end where it begins.
	od -An -v -tx1 -w1 "$work/text" | awk -v room="$room" '
		FILENAME == ARGV[1] { rust[$1] = 1; next }
		FILENAME == ARGV[2] { if ($1 in rust) name[$2] = $1; next }
		(FNR - 1) in name { if (run < room) print name[FNR - 1] }
		{ run = $1 == "90" ? run + 1 : 0 }
	' "$work/rust" "$work/starts" - >"$work/bare"
	while read -r function; do
		fault "no-padding: $function does not have $room bytes of NOPs before it, which this kernel patches"
	done <"$work/bare"
fi

if is_set CONFIG_MODVERSIONS; then
	"$objcopy" -O binary --only-section=__versions --set-section-flags __versions=alloc \
		"$ko" "$work/versions" 2>/dev/null
	# Entries of 64 bytes: the CRC in a word, and the name.
	od -An -v -tx1 -w64 "$work/versions" 2>/dev/null | awk -v word="$word" '
		BEGIN { for (i = 0; i < 256; i++) char[sprintf("%02x", i)] = sprintf("%c", i) }
		{
			name = ""
			for (i = word + 1; i <= 64 && $i != "00"; i++) name = name char[$i]
			print name, "0x" $4 $3 $2 $1
		}
	' >"$work/crcs"
	{ cat "$work/needed" && echo module_layout; } >"$work/versioned"
	awk '
		FILENAME == ARGV[1] { carried[$1] = $2; next }
		FILENAME == ARGV[2] { wanted[$2] = $1; next }
		($1 in wanted) && carried[$1] != wanted[$1] { print $1 }
	' "$work/crcs" "$symvers" "$work/versioned" >"$work/wrong"
	while read -r symbol; do
		fault "wrong-crc: the module does not carry the kernel's CRC of $symbol"
	done <"$work/wrong"
fi

# Functions by the symbol's type, for pointers in memory that stays writable.
readelf -sW "$ko" | awk '$4 == "FUNC" { print $8 }' >"$work/functions"
awk '
	NR == FNR { is_function[$1] = 1; next }
	$1 ~ /^\.data/ && $1 !~ /^\.data(\.\.ro_after_init|\.rel\.ro)/ && (($3 in is_function) || $3 ~ /^\.text/) { print $1, $3 }
' "$work/functions" "$work/relocations" >"$work/writable"
while read -r section symbol; do
	fault "writable-table: $section holds the address of $symbol and is writable"
done <"$work/writable"

if [ -n "$rust" ]; then
	foreign=$(nm -u "$rust" | given=$given awk '
		$2 ~ /^kx_/ || $2 ~ ENVIRON["given"] { next }
		$2 ~ /^(memcpy|memmove|memset|memcmp|bcmp|strlen)$/ { next }
		{ printf "%s ", $2 }
	')
	[ -z "$foreign" ] || fault "foreign-symbol: the driver's object refers to $foreign"
fi

exit "$faults"
