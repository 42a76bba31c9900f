# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Reads the sections of an object as `objdump -hw` lists them, and prints the script with which the linker places its
# functions, each of which has a section of its own: one after the other, or, where `room` is set, each aligned and with
# that many bytes of NOPs before it, into which the kernel patches what its mitigations need.
BEGIN {
	# Of processors whose instructions all have the same size it is told as `least`.
	print "SECTIONS {\n\t.text 0 : SUBALIGN(" (room ? align : least ? least : 1) ") {"
}

$2 ~ /^\.text/ {
	if (room)
		print "\t\t. = ALIGN(" align ") + " room ";"
	print "\t\t*(" $2 ")"
	entries = entries "\n\t\t*(.ARM.exidx" $2 ")"
}

$2 ~ /^\.ARM\.exidx/ { exidx = 1 }

END {
	print "\t} =0x90909090"
	# 32-bit ARM has a table to walk stacks with, in the order of the functions.
	if (exidx)
		print "\t.ARM.exidx 0 : {" entries "\n\t}"
	print "}"
}
