# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Reads the sections of an object as `objdump -hw` lists them, and prints the script with which the linker places its
# functions, each of which has a section of its own: one after the other, or, where `room` is set, each aligned and with
# that many bytes of NOPs before it, into which the kernel patches what its mitigations need.
#
# The file `unwind` tells how a panic finds its way up the stack (host/koxide-build/src/object/unwind.rs). Its table needs
# to know where the functions are, and the linker fills that in: numbers, no addresses. It has a header, and functions, landings and
# shapes of frames; kernel/koxide/src/unwind/table.rs reads it.
BEGIN {
	# Of processors whose instructions all have the same size it is told as `least`.
	print "SECTIONS {\n\t.text 0 : SUBALIGN(" (room ? align : least ? least : 1) ") {"
	while (unwind && (getline < unwind) > 0) {
		if ($1 == "raise")
			raise = $2
		if ($1 == "function") {
			section = $2
			len[section] = $3
			shape[section] = $4
		} else if ($1 == "landing") {
			landing[section] = landing[section] "\n\t\tSHORT(" $2 ") SHORT(" $3 ") SHORT(" $4 ")"
			count[section]++
		} else if ($1 == "shape") {
			shapes = shapes "\n\t\tSHORT(" $2 ")"
			for (i = 3; i <= NF; i++)
				shapes = shapes " BYTE(" $i ")"
		}
	}
}

$2 ~ /^\.text/ {
	if (room)
		print "\t\t. = ALIGN(" align ") + " room ";"
	if ($2 == raise)
		print "\t\tkx_at_raise = .;"
	if ($2 in len) {
		print "\t\tkx_at_" (functions + 0) " = .;"
		table = table "\n\t\tLONG(kx_at_" (functions + 0) " + " shape[$2] " * 0x1000000) SHORT(" len[$2] ") SHORT(" (count[$2] + 0) ")"
		all = all landing[$2]
		landings += count[$2]
		functions++
	}
	print "\t\t*(" $2 ")"
	entries = entries "\n\t\t*(.ARM.exidx" $2 ")"
}

$2 ~ /^\.ARM\.exidx/ { exidx = 1 }

END {
	print "\t} =0x90909090"
	# 32-bit ARM has a table to walk stacks with, in the order of the functions.
	if (exidx)
		print "\t.ARM.exidx 0 : {" entries "\n\t}"
	if (raise) {
		print "\t.rodata 0 : ALIGN(8) {\n\t\t*(.rodata)\n\t\t. = ALIGN(8);\n\t\tkx_unwind = .;"
		print "\t\tLONG(kx_at_raise) SHORT(" (functions + 0) ") SHORT(" (landings + 0) ")" table all shapes "\n\t}"
	}
	print "}"
}
