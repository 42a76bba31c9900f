// SPDX-License-Identifier: MIT OR Apache-2.0

//! What each architecture asks of the Rust object: the compiler's target and flags, and how the linker is told of it.

use std::path::Path;

use crate::arch::Arch;
use crate::cache;

/// How objects for an architecture are made.
pub(crate) struct Target {
    /// What rustc calls it.
    name: &'static str,
    /// The target in the compiler's own words, where it has none that does.
    spec: Option<&'static str>,
    /// What becomes of a panic: `unwind` where the library knows the way up the stack, else `abort`.
    pub(crate) panic: &'static str,
    /// Flags for code that a stock kernel of this architecture can load, with the kernel's own mitigations.
    pub(crate) flags: &'static [&'static str],
    /// What `ld -m` is given.
    pub(crate) emulation: &'static str,
    /// How many bytes instructions have, where all have the same.
    pub(crate) instruction: Option<u8>,
    /// What the file of an object says.
    pub(crate) elf: object::Architecture,
    /// Symbols besides `kx_*` that the kernel or its build gives to an object.
    given: &'static [&'static str],
}

/// How names are written, which `link` reads one of.
const MANGLING: &str = "-Csymbol-mangling-version=v0";

/// What each kernel has for compilers to call.
const MEMORY: [&str; 6] = ["memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen"];

const X86_64: Target = Target {
    name: "x86_64-unknown-none",
    spec: None,
    panic: "unwind",
    flags: &[
        "-Crelocation-model=static",
        "-Ccode-model=kernel",
        // Without it there are references through a table that the module loader does not make.
        "-Zplt=yes",
        "-Zdirect-access-external-data=yes",
        "-Zfunction-return=thunk-extern",
        "-Zretpoline-external-thunk",
        "-Zcf-protection=branch",
        "-Cjump-tables=no",
        "-Zemit-stack-sizes",
        // Each change of the stack pointer is an entry in the kernel's unwind tables, ten bytes, unless frames are found by
        // another register. That costs one to three instructions an operation; functions that call none need it not.
        "-Zunstable-options",
        "-Cforce-frame-pointers=non-leaf",
        // Loops need no room before them either, for which objtool has two entries.
        "-Cllvm-args=-x86-experimental-pref-innermost-loop-alignment=0",
        MANGLING,
    ],
    emulation: "elf_x86_64",
    instruction: None,
    elf: object::Architecture::X86_64,
    given: &["__x86_return_thunk"],
};

const ARM64: Target = Target {
    name: "aarch64-unknown-none-softfloat",
    spec: None,
    panic: "unwind",
    flags: &[
        "-Crelocation-model=static",
        "-Zdirect-access-external-data=yes",
        // Each function begins with an instruction that may be branched to, and signs the address that it returns to. On
        // processors without these they do nothing.
        "-Zbranch-protection=bti,pac-ret",
        // Some kernels have a second stack there, for return addresses.
        "-Zfixed-x18",
        "-Cjump-tables=no",
        "-Zemit-stack-sizes",
        // The kernel finds its way up the stack by the frames.
        "-Zunstable-options",
        "-Cforce-frame-pointers=non-leaf",
        MANGLING,
    ],
    emulation: "aarch64elf",
    instruction: Some(4),
    elf: object::Architecture::Aarch64,
    given: &[],
};

const ARM: Target = Target {
    name: "armv7-koxide-none",
    spec: Some(include_str!("armv7-koxide-none.json")),
    panic: "abort",
    flags: &[
        "-Crelocation-model=static",
        "-Zdirect-access-external-data=yes",
        "-Cjump-tables=no",
        "-Zemit-stack-sizes",
        // The kernel finds its way up the stack by tables of its own, which are made of these.
        "-Cforce-unwind-tables=yes",
        "-Zunstable-options",
        MANGLING,
    ],
    emulation: "armelf_linux_eabi",
    instruction: Some(4),
    elf: object::Architecture::Arm,
    // What a compiler for this architecture calls to divide.
    given: &[
        "__aeabi_uidiv",
        "__aeabi_uidivmod",
        "__aeabi_idiv",
        "__aeabi_idivmod",
        "__aeabi_unwind_cpp_pr0",
        "__aeabi_unwind_cpp_pr1",
    ],
};

impl Target {
    pub(crate) fn of(arch: Arch) -> &'static Self {
        match arch {
            Arch::X86_64 => &X86_64,
            Arch::Arm64 => &ARM64,
            Arch::Arm => &ARM,
        }
    }

    /// What cargo is told with `--target`: a name, or a file that it is written into.
    pub(crate) fn argument(&self, dir: &Path) -> Result<std::path::PathBuf, cache::Error> {
        let Some(spec) = self.spec else {
            return Ok(self.name.into());
        };
        let file = dir.join(self.name).with_extension("json");
        cache::write_if_changed(&file, spec.as_bytes())?;
        Ok(file)
    }

    /// Whether it is described in a file, which cargo must be told to read.
    pub(crate) fn is_described(&self) -> bool {
        self.spec.is_some()
    }

    /// Whether a symbol that no shim defines may stay undefined.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        MEMORY.contains(&name)
            || self.given.contains(&name)
            || self.emulation == X86_64.emulation && name.starts_with("__x86_indirect_thunk_")
    }
}
