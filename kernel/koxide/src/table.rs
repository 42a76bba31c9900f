// SPDX-License-Identifier: GPL-2.0-only

//! Tables of functions that the kernel calls: constants, as a C driver's.
//!
//! A table's layout is the kernel's business: Rust has a table of its own, rows of a `koxide_abi` struct, and the C file that
//! is generated for the driver makes the kernel's of it, with macros of the shims (`KX_TABLE_<kind>` and `KX_ROW_<kind>`).

/// Defines a kernel table; gives its address. It is made of `$rows` rows of the type `$row`.
///
/// It is used in a generic function, so that each type has its own table. `$getter` is a function that
/// returns a pointer to the first row, which is a constant, and does nothing else: it is not in the module, but the build
/// looks at it to find the rows. Each of their fields is a function, static, NUL-terminated text or number of a pointer's size.
///
/// A table may have another part, whose rows are those of `$more`.
#[cfg(target_os = "none")]
macro_rules! define_table {
    (
        kind: $kind:literal, row: $row:ty, rows: $rows:expr, getter: $getter:path
        $(, more: $more:literal, row: $more_row:ty, rows: $more_rows:expr, getter: $more_getter:path)? $(,)?
    ) => {{
        let table: *const ::core::ffi::c_void;
        // SAFETY: beside placing data in a section that is not loaded this loads an address into a register.
        unsafe {
            ::core::arch::asm!(
                ".pushsection .koxide.tables,\"\"",
                #[cfg(target_pointer_width = "64")]
                ".quad {getter}",
                #[cfg(target_pointer_width = "32")]
                ".long {getter}, 0",
                ".long {rows}, {words}",
                concat!(".asciz \"", $kind, "\""),
                ".asciz \"{getter}\"",
                ".balign 8",
                $(
                    #[cfg(target_pointer_width = "64")]
                    ".quad {more_getter}",
                    #[cfg(target_pointer_width = "32")]
                    ".long {more_getter}, 0",
                    ".long {more_rows}, {more_words}",
                    concat!(".asciz \"", $more, "\""),
                    ".asciz \"{getter}\"",
                    ".balign 8",
                )?
                ".popsection",
                #[cfg(target_arch = "x86_64")]
                "lea {table}, [rip + kx_table_{getter}]",
                #[cfg(target_arch = "aarch64")]
                "adrp {table}, kx_table_{getter}",
                #[cfg(target_arch = "aarch64")]
                "add {table}, {table}, :lo12:kx_table_{getter}",
                #[cfg(target_arch = "arm")]
                "movw {table}, #:lower16:kx_table_{getter}",
                #[cfg(target_arch = "arm")]
                "movt {table}, #:upper16:kx_table_{getter}",
                table = out(reg) table,
                rows = const $rows,
                words = const size_of::<$row>() / size_of::<usize>(),
                getter = sym $getter,
                $(
                    more_rows = const $more_rows,
                    more_words = const size_of::<$more_row>() / size_of::<usize>(),
                    more_getter = sym $more_getter,
                )?
                options(nomem, nostack, preserves_flags, pure),
            );
        }
        table
    }};
}

/// Outside the kernel the table is used that a kernel's would be made from.
#[cfg(not(target_os = "none"))]
macro_rules! define_table {
    (
        kind: $kind:literal, row: $row:ty, rows: $rows:expr, getter: $getter:path
        $(, more: $more:literal, row: $more_row:ty, rows: $more_rows:expr, getter: $more_getter:path)? $(,)?
    ) => {{
        let _ = ($rows, size_of::<$row>());
        $(
            let _ = ($more_rows, size_of::<$more_row>(), $more_getter());
        )?
        $getter()
    }};
}

pub(crate) use define_table;
