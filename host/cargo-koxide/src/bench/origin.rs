// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where the bytes of a module come from.

use serde::{Deserialize, Serialize};

/// What brought a byte into a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// The driver's own code, and what is made for it alone; all code of a module in C.
    Driver,
    /// The library's, and that of the crates that it stands on.
    Library,
    /// C between the library and the kernel.
    Shims,
    /// The formatting of Rust's core library, and all that is there to be called by it.
    CoreFmt,
    /// The rest of Rust's core library.
    Core,
    /// What is there because a driver may panic: functions that do nothing else, with all that tables have of them.
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

    /// Those of which there is code. What panics have is all in [`Self::Runtime`].
    pub(crate) const OF_CODE: [Self; 5] = [
        Self::Driver,
        Self::Library,
        Self::Shims,
        Self::CoreFmt,
        Self::Core,
    ];

    /// In the words of a legend.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Library => "library",
            Self::Shims => "shims",
            Self::CoreFmt => "core::fmt",
            Self::Core => "other core",
            Self::Runtime => "panics",
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
        let Ok(name) = rustc_demangle::try_demangle(symbol) else {
            return Self::of_c(symbol);
        };
        let name = format!("{name:#}");
        let path = name.trim_start_matches(|c: char| !c.is_ascii_alphabetic() && c != '_');
        let krate = path.split("::").next();
        if only_panics(path, krate) {
            return Self::Runtime;
        }
        // The library's code that is made for a type of the driver's has the driver's functions in it.
        if mentions(&name, driver) {
            return Self::Driver;
        }
        if name.contains("core::fmt") || name.starts_with("kernel::fmt::") {
            return Self::CoreFmt;
        }
        match krate {
            Some("core" | "compiler_builtins") => Self::Core,
            _ => Self::Library,
        }
    }

    /// What a symbol is that has a name as in C.
    fn of_c(symbol: &str) -> Self {
        // gcc names parts of a function that it moved: `kx_panic.cold`.
        let function = symbol.split('.').next().unwrap_or(symbol);
        match function {
            // The driver's init and exit are inlined there.
            "init_module" | "cleanup_module" => Self::Driver,
            // The way up is assembly.
            "kx_raise" | "kx_land" | "_Unwind_Resume" => Self::Runtime,
            _ if ["kx_panic", "__param_koxide_", "__param_str_koxide_"]
                .iter()
                .any(|own| function.starts_with(own)) =>
            {
                Self::Runtime
            }
            "memcpy" | "memset" | "memmove" | "memcmp" | "bcmp" => Self::Core,
            // Its parameters, with their names, and its tables of functions.
            _ if ["kx_param_", "__param_", "kx_table_"]
                .iter()
                .any(|own| function.starts_with(own)) =>
            {
                Self::Driver
            }
            _ => Self::Shims,
        }
    }
}

/// Whether a function is there for panics alone: the handler, the way up to the border, what is done there, and what the compiler and
/// the core library call instead of the handler.
///
/// The core library has these out of line, so that who may panic has one call of it: none of them returns.
fn only_panics(path: &str, krate: Option<&str>) -> bool {
    // `rust_begin_unwind` is in a crate without a name of its own, and the only function of its name.
    let whole = ["kernel::panic::", "kernel::unwind::", "kernel::entry::"];
    if whole.iter().any(|module| path.starts_with(module)) || path.ends_with("rust_begin_unwind") {
        return true;
    }
    let function = path.rsplit("::").next().unwrap_or(path);
    krate == Some("core")
        && (path.starts_with("core::panicking::")
            || ["_fail", "_fail_rt", "_failed"]
                .iter()
                .any(|end| function.ends_with(end))
            || function.starts_with("panic_"))
}

/// Whether a name has a path in it that begins with a crate.
fn mentions(name: &str, krate: &str) -> bool {
    let root = format!("{krate}::");
    name.match_indices(&root).any(|(at, _)| {
        let before = name[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | ':'))
    })
}

/// How many bytes an entry has of a table whose entries are about one place in the code each, and have it first.
pub(super) fn entry(section: &str) -> Option<u64> {
    Some(match section {
        ".orc_unwind_ip" | ".return_sites" | ".retpoline_sites" | ".call_sites"
        | ".ibt_endbr_seal" | ".smp_locks" => 4,
        "__mcount_loc" | "__patchable_function_entries" | ".static_call_sites" => 8,
        "__bug_table" | "__ex_table" => 12,
        "__jump_table" => 16,
        _ => return None,
    })
}

/// Whether a symbol names the room before a function, as objtool writes it where calls are counted.
pub(super) fn is_prefix(symbol: &str) -> bool {
    symbol.starts_with("__pfx_")
}

#[cfg(test)]
mod tests {
    use super::{Origin, mentions, only_panics};

    #[test]
    fn symbols_say_whose_they_are() {
        for (symbol, origin) in [
            (
                "_RNvMsa_NtCs5V5hCu8hcfO_4core3fmtNtB5_9Formatter12pad_integral",
                Origin::CoreFmt,
            ),
            (
                "_RNvNtCs5V5hCu8hcfO_4core9panicking18panic_bounds_check",
                Origin::Runtime,
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
            ("init_module", Origin::Driver),
            ("kx_param_quota", Origin::Driver),
            ("__param_str_quota", Origin::Driver),
            (
                "kx_table__RINvNtNtCs2OcYYST3R7X_6kernel2fs5table10oper",
                Origin::Driver,
            ),
            ("kx_print", Origin::Shims),
            ("kx_panic.cold", Origin::Runtime),
            ("kx_text_panicked", Origin::Shims),
            ("__param_str_koxide_panics", Origin::Runtime),
        ] {
            assert_eq!(Origin::of_symbol(symbol, "hello_world"), origin, "{symbol}");
        }
    }

    #[test]
    fn code_for_a_type_of_the_driver_is_the_drivers() {
        for (name, of) in [
            ("kernel::fs::table::open::<scull::pipe::PipeFile, ()>", true),
            ("<kernel::alloc::kvec::Vec<scull::Memory>>::push", true),
            ("scull::new_memory", true),
            ("kernel::fs::table::open::<other_scull::File>", false),
            ("kernel::scull::open", false),
            ("kernel::chrdev::register", false),
        ] {
            assert_eq!(mentions(name, "scull"), of, "{name}");
        }
    }

    #[test]
    fn what_does_more_than_panic_is_no_panic() {
        let only = |path: &str| only_panics(path, path.split("::").next());
        for path in [
            "core::panicking::panic_fmt",
            "core::panicking::panic_const::panic_const_add_overflow",
            "core::slice::index::slice_index_fail",
            "core::slice::copy_from_slice_impl::len_mismatch_fail",
            "core::option::unwrap_failed",
            "core::cell::panic_already_borrowed",
            "kernel::panic::report",
            "kernel::unwind::table::Table>::site",
            "kernel::entry::poison::STATE",
            "___rustc::rust_begin_unwind",
        ] {
            assert!(only(path), "{path}");
        }
        for path in [
            "core::slice::index::get",
            "core::fmt::write",
            "scull::fail::unwrap_failed",
            "scull::panic_button",
            "kernel::panics::count",
        ] {
            assert!(!only(path), "{path}");
        }
    }
}
