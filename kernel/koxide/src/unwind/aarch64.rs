// SPDX-License-Identifier: GPL-2.0-only

//! Registers and stacks of arm64, after its procedure call standard.

/// How many registers a function gives back as they were: x19 to x28, the frame pointer x29, and x30, to which it returns.
pub(super) const KEPT: usize = 12;

/// Where x29 is among them.
pub(super) const FRAME: usize = 10;

/// Where x30 is.
const LINK: usize = 11;

/// Where a function returns to.
#[inline(always)]
pub(super) fn goes_back(kept: &[usize; KEPT], _word: impl Fn(usize) -> usize) -> usize {
    without_signature(kept[LINK])
}

/// An address to return to, without what a function's first instruction may have put into its upper bits.
fn without_signature(address: usize) -> usize {
    let plain;
    // SAFETY: `xpaclri`, as a hint, which does nothing on older processors; it changes this register only.
    unsafe {
        core::arch::asm!(
            "hint #7",
            inout("x30") address => plain,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    plain
}

core::arch::global_asm!(
    // Fills in a state with its caller's, behind its own arguments, and takes on what is left there. The frame of it, for a stack
    // trace, is that of the state.
    ".pushsection .text.kx_raise,\"ax\",@progbits",
    ".globl kx_raise",
    ".hidden kx_raise",
    ".type kx_raise, @function",
    "kx_raise:",
    "hint #34",
    "sub sp, sp, #128",
    "stp x19, x20, [sp]",
    "stp x21, x22, [sp, #16]",
    "stp x23, x24, [sp, #32]",
    "stp x25, x26, [sp, #48]",
    "stp x27, x28, [sp, #64]",
    "stp x29, x30, [sp, #80]",
    "add x29, sp, #80",
    "add x8, sp, #128",
    "stp x30, x8, [sp, #96]",
    "mov x4, sp",
    "bl {unwind}",
    "mov x0, sp",
    "b kx_land",
    ".size kx_raise, . - kx_raise",
    ".popsection",
    // Landings end with a call of it: the same without a place.
    ".pushsection .text._Unwind_Resume,\"ax\",@progbits",
    ".globl _Unwind_Resume",
    ".hidden _Unwind_Resume",
    ".type _Unwind_Resume, @function",
    "_Unwind_Resume:",
    "hint #34",
    "mov x2, xzr",
    "b kx_raise",
    ".size _Unwind_Resume, . - _Unwind_Resume",
    ".popsection",
    // Takes on a state: all of it before the stack pointer, since an interrupt writes below that. A landing need not begin with an
    // instruction that may be branched to: `ret` asks for none.
    ".pushsection .text.kx_land,\"ax\",@progbits",
    ".type kx_land, @function",
    "kx_land:",
    "ldp x19, x20, [x0]",
    "ldp x21, x22, [x0, #16]",
    "ldp x23, x24, [x0, #32]",
    "ldp x25, x26, [x0, #48]",
    "ldp x27, x28, [x0, #64]",
    "ldp x29, x30, [x0, #80]",
    "ldp x8, x9, [x0, #96]",
    "ldr x0, [x0, #112]",
    "mov sp, x9",
    "mov x1, xzr",
    "ret x8",
    "udf #0",
    ".size kx_land, . - kx_land",
    ".popsection",
    unwind = sym super::unwind,
);
