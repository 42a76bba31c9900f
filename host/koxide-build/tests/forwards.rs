// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a call from Rust costs in a module: nothing where the shim only forwards it, or where it is a field.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use koxide_build::{Arch, Kernel, Project, Silent, module};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

/// What each shim begins with.
const SHIM: &str = "	.macro shim name
	.globl \\name
	.type \\name, %function
\\name:
	.endm
";

/// What declares those that are given a `bool`.
const HEADER: &str = "
int kx_plain(void);
void kx_flagged(const void *what, size_t len, bool flag);
void kx_wrongly_flagged(const void *what, size_t len, bool flag);
";

/// Shims that are forwards, and shims that only look like them.
const SHIMS: &str = "
	shim kx_plain
	jmp plain
	shim kx_traced
	endbr64
	call __fentry__
	nopw 0(%rax,%rax,1)
	jmp traced
	shim kx_like_argument
	jmp kx_argument
	shim kx_plain_again
	jmp kx_plain
	shim kx_argument
	xorl %esi, %esi
	jmp argument
	shim kx_flagged
	movzbl %dl, %edx
	jmp flagged
	shim kx_cut
	movzbl %dl, %edx
	jmp cut
	shim kx_wrongly_flagged
	movzbl %dl, %ecx
	jmp argument
	shim kx_number
	call boolean
	movzbl %al, %eax
	jmp __x86_return_thunk
	shim kx_nothing
	jmp __x86_return_thunk
	shim kx_local
	jmp local
	shim kx_helped
	jmp kx_helper
	.type kx_helper, @function
kx_helper:
	incl %eax
	jmp __x86_return_thunk
	shim kx_second
	jmp second+8
	shim other
	jmp plain
	shim kx_read_kx_own
	movq %gs:own, %rax
	jmp __x86_return_thunk
	shim kx_read_kx_relative
	movq %gs:relative(%rip), %rax
	ret
	shim kx_read_kx_further
	movq %gs:own+8, %rax
	ret
	shim kx_read_kx_deeper
	movq %gs:own, %rax
	movq 8(%rax), %rax
	ret
	.section .text.unlikely,\"ax\"
local:
	ud2
";

/// The same for arm64, where a function may sign the address that it returns to.
const ARM64: &str = "
	shim kx_plain
	b plain
	shim kx_signed
	paciasp
	autiasp
	b signed
	shim kx_landing
	bti c
	b landing
	shim kx_argument
	mov w1, wzr
	b argument
	shim kx_called
	paciasp
	stp x29, x30, [sp, #-16]!
	bl called
	ldp x29, x30, [sp], #16
	autiasp
	ret
	shim kx_sometimes
	cbz x0, sometimes
	ret
	shim kx_second
	b second+8
	shim other
	b plain
";

/// And for 32-bit ARM.
const ARM: &str = "
	shim kx_plain
	b plain
	shim kx_sometimes
	beq sometimes
	bx lr
	shim kx_argument
	mov r1, #0
	b argument
	shim kx_called
	push {r4, lr}
	bl called
	pop {r4, pc}
";

/// What the rules of a module's folder find in an object of this machine's architecture.
fn forwards(dir: &Path, assembly: &str) -> Vec<String> {
    forwards_with("", dir, assembly)
}

/// The same with tools whose names begin so.
fn forwards_with(prefix: &str, dir: &Path, assembly: &str) -> Vec<String> {
    let (source, object) = (dir.join("shims.s"), dir.join("shims.o"));
    fs::write(&source, format!("{SHIM}{assembly}")).unwrap();
    let header = dir.join("koxide.h");
    fs::write(&header, HEADER).unwrap();
    let assembled = Command::new(format!("{prefix}as"))
        .arg("-o")
        .args([&object, &source])
        .status();
    assert!(assembled.unwrap().success());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("kbuild/forwards.awk");
    let found = Command::new("sh")
        .args([
            "-c",
            "\"$4\"objdump -dtrw \"$1\" | awk -f \"$2\" \"$3\" - | sort",
            "sh",
        ])
        .args([&object, &script, &header])
        .arg(prefix)
        .output()
        .unwrap();
    assert!(found.status.success());
    let found = String::from_utf8(found.stdout).unwrap();
    found.lines().map(str::to_owned).collect()
}

#[test]
fn a_forward_is_a_jump_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    let found = forwards(temp.path(), SHIMS);
    assert_eq!(
        found,
        [
            "kx_flagged flagged",
            "kx_like_argument kx_argument",
            "kx_own own",
            "kx_plain plain",
            "kx_relative relative",
            "kx_traced traced"
        ]
    );
    assert!(
        forwards(
            temp.path(),
            ".globl other\n.type other, @function\nother: jmp plain\n"
        )
        .is_empty()
    );
}

