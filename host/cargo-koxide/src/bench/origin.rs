// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where the bytes of a module come from.

use serde::{Deserialize, Serialize};

/// What brought a byte into a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// The driver's own code; all code of a module in C.
    Driver,
    /// The library's, and that of the crates that it stands on.
    Library,
    /// C between the library and the kernel, and the entries of the module.
    Shims,
    /// The formatting of Rust's core library, and all that is there to be called by it.
    CoreFmt,
    /// The rest of Rust's core library.
    Core,
    /// What runs when a driver panics.
    Runtime,
    /// Texts and other constants without a name.
    Constants,
    /// What stands before functions and at their first byte: `endbr64`, room for the kernel's patches, alignment.
    Entries,
    /// How the kernel walks the stack.
    Unwinding,
    /// Places in the code that the kernel patches or looks up.
    Places,
    /// The versions of the kernel's symbols.
    Versions,
    /// What the module says of itself, and its `struct module`.
    Module,
}

impl Origin {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: [Self; 12] = [
        Self::Driver,
        Self::Library,
        Self::Shims,
        Self::CoreFmt,
        Self::Core,
        Self::Runtime,
        Self::Constants,
        Self::Entries,
        Self::Unwinding,
        Self::Places,
        Self::Versions,
        Self::Module,
    ];

    /// In the words of a legend.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Library => "library",
            Self::Shims => "shims",
            Self::CoreFmt => "core::fmt",
            Self::Core => "other core",
            Self::Runtime => "panic handler",
            Self::Constants => "constants",
            Self::Entries => "endbr, padding",
            Self::Unwinding => "unwind tables",
            Self::Places => "patch tables",
            Self::Versions => "symbol versions",
            Self::Module => "module records",
        }
    }

    /// What a whole section is; none for one whose symbols tell.
    pub(super) fn of_section(name: &str) -> Option<Self> {
        Some(match name {
            ".orc_unwind" | ".orc_unwind_ip" | ".orc_header" => Self::Unwinding,
            "__versions" | "__version_ext_crcs" | "__version_ext_names" => Self::Versions,
            ".modinfo" | "__param" | ".gnu.linkonce.this_module" => Self::Module,
            // What keeps the entries' symbols alive, eight bytes each.
            ".init.data" | ".exit.data" => Self::Module,
            _ if name.starts_with(".note") => Self::Module,
            ".return_sites" | ".retpoline_sites" | ".call_sites" | ".ibt_endbr_seal" => {
                Self::Places
            }
            "__mcount_loc" | "__patchable_function_entries" | "__bug_table" | "__ex_table" => {
                Self::Places
            }
            "__jump_table" | ".static_call_sites" | ".smp_locks" | ".parainstructions" => {
                Self::Places
            }
            _ if name.starts_with(".altinstr") => Self::Places,
            _ => return None,
        })
    }

    /// What a symbol of a driver's module is; `driver` is the name of its crate.
    pub(super) fn of_symbol(symbol: &str, driver: &str) -> Self {
        if is_prefix(symbol) {
            return Self::Entries;
        }
        let Ok(name) = rustc_demangle::try_demangle(symbol) else {
            // gcc names parts of a function that it moved: `kx_panic.cold`.
            let function = symbol.split('.').next().unwrap_or(symbol);
            return match function {
                // The only names of C that Rust code has; what a driver's init and exit do is mostly inlined there.
                "kx_module_init" | "kx_module_exit" => Self::Driver,
                "kx_panic" => Self::Runtime,
                "memcpy" | "memset" | "memmove" | "memcmp" | "bcmp" => Self::Core,
                _ => Self::Shims,
            };
        };
        let name = format!("{name:#}");
        if name.contains("rust_begin_unwind")
            || name.starts_with("core::panicking::panic_fmt")
            || name.starts_with("kernel::panic::")
        {
            return Self::Runtime;
        }
        if name.contains("core::fmt") || name.starts_with("kernel::fmt::") {
            return Self::CoreFmt;
        }
        let path = name.trim_start_matches(|c: char| !c.is_ascii_alphabetic() && c != '_');
        match path.split("::").next() {
            Some(krate) if krate == driver => Self::Driver,
            Some("core" | "compiler_builtins") => Self::Core,
            _ => Self::Library,
        }
    }
}

/// Whether a symbol names the room before a function, as objtool writes it where calls are counted.
pub(super) fn is_prefix(symbol: &str) -> bool {
    symbol.starts_with("__pfx_")
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn symbols_say_whose_they_are() {
        for (symbol, origin) in [
            (
                "_RNvMsa_NtCs5V5hCu8hcfO_4core3fmtNtB5_9Formatter12pad_integral",
                Origin::CoreFmt,
            ),
            (
                "_RNvNtCs5V5hCu8hcfO_4core9panicking18panic_bounds_check",
                Origin::Core,
            ),
            (
                "_RNvNtCs5V5hCu8hcfO_4core9panicking9panic_fmt",
                Origin::Runtime,
            ),
            (
                "_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind",
                Origin::Runtime,
            ),
            ("_RNvNtCs2OcYYST3R7X_6kernel5panic6NESTED", Origin::Runtime),
            ("_RNvNtCs2OcYYST3R7X_6kernel6module4NAME.0", Origin::Library),
            (
                "_RNvNvCsXygXAX4jI3_11hello_world1__6MODULE.0",
                Origin::Driver,
            ),
            (
                "_RNvXs_NtNtCs2OcYYST3R7X_6kernel3fmt4lineNtB4_4LineNtNtCs5V5hCu8hcfO_4core3fmt5Write9write_str",
                Origin::CoreFmt,
            ),
            ("kx_module_init", Origin::Driver),
            ("kx_print", Origin::Shims),
            ("__pfx_kx_print", Origin::Entries),
            ("kx_panic.cold", Origin::Runtime),
        ] {
            assert_eq!(Origin::of_symbol(symbol, "hello_world"), origin, "{symbol}");
        }
    }
}
