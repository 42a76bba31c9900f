// SPDX-License-Identifier: MIT OR Apache-2.0

//! Functions in assembly, and what is told of them; `placed.rs`: the table that becomes of it.

mod placed;

use std::fs;
use std::path::PathBuf;

use koxide_process::{Command, find};
use object::{Object as _, ObjectSection as _};
use tempfile::TempDir;

use super::{FOR_DEVICE, FOR_MODULE, STATE, Unwind, is_in_poison};
use crate::arch::Arch;
use crate::gnu::Gnu;
use crate::object::link::parse;

/// What each object has: what starts the way up, what goes on after a landing, what the borders lead to (`DEVICE` and `MODULE`), and
/// macros for functions.
const START: &str = "
	.macro function name
	.section .text.\\name,\"ax\",%progbits
	.globl \\name
	.type \\name,%function
\\name:
	.cfi_startproc
	.endm
	.macro done
	.cfi_endproc
	.endm
	.macro plain name
	.section .text.\\name,\"ax\",%progbits
	.globl \\name
\\name:
	ret
	.endm
	plain kx_raise
	plain _Unwind_Resume
	plain DEVICE
	plain MODULE
	plain quiet
";

/// How the names of what is poisoned begin.
const POISON: &str = "_RNvNtNtCs5MOmSL3mgII_6kernel5entry6poison";

#[test]
fn what_a_driver_calls_like_the_library_is_not_the_librarys() {
    let name = STATE[1];
    for copy in ["", ".llvm.17", ".0"] {
        assert!(is_in_poison(&format!("{POISON}{name}{copy}"), name));
    }
    for other in [
        "_RNvNtNtCs5MOmSL3mgII_6driver5entry6poison5STATE",
        "_RNvNtNtNtCs5MOmSL3mgII_6driver6kernel5entry6poison5STATE",
        "_RNvNtNtNtNtCs5MOmSL3mgII_6driver2a_6kernel5entry6poison5STATE",
        "_RNvNtNtCs5MOmSL3mgII_6kernel5entry6poison5STATEs",
        "_RINvNtCs5MOmSL3mgII_6driver1fNtNtNtCs1_6kernel5entry6poison5STATEEB4_",
    ] {
        assert!(!is_in_poison(other, name), "{other}");
    }
}

/// An object.
struct Assembled {
    folder: TempDir,
    object: PathBuf,
}

impl Assembled {
    fn new(arch: Arch, source: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("functions.s");
        let object = folder.path().join("functions.o");
        let source = [START, source]
            .concat()
            .replace("DEVICE", &format!("{POISON}{FOR_DEVICE}"))
            .replace("MODULE", &format!("{POISON}{FOR_MODULE}"));
        fs::write(&file, source).unwrap();
        let mut assembler = Command::new(Gnu::of(arch).name("as"));
        assembler.arg("-o").args([&object, &file]).output().unwrap();
        Self { folder, object }
    }

    /// The words for its functions.
    fn words(&self, arch: Arch) -> Result<String, String> {
        let bytes = fs::read(&self.object).unwrap();
        let file = parse(&self.object, &bytes).unwrap();
        let all = file.sections().filter_map(|section| section.name().ok());
        let read = Unwind::read(&self.object, &bytes, arch, &all.collect());
        read.map(|unwind| unwind.text())
            .map_err(|error| error.to_string())
    }
}

/// The words for functions of x86_64.
fn words(source: &str) -> Result<String, String> {
    Assembled::new(Arch::X86_64, source).words(Arch::X86_64)
}

/// One that panics, and one that calls it; one that does neither.
const TWO: &str = "
	function inner
	push %rbx
	.cfi_def_cfa_offset 16
	.cfi_offset rbx, -16
	call kx_raise
	done
	function other
	push %rbx
	.cfi_def_cfa_offset 16
	call quiet
	done
	function outer
	push %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset rbp, -16
	mov %rsp, %rbp
	.cfi_def_cfa_register rbp
	push %r15
	.cfi_offset r15, -24
	call inner
	call quiet
	done
";

#[test]
fn functions_that_lead_to_a_panic_are_told() {
    let told = "\
raise .text.kx_raise
shape 2 2 0 0 0 0 0
function .text.inner 6 0
shape 32770 0 2 0 0 0 3
function .text.outer 16 1
";
    assert_eq!(words(TWO).unwrap(), told);
    // Nothing of an object in which nothing panics.
    assert_eq!(words(&TWO.replace("kx_raise", "quiet")).unwrap(), "");
}

#[test]
fn a_call_through_a_pointer_may_lead_anywhere() {
    let source = "
	function indirect
	sub $8, %rsp
	.cfi_def_cfa_offset 16
	call __x86_indirect_thunk_rax
	done
";
    let told = words(source).unwrap();
    assert!(
        told.ends_with("shape 2 0 0 0 0 0 0\nfunction .text.indirect 9 0\n"),
        "{told}"
    );
}

/// A function, and what is to run when its calls panic: the first goes on after that, the second ends there, the third may not come
/// there, the fourth ends there by way of another kind. Nothing is for the fifth; then comes a long row.
const LANDINGS: &str = "
	function careful
	.cfi_lsda 0x1b, landings_of_careful
	push %rbx
	.cfi_def_cfa_offset 16
	call kx_raise
	call kx_raise
	call kx_raise
	call kx_raise
	call LEADS_TO
	.skip 10000
	done
	.section .gcc_except_table,\"a\"
