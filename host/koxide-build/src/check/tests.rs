// SPDX-License-Identifier: MIT OR Apache-2.0

//! Each check is provoked by an object that an assembler makes.

use super::target::Export;
use super::*;

/// A module in which all is well; the lines marked `#tag` can be replaced.
const GOOD: &str = r#"
	.section .modinfo,"a"
	.asciz "license=GPL"
	.text
	.skip 16,0x90 #padding
	.globl rust_fn
	.type rust_fn,@function
rust_fn:
	endbr64 #endbr
	call kx_shim
	call _printk
1:	jmp __x86_return_thunk
	.size rust_fn,.-rust_fn
	.skip 16,0x90
	.globl rust_indirect
	.type rust_indirect,@function
rust_indirect:
2:	call __x86_indirect_thunk_rax
3:	jmp __x86_return_thunk
	.size rust_indirect,.-rust_indirect
	.type kx_shim,@function
kx_shim:
4:	jmp __x86_return_thunk
	.size kx_shim,.-kx_shim
	.section .return_sites,"a"
	.long 1b-. #sites
	.long 3b-.
	.long 4b-.
	.section .retpoline_sites,"a"
	.long 2b-. #branch
	.section .orc_unwind_ip,"a"
	.long rust_fn-.
	.section .orc_unwind,"a"
	.short 8,0,5 #orc
	.section .data..ro_after_init,"aw"
	.quad rust_fn
	.data
	.quad 0 #data
	.section __versions,"a"
	.quad 0x11 #crc
	.asciz "_printk"
	.zero 48
	.quad 0x22
	.asciz "module_layout"
	.zero 42
	.quad 0x33
	.asciz "__x86_return_thunk"
	.zero 37
	.quad 0x44
	.asciz "__x86_indirect_thunk_rax"
	.zero 31
"#;

/// The Rust object that went into it.
const RUST: &str = r#"
	.text
	.globl rust_fn
	.type rust_fn,@function
rust_fn:
	endbr64
	call kx_shim #foreign
	jmp __x86_return_thunk #bare
	.size rust_fn,.-rust_fn
	.globl rust_indirect
	.type rust_indirect,@function
rust_indirect:
	call __x86_indirect_thunk_rax
	jmp __x86_return_thunk
	.size rust_indirect,.-rust_indirect
"#;

fn assemble(source: &str) -> Vec<u8> {
    assemble_with("as", source)
}

fn assemble_with(assembler: &str, source: &str) -> Vec<u8> {
    let temp = tempfile::tempdir().unwrap();
    let (input, output) = (temp.path().join("x.s"), temp.path().join("x.o"));
    fs::write(&input, source).unwrap();
    koxide_process::Command::new(assembler)
        .arg("-o")
        .args([&output, &input])
        .output()
        .unwrap();
    fs::read(output).unwrap()
}

/// Replaces the line that ends with a tag.
fn with(source: &str, tag: &str, line: &str) -> String {
    let mark = format!("#{tag}");
    assert!(source.contains(&mark));
    let lines = source
        .lines()
        .map(|l| if l.ends_with(&mark) { line } else { l });
    lines.map(|l| format!("{l}\n")).collect()
}

fn target() -> Target {
    let export = |crc| Export {
        crc,
        gpl_only: false,
        module: None,
    };
    let exports = [
        ("_printk", 0x11),
        ("module_layout", 0x22),
        ("__x86_return_thunk", 0x33),
        ("__x86_indirect_thunk_rax", 0x44),
    ];
    Target {
        arch: Arch::X86_64,
        exports: exports.map(|(n, crc)| (n.to_owned(), export(crc))).into(),
        rethunk: true,
        retpoline: true,
        orc: true,
        ibt: true,
        bti: false,
        padding: 16,
        modversions: true,
        kasan: None,
    }
}

fn check(ko: &str, rust: &str, target: &Target) -> Result<Report, Error> {
    let (ko, rust) = (assemble(ko), assemble(rust));
    let (ko, rust) = (Elf::parse(&ko).unwrap(), Elf::parse(&rust).unwrap());
    all(&ko, &rust, target, "6.1.0-1-amd64")
}

/// The error after a line of the module was replaced.
fn fault(tag: &str, line: &str) -> Error {
    check(&with(GOOD, tag, line), RUST, &target()).unwrap_err()
}

#[test]
fn a_good_module_is_good() {
    let report = check(GOOD, RUST, &target()).unwrap();
    assert_eq!(report.rust_functions, 2);
}

