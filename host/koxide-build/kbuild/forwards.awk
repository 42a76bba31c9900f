# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Reads the header of the shims and what `objdump -dtrw` says of an object, and prints which shims are nothing but a jump to another function, and to
# which: lines as `objcopy --redefine-syms` takes them.
#
# So the compiler decides it, for this kernel and this configuration: where a lock is traced, or a number is made a wider
# one, the shim has more to do and stays.
#
# What `KX_PER_CPU` declares has the name of the variable that the compiler reads.
BEGIN { FS = "\t" }

# Shims that are declared with a `bool`.
/^[a-z].*[(, ]bool / {
	match($0, /kx_[a-z0-9_]*\(/)
	flagged[substr($0, RSTART, RLENGTH - 1)] = 1
	next
}

# Functions that other objects may call; those of a file of its own are no shims, whatever their names.
/^[0-9a-f]+ g +F / {
	split($2, part, " ")
	global[part[2]] = 1
	next
}

/^[0-9a-f]+ </ {
	split($0, part, /[<>]/)
	name = part[2] ~ /^kx_/ ? part[2] : ""
	variable = ""
	next
}

# What the kernel's options put before a function's own code.
name == "" || $3 ~ /^(endbr64|nop)/ || $5 == "__fentry__-0x4" { next }

# What makes a `bool` an `int`, as whoever hands one over has done already. It would cut off a number.
name in flagged && $3 ~ /^movzbl +%(dil,%edi|sil,%esi|dl,%edx|cl,%ecx)/ { next }

# On ARM the operands have a field of their own. Signing a return address and taking the signature off again is nothing.
$3 ~ /^(bti|paciasp|autiasp)$/ { next }
$3 == "b" && $5 ~ /_JUMP2[46]$/ && $6 ~ /^[A-Za-z_][A-Za-z0-9_]*$/ {
	target[name] = $6
}

# The offset is that of an operand at the instruction's end; a local function has the name of a section, and a thunk is a
# return or a pointer's call.
$3 ~ /^jmp / && $5 ~ /^[A-Za-z_][A-Za-z0-9_]*-0x4$/ && $5 !~ /^__x86_/ {
	target[name] = substr($5, 1, length($5) - 4)
}

name ~ /^kx_read_/ && $3 ~ /^mov +%gs:0x0(\(%rip\))?,%rax/ {
	variable = $5
	sub(/-0x4$/, "", variable)
	next
}
variable ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && ($3 ~ /^ret/ || $5 == "__x86_return_thunk-0x4") {
	target[substr(name, length("kx_read_") + 1)] = variable
}

# A shim that is the same as another, which the compiler wrote only once.
$3 ~ /^jmp .*<kx_[a-z0-9_]*>$/ && $5 == "" {
	split($3, part, /[<>]/)
	if (part[2] in global)
		target[name] = part[2]
}

$3 == "b" && $4 ~ /<kx_[a-z0-9_]*>$/ && $5 == "" {
	split($4, part, /[<>]/)
	if (part[2] in global)
		target[name] = part[2]
}

{ name = "" }

END {
	for (name in target) {
		to = target[name]
		while (to in target)
			to = target[to]
		# objcopy gives a name once: of shims that do the same, one is replaced.
		if (!(to in first) || name < first[to])
			first[to] = name
	}
	for (to in first)
		print first[to], to
}