#[test]
fn a_forward_is_a_jump_on_other_processors_too() {
    let temp = tempfile::tempdir().unwrap();
    for (arch, assembly, expected) in [
        (
            Arch::Arm64,
            ARM64,
            &["kx_landing landing", "kx_plain plain", "kx_signed signed"][..],
        ),
        (Arch::Arm, ARM, &["kx_plain plain"]),
    ] {
        if !common::has_tools(arch) {
            continue;
        }
        let prefix = format!("{}-", arch.gnu());
        assert_eq!(forwards_with(&prefix, temp.path(), assembly), expected);
    }
}

/// A driver that locks and unlocks, asks for a file's flags, and gives memory back.
fn user(text: String) -> String {
    let calls = "    if calls > 3 {
        // SAFETY: this is never run.
        let flags = unsafe { koxide_abi::kx_file_flags(core::ptr::dangling_mut()) };
        // SAFETY: likewise.
        unsafe { koxide_abi::kx_mutex_lock(core::ptr::without_provenance_mut(flags as usize)) };
        // SAFETY: likewise.
        unsafe { koxide_abi::kx_kfree(core::ptr::null_mut()) };
        // SAFETY: a format that takes a number.
        unsafe { koxide_abi::kx_printk(c\"toy: %d\".as_ptr(), 7) };
    }
";
    let old = "    if calls < 3 {";
    assert!(text.contains(old));
    text.replace(old, &format!("{calls}{old}"))
}

fn built(project: &Project, kernel: &Kernel, shims: module::Shims) -> PathBuf {
    let artefact = common::object(project).unwrap();
    let (abi, out) = (project.abi_dir(), project.koxide_dir());
    let built = module::build_with(abi, &artefact, shims, kernel, &out, &Silent);
    built.unwrap().path
}

/// How a module has a symbol.
#[derive(Debug, PartialEq, Eq)]
enum Has {
    Nothing,
    TheKernels,
    AFunction,
    AnOffset(u64),
}

fn has(module: &Path, name: &str) -> Has {
    let bytes = fs::read(module).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let Some(symbol) = file.symbols().find(|s| s.name() == Ok(name)) else {
        return Has::Nothing;
    };
    match symbol.section() {
        object::SymbolSection::Absolute => Has::AnOffset(symbol.address()),
        object::SymbolSection::Undefined => Has::TheKernels,
        _ => Has::AFunction,
    }
}

#[test]
fn what_only_forwards_is_the_kernels_own_function() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), user);
    for (name, flags) in [
        ("debian:bookworm", 0x40),
        ("debian:bookworm-backports", 0x30),
    ] {
        let kernel = common::kernel(name);
        let module = built(&project, &kernel, module::Shims::Shipped);
        for (shim, function) in [
            ("kx_mutex_lock", "mutex_lock"),
            ("kx_kfree", "kfree"),
            ("kx_printk", "_printk"),
        ] {
            assert_eq!(has(&module, shim), Has::Nothing, "{shim} on {name}");
            assert_eq!(
                has(&module, function),
                Has::TheKernels,
                "{function} on {name}"
            );
        }
        // The library's own rules for the log are more than a jump.
        assert_eq!(has(&module, "kx_print"), Has::AFunction);
        // Where pahole says that these kernels have `f_flags`.
        assert_eq!(has(&module, "kx_file_flags"), Has::AnOffset(flags));
        let bytes = fs::read(&module).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        assert!(file.section_by_name(".discard.text").is_none());
        assert!(
            file.sections()
                .all(|s| s.name() != Ok(".rela.discard.text"))
        );
    }
}

/// In a module with fault plans the same shims have more to do, and stay.
#[test]
fn what_has_to_count_stays_a_function() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), user);
    let kernel = common::kernel("debian:bookworm");
    let module = built(&project, &kernel, module::Shims::Faulty);
    assert_eq!(has(&module, "kx_kfree"), Has::AFunction);
    assert_eq!(has(&module, "kx_mutex_lock"), Has::AFunction);
    assert_eq!(has(&module, "kx_printk"), Has::Nothing);
}

/// A field that is not what Rust takes it for is an error of the C compiler.
#[test]
fn a_field_of_another_type_does_not_compile() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(&temp.path().join("toy"), user);
    let artefact = common::object(&project).unwrap();
    let abi = common::shims(&temp.path().join("abi"), "shims/fs.c", |text| {
        let changed = text.replace("struct file, f_flags", "struct file, f_pos");
        assert_ne!(changed, text);
        changed
    });
    let kernel = common::kernel("debian:bookworm");
    let error = common::module_with(&abi, &project, &artefact, &kernel).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("in this kernel f_pos of struct file has another type"),
        "{said}"
    );
}