landings_of_careful:
	.byte 0xff, 0xff, 1
	.uleb128 first_kind - first_call
first_call:
	.uleb128 1, 5, 32, 0
	.uleb128 6, 5, 36, 1
	.uleb128 11, 5, 40, 3
	.uleb128 16, 5, 44, 5
	.uleb128 21, 5, 0, 0
	.uleb128 26, 9000, 48, 0
first_kind:
	.sleb128 1, 0, -1, 0, 0, -5
";

#[test]
fn landings_say_what_becomes_of_a_panic() {
    let careful = |leads_to| words(&LANDINGS.replace("LEADS_TO", leads_to)).unwrap();
    // 0x8000 ends there, for a device with 0x4000, for the module with 0x2000; 0x6000 may not come there.
    for (leads_to, ends) in [("quiet", 0x8005), ("DEVICE", 0xc005), ("MODULE", 0xa005)] {
        let told = format!(
            "\
raise .text.kx_raise
shape 2 0 0 0 0 0 0
function .text.careful 10026 0
landing 1 5 32
landing 6 {ends} 36
landing 11 {} 40
landing 16 {ends} 44
landing 26 8191 48
landing 8217 809 48
",
            0x6005
        );
        assert_eq!(careful(leads_to), told);
    }
}

/// Bodies of functions for which no table can be made, and why.
const REFUSED: [(&str, &str); 11] = [
    (
        "call kx_raise\n push %rbx\n .cfi_def_cfa_offset 16\n call kx_raise",
        "has several frames",
    ),
    ("call kx_raise\n .skip 65536", "is longer than 64 KiB"),
    // Landings of calls that are too far away.
    (
        ".cfi_lsda 0x1b, far\n call kx_raise",
        "is longer than 64 KiB",
    ),
    (
        ".cfi_lsda 0x1b, other\n call kx_raise",
        "has a table of landings in another form",
    ),
    // DW_CFA_GNU_args_size
    (
        ".cfi_escape 0x2e, 16\n call kx_raise",
        "pushes arguments for its calls",
    ),
    // DW_CFA_def_cfa_expression of DW_OP_breg7
    (
        ".cfi_escape 0x0f, 2, 0x77, 8\n call kx_raise",
        "has a frame whose end is computed",
    ),
    (
        ".cfi_def_cfa rax, 16\n call kx_raise",
        "has a frame that begins at register 0",
    ),
    (
        ".cfi_def_cfa_offset 12\n call kx_raise",
        "has a frame of 12 bytes",
    ),
    (
        ".cfi_offset rbx, -2048\n call kx_raise",
        "keeps register 3 -2048 bytes from its frame's end",
    ),
    (
        ".cfi_register rbx, r8\n call kx_raise",
        "keeps register 3 as ",
    ),
    (
        "call kx_raise\n call DEVICE\n call MODULE",
        "is the border of a device and of the module",
    ),
];

#[test]
fn what_the_table_has_no_room_for_is_refused() {
    let tables = "
	.section .gcc_except_table,\"a\"
far:
	.byte 0xff, 0xff, 1
	.uleb128 6
	.uleb128 70000, 5, 1, 0
other:
	.byte 0xff, 0xff, 3
	.uleb128 0
";
    for (body, why) in REFUSED {
        let refused = words(&format!("\n function strange\n {body}\n done\n{tables}"));
        let error = refused.expect_err(body);
        assert!(
            error.contains("strange") && error.contains(why),
            "{body}\n{error}"
        );
    }
    // Without a frame nobody gets past it.
    let bare = "\n .section .text.bare,\"ax\"\n .globl bare\nbare:\n call kx_raise\n";
    let error = words(bare).unwrap_err();
    assert!(error.contains("bare") && error.contains("has no frame"));
}

#[test]
fn frames_of_arm64_are_told() {
    let assembler = Gnu::of(Arch::Arm64).name("as");
    if find(&assembler).is_none() {
        assert!(std::env::var_os("CI").is_none(), "there is no {assembler}");
        println!("NOTE: not tried on arm64: there is no {assembler}");
        return;
    }
    // Its return address is signed; the last one calls through a register.
    let source = "
	function inner
	paciasp
	.cfi_negate_ra_state
	stp x29, x30, [sp, #-32]!
	.cfi_def_cfa_offset 32
	.cfi_offset x29, -32
	.cfi_offset x30, -24
	str x19, [sp, #24]
	.cfi_offset x19, -8
	bl kx_raise
	done
	function indirect
	stp x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset x29, -16
	.cfi_offset x30, -8
	blr x8
	done
";
    let told = "\
raise .text.kx_raise
shape 4 1 0 0 0 0 0 0 0 0 0 4 3
function .text.inner 16 0
shape 2 0 0 0 0 0 0 0 0 0 0 2 1
function .text.indirect 8 1
";
    let words = Assembled::new(Arch::Arm64, source).words(Arch::Arm64);
    assert_eq!(words.unwrap(), told);
}
