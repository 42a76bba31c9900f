// SPDX-License-Identifier: GPL-2.0-only

//! Registers and stacks of arm64, after its procedure call standard.

use super::table::Shape;

/// How many registers a function gives back as they were: x19 to x28, the frame pointer x29, and x30, to which it returns.
pub(super) const KEPT: usize = 12;

/// Where x29 is among them.
const FRAME: usize = 10;

/// Where x30 is.
const LINK: usize = 11;

/// The state in a function in which a call of it returns; or, with the address of a landing, in which that begins.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Context {
    kept: [usize; KEPT],
    /// Where it goes on.
    pub(super) ip: usize,
    /// The stack pointer there.
    sp: usize,
    /// What landings hand on.
    pub(super) payload: u64,
    /// Where the function begins that filled this in; then where all code of the module does.
    pub(super) text: usize,
}

impl Context {
    /// Leaves the function for its caller.
    ///
    /// # Safety
    ///
    /// It is the state of a function with this shape, and its frame is intact.
    #[inline(never)]
    #[optimize(size)]
    pub(super) unsafe fn leave(&mut self, shape: &Shape) {
        let end = shape.end(self.sp, self.kept[FRAME]);
        for (kept, slot) in self.kept.iter_mut().zip(shape.slots) {
            if slot != 0 {
                // SAFETY: that is in the frame.
                *kept =
                    unsafe { *core::ptr::without_provenance::<usize>(end).sub(usize::from(slot)) };
            }
        }
        self.ip = without_signature(self.kept[LINK]);
        self.sp = end;
    }
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

/// Defines a function that fills in a state with its caller's, calls `$fill` with it, and takes on what that left. `$before` is what
/// it does with its arguments. The frame of it, for a stack trace, is that of the state.
macro_rules! from_here {
    ($name:literal, $($before:literal),+; $fill:literal) => {
        concat!(
            ".pushsection .text.", $name, ",\"ax\",@progbits\n",
            ".globl ", $name, "\n.hidden ", $name, "\n.type ", $name, ", @function\n", $name, ":\n",
            "2:\n",
            "hint #34\n",
            "sub sp, sp, #128\n",
            "stp x19, x20, [sp]\n",
            "stp x21, x22, [sp, #16]\n",
            "stp x23, x24, [sp, #32]\n",
            "stp x25, x26, [sp, #48]\n",
            "stp x27, x28, [sp, #64]\n",
            "stp x29, x30, [sp, #80]\n",
            "add x29, sp, #80\n",
            "add x8, sp, #128\n",
            "stp x30, x8, [sp, #96]\n",
            "adr x8, 2b\n",
            "str x8, [sp, #120]\n",
            $($before, "\n",)+
            "mov x0, sp\n",
            "bl {", $fill, "}\n",
            "mov x0, sp\n",
            "b kx_land\n",
            ".size ", $name, ", . - ", $name, "\n.popsection",
        )
    };
}

core::arch::global_asm!(
    from_here!("kx_raise", "mov x3, x2", "mov x2, x1", "mov x1, x0"; "begin"),
    // Landings end with a call of it.
    from_here!("_Unwind_Resume", "str x0, [sp, #112]"; "resume"),
    // Takes on a state. A landing need not begin with an instruction that may be branched to: `ret` asks for none.
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
    "mov sp, x9",
    "ldr x0, [x0, #112]",
    "mov x1, xzr",
    "ret x8",
    "udf #0",
    ".size kx_land, . - kx_land",
    ".popsection",
    begin = sym super::begin,
    resume = sym super::resume,
);
