// SPDX-License-Identifier: GPL-2.0-only

//! Tables of functions that the kernel calls: read-only once the module is initialised.
//!
//! A C driver's table is a constant. Here its layout is the kernel's business: Rust has a table of its own (the
//! `koxide_abi` struct of a class), and a shim writes the kernel's from it. Both the room for it and the record that
//! says so are placed by [`define_table!`]; the module's init function goes through the records before it calls Rust.

/// Defines a room of `$size` bytes for a kernel table, filled from `$ops` by the shim `$fill`; gives its address.
///
/// It is used in a generic function, so that each type has its own table. `$getter` is an `extern "C"` function that
/// returns a pointer to the Rust table.
///
/// Each record is the address of the room, that of the getter and that of the shim, in a read-only section; the
/// room is in the section that the module loader makes read-only after the module's init function.
#[cfg(target_os = "none")]
macro_rules! define_table {
    (size: $size:expr, getter: $getter:path, fill: $fill:path $(,)?) => {{
        let room: *const ::core::ffi::c_void;
        // SAFETY: beside placing data in sections of its own this loads an address into a register.
        unsafe {
            ::core::arch::asm!(
                ".pushsection .data..ro_after_init,\"aw\",@progbits",
                ".balign 8",
                "2: .zero {size}",
                ".popsection",
                ".pushsection .koxide.tables,\"a\",@progbits",
                ".balign 8",
                ".quad 2b",
                ".quad {getter}",
                ".quad {fill}",
                ".popsection",
                "lea {room}, [rip + 2b]",
                room = out(reg) room,
                size = const $size,
                getter = sym $getter,
                fill = sym $fill,
                options(nomem, nostack, preserves_flags, pure),
            );
        }
        room
    }};
}

/// Outside the kernel the table is used that a kernel's would be filled from.
#[cfg(not(target_os = "none"))]
macro_rules! define_table {
    (size: $size:expr, getter: $getter:path, fill: $fill:path $(,)?) => {{
        let _ = ($size, $fill as *const ());
        $getter()
    }};
}

pub(crate) use define_table;
