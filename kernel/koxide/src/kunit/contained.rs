// SPDX-License-Identifier: GPL-2.0-only

//! A border for tests of what becomes of a panic.

#![allow(unsafe_code, reason = "reads the stack pointer, and what is below")]

/// Whether there is room between the variables of a function (KASAN).
#[doc(hidden)]
pub const IS_SPACED: bool = cfg!(sanitize = "address");

/// How many bytes below the stack pointer are looked at.
const LOOKED_AT: usize = 4096;

/// What they are filled with.
const PAINT: usize = usize::from_ne_bytes([0x5a; size_of::<usize>()]);

/// Runs `body` behind a border of its own, which poisons nothing and logs nothing; whether a panic ended there.
///
/// The stack pointer is what it was before.
#[doc(hidden)]
#[inline(never)]
pub fn contained(body: impl FnOnce()) -> bool {
    let before = stack_pointer();
    let panicked = crate::entry::apart(body);
    let after = stack_pointer();
    if before != after {
        super::fail(
            file!(),
            line!(),
            format_args!("the stack pointer was {before:#x} and is {after:#x}"),
            format_args!(""),
        );
    }
    panicked
}

/// The same, and how many bytes of stack it took, up to some pages. Interrupts that come meanwhile count.
#[doc(hidden)]
#[inline(never)]
pub fn stack_of(body: impl FnOnce()) -> usize {
    // SAFETY: there is no contract.
    let has_room = unsafe { koxide_abi::kx_panic_has_stack(2 * LOOKED_AT) };
    assert!(has_room, "there is no room to look at");
    let top = stack_pointer();
    let word = |below: usize| core::ptr::without_provenance_mut::<usize>(top - below);
    for below in (size_of::<usize>()..=LOOKED_AT).step_by(size_of::<usize>()) {
        // SAFETY: the stack has room for it, and nobody has anything there but interrupts, which have ended when this goes on.
        unsafe { word(below).write_volatile(PAINT) };
    }
    crate::entry::apart(body);
    let mut deepest = LOOKED_AT;
    // SAFETY: as before.
    while deepest > 0 && unsafe { word(deepest).read_volatile() } == PAINT {
        deepest -= size_of::<usize>();
    }
    deepest
}

/// The stack pointer of the caller.
#[inline(always)]
fn stack_pointer() -> usize {
    let at: usize;
    // SAFETY: it reads a register.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        core::arch::asm!("mov {at}, rsp", at = out(reg) at, options(nomem, nostack, preserves_flags));
        #[cfg(not(target_arch = "x86_64"))]
        core::arch::asm!("mov {at}, sp", at = out(reg) at, options(nomem, nostack, preserves_flags));
    }
    at
}
