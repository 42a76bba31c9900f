// SPDX-License-Identifier: MIT OR Apache-2.0

//! Checks of every access to memory, for kernels that have the Kernel Address Sanitizer.
//!
//! The kernel keeps a map of what memory is valid, and what a compiler puts before each access asks it. gcc and LLVM call
//! the same functions for that when they are told to call at all (`KASAN_OUTLINE`), so that Rust code can be checked in
//! a kernel that gcc built: no function of the kernel has to be compiled with LLVM.

/// What the compiler has to know of a kernel's sanitizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kasan {
    /// Where the map begins that the addresses are looked up in (`CONFIG_KASAN_SHADOW_OFFSET`).
    pub offset: String,
    /// Whether there is room between the variables on stacks.
    pub stack: bool,
    /// Whether the kernel has functions of their own for copies that are checked; if not, `memcpy` checks.
    pub copies: bool,
}

impl Kasan {
    /// Flags for the compiler of every crate.
    pub(crate) fn flags(&self) -> Vec<String> {
        let llvm = |option: String| format!("-Cllvm-args=-asan-{option}");
        vec![
            "-Zsanitizer=kernel-address".to_owned(),
            // Which functions are called: those that come back, since the kernel goes on after its report.
            "-Zsanitizer-recover=kernel-address".to_owned(),
            llvm(format!("mapping-offset={}", self.offset)),
            // From the first access on: there are no checks in place.
            llvm("instrumentation-with-call-threshold=0".to_owned()),
            llvm(format!("stack={}", u8::from(self.stack))),
            llvm(format!(
                "kernel-mem-intrinsic-prefix={}",
                u8::from(self.copies)
            )),
            // Modules have no destructors, and the kernel does nothing with the markers of C++'s one-definition rule.
            llvm("destructor-kind=none".to_owned()),
            llvm("use-odr-indicator=0".to_owned()),
        ]
    }

    /// Flags for the core library only. A constant that is registered with the kernel cannot be left out of the module,
    /// nor can the code that it points at: all of the core library's tables would be in each module.
    pub(crate) fn core_flags() -> Vec<String> {
        vec!["-Cllvm-args=-asan-globals=0".to_owned()]
    }
}

/// Whether the kernel's sanitizer defines a symbol.
pub(crate) fn is_kasans(symbol: &str) -> bool {
    symbol.starts_with("__asan_")
}