#[test]
fn a_relocation_that_the_loader_refuses() {
    let error = fault("endbr", "\tendbr64\n\tmovq _printk@GOTPCREL(%rip),%rax");
    assert!(matches!(error, Error::Relocation { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("bad-relocation: .text refers to `_printk`")
    );
}

#[test]
fn a_shim_that_is_not_there() {
    let error = fault("endbr", "\tendbr64\n\tcall kx_from_next_year");
    assert!(matches!(error, Error::NoShim { .. }), "{error}");
}

#[test]
fn a_symbol_that_the_kernel_does_not_export() {
    let error = fault("endbr", "\tendbr64\n\tcall no_such_function");
    let text = error.to_string();
    assert!(
        text.starts_with("not-exported: the kernel 6.1.0-1-amd64 does not export no_such_function"),
        "{text}"
    );
}

#[test]
fn a_rust_symbol_that_is_no_shim() {
    let stray = with(RUST, "foreign", "\tcall rust_begin_unwind");
    let error = check(GOOD, &stray, &target()).unwrap_err();
    assert!(matches!(&error, Error::Foreign { symbols } if *symbols == ["rust_begin_unwind"]));
}

#[test]
fn checks_of_accesses_are_for_kernels_that_have_them() {
    let checked = with(RUST, "foreign", "\tcall __asan_load8_noabort");
    let error = check(GOOD, &checked, &target()).unwrap_err();
    assert!(matches!(&error, Error::Foreign { .. }));
    let kasan = Some(Kasan {
        offset: "0xdffffc0000000000".to_owned(),
        stack: true,
        copies: false,
    });
    check(GOOD, &checked, &Target { kasan, ..target() }).unwrap();
}

#[test]
fn a_gpl_only_symbol_in_another_module() {
    let mut strict = target();
    strict.exports.get_mut("_printk").unwrap().gpl_only = true;
    check(GOOD, RUST, &strict).unwrap();
    let closed = GOOD.replace("license=GPL", "license=Proprietary");
    let error = check(&closed, RUST, &strict).unwrap_err();
    assert!(matches!(&error, Error::GplOnly { symbols } if *symbols == ["_printk"]));
    check(&closed, RUST, &target()).unwrap();
}

#[test]
fn a_return_that_objtool_did_not_list() {
    let error = fault("sites", "");
    assert!(
        matches!(&error, Error::Returns { count: 1, function } if function == "rust_fn"),
        "{error}"
    );
    let mut open = target();
    open.rethunk = false;
    check(&with(GOOD, "sites", ""), RUST, &open).unwrap();
}

#[test]
fn an_indirect_branch_that_objtool_did_not_list() {
    let error = fault("branch", "");
    assert!(matches!(&error, Error::Branches { function, .. } if function == "rust_indirect"));
}

#[test]
fn a_return_without_a_thunk() {
    let bare = with(RUST, "bare", "\tret");
    let error = check(GOOD, &bare, &target()).unwrap_err();
    assert!(
        matches!(&error, Error::Bare { what: "return", .. }),
        "{error}"
    );
}

#[test]
fn a_function_without_stack_trace_information() {
    let error = fault("orc", "\t.short 0,0,0");
    assert!(matches!(error, Error::Orc { .. }), "{error}");
    let none = GOOD.replace(".long rust_fn-.", ".long kx_shim-.");
    assert!(matches!(
        check(&none, RUST, &target()),
        Err(Error::Orc { .. })
    ));
}

#[test]
fn an_address_taken_function_without_endbr() {
    let error = fault("endbr", "\tnop");
    assert!(matches!(&error, Error::Endbr { function } if function == "rust_fn"));
    let mut old = target();
    old.ibt = false;
    check(&with(GOOD, "endbr", "\tnop"), RUST, &old).unwrap();
}

#[test]
fn a_pointer_to_a_function_that_loses_its_endbr() {
    let sealed = format!("{GOOD}\t.section .ibt_endbr_seal,\"a\"\n\t.long rust_fn-.\n");
    let error = check(&sealed, RUST, &target()).unwrap_err();
    assert!(matches!(&error, Error::Sealed { function } if function == "rust_fn"));
    let unused = sealed.replace("\t.quad rust_fn\n", "");
    check(&unused, RUST, &target()).unwrap();
}

#[test]
fn a_function_without_room_before_it() {
    for line in ["\t.skip 15,0x90", "\t.skip 8,0x90\n\t.skip 8,0xcc", ""] {
        let error = fault("padding", line);
        let is_named = |e: &Error| matches!(e, Error::Padding { function, bytes: 16 } if function == "rust_fn");
        assert!(is_named(&error), "{error}");
    }
    let old = Target {
        padding: 0,
        ..target()
    };
    check(&with(GOOD, "padding", ""), RUST, &old).unwrap();
}

#[test]
fn a_crc_of_another_kernel() {
    let error = fault("crc", "\t.quad 0x12");
    assert!(
        matches!(&error, Error::Crc { symbol } if symbol == "_printk"),
        "{error}"
    );
}

#[test]
fn a_writable_function_table() {
    let error = fault("data", "\t.quad rust_fn");
    let text = error.to_string();
    assert!(
        text.starts_with("writable-table: .data holds the address of rust_fn"),
        "{text}"
    );
}

#[test]
fn an_object_of_another_abi_version() {
    let error = fault("endbr", "\tendbr64\n\tcall kx_abi_7");
    assert!(
        matches!(&error, Error::AbiVersion { object } if object == "7"),
        "{error}"
    );
}

/// The assembler for an architecture; says so where there is none.
fn assembler(arch: Arch) -> Option<String> {
    let name = crate::gnu::Gnu::of(arch).name("as");
    let found = koxide_process::find(&name).is_some();
    if !found {
        eprintln!("not tested for {arch}: the program {name} is missing");
    }
    found.then_some(name)
}

#[test]
fn a_function_of_arm64_that_is_no_target_of_branches() {
    let Some(assembler) = assembler(Arch::Arm64) else {
        return;
    };
    let target = Target {
        arch: Arch::Arm64,
        bti: true,
        ..Target::default()
    };
    let pads = |code: &str, target: &Target| {
        let source = format!(
            ".text\n.globl rust_fn\n.type rust_fn,%function\nrust_fn:\n{code}\nret\n.size rust_fn,.-rust_fn\n\
             .section .rodata\n.quad rust_fn\n"
        );
        let bytes = assemble_with(&assembler, &source);
        let module = Elf::parse(&bytes).unwrap();
        let functions: Vec<_> = module.functions.iter().collect();
        assert_eq!(functions.len(), 1);
        arm64::pads(&module, &functions, target)
    };
    pads("bti c", &target).unwrap();
    pads("paciasp\nautiasp", &target).unwrap();
    let error = pads("nop", &target).unwrap_err().to_string();
    assert!(
        error.starts_with("no-landing-pad: the address of rust_fn"),
        "{error}"
    );
    // Kernels that do not look are content with any.
    pads(
        "nop",
        &Target {
            bti: false,
            ..target
        },
    )
    .unwrap();
}

#[test]
fn relocations_that_the_loaders_of_other_architectures_refuse() {
    for (arch, good, bad) in [
        (
            Arch::Arm64,
            "adrp x0, x\nadd x0, x0, :lo12:x\nmovz x1, #:abs_g0:x",
            "adrp x0, :got:x",
        ),
        (
            Arch::Arm,
            "movw r0, #:lower16:x\nmovt r0, #:upper16:x\nbl x",
            ".long x(GOT)",
        ),
    ] {
        let Some(assembler) = assembler(arch) else {
            continue;
        };
        let target = Target {
            arch,
            ..Target::default()
        };
        let relocations = |code: &str| {
            let bytes = assemble_with(&assembler, &format!(".text\n{code}\n"));
            symbols::relocations(&Elf::parse(&bytes).unwrap(), &target)
        };
        relocations(good).unwrap();
        let error = relocations(bad).unwrap_err();
        assert!(matches!(error, Error::Relocation { .. }), "{error}");
    }
}

/// On 32 bits a function's address in a table is what the linker adds to, and CRCs are shorter.
#[test]
fn tables_and_versions_of_32_bits() {
    let Some(assembler) = assembler(Arch::Arm) else {
        return;
    };
    let bytes = assemble_with(
        &assembler,
        ".syntax unified\n.text\nnop\n.type f,%function\nf: bx lr\n.size f,.-f\n.data\n.long f\n\
         .section __versions,\"a\"\n.long 0x22\n.ascii \"module_layout\"\n.space 47\n",
    );
    let module = Elf::parse(&bytes).unwrap();
    let error = code::tables(&module).unwrap_err();
    assert!(
        matches!(&error, Error::WritableTable { function, .. } if function == "f"),
        "{error}"
    );
    let target = Target {
        arch: Arch::Arm,
        ..target()
    };
    symbols::versions(&module, &target).unwrap();
}
