// SPDX-License-Identifier: GPL-2.0-only

//! Registers and stacks of x86_64, after the System V ABI.

use super::table::Shape;

/// How many registers a function gives back as they were: rbx, rbp, and r12 to r15.
pub(super) const KEPT: usize = 6;

/// Where rbp is among them.
const FRAME: usize = 1;

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
        // SAFETY: that is in the frame.
        let word = |slot: usize| unsafe { *core::ptr::without_provenance::<usize>(end).sub(slot) };
        for (kept, slot) in self.kept.iter_mut().zip(shape.slots) {
            if slot != 0 {
                *kept = word(slot.into());
            }
        }
        self.ip = word(1);
        self.sp = end;
    }
}

/// Defines a function that fills in a state with its caller's, calls `$fill` with it, and takes on what that left. `$before` is what
/// it does with its arguments.
macro_rules! from_here {
    ($name:literal, $($before:literal),+; $fill:literal) => {
        concat!(
            ".pushsection .text.", $name, ",\"ax\",@progbits\n",
            ".globl ", $name, "\n.hidden ", $name, "\n.type ", $name, ", @function\n", $name, ":\n",
            "2:\n",
            "endbr64\n",
            "sub rsp, 88\n",
            "mov [rsp], rbx\n",
            "mov [rsp + 8], rbp\n",
            "mov [rsp + 16], r12\n",
            "mov [rsp + 24], r13\n",
            "mov [rsp + 32], r14\n",
            "mov [rsp + 40], r15\n",
            "mov rax, [rsp + 88]\n",
            "mov [rsp + 48], rax\n",
            "lea rax, [rsp + 96]\n",
            "mov [rsp + 56], rax\n",
            "lea rax, [rip + 2b]\n",
            "mov [rsp + 72], rax\n",
            $($before, "\n",)+
            "mov rdi, rsp\n",
            "call {", $fill, "}\n",
            "mov rdi, rsp\n",
            "call kx_land\n",
            "ud2\n",
            ".size ", $name, ", . - ", $name, "\n.popsection",
        )
    };
}

core::arch::global_asm!(
    from_here!("kx_raise", "mov rcx, rdx", "mov rdx, rsi", "mov rsi, rdi"; "begin"),
    // Landings end with a call of it.
    from_here!("_Unwind_Resume", "mov [rsp + 64], rdi"; "resume"),
    // Takes on a state. As objtool sees it, this is a jump to another function, from where this one began.
    ".pushsection .text.kx_land,\"ax\",@progbits",
    ".type kx_land, @function",
    "kx_land:",
    "mov rbx, [rdi]",
    "mov rbp, [rdi + 8]",
    "mov r12, [rdi + 16]",
    "mov r13, [rdi + 24]",
    "mov r14, [rdi + 32]",
    "mov r15, [rdi + 40]",
    "mov rcx, [rdi + 48]",
    "mov rax, [rdi + 64]",
    "xor edx, edx",
    "mov rsp, [rdi + 56]",
    "jmp __x86_indirect_thunk_rcx",
    "int3",
    ".size kx_land, . - kx_land",
    ".popsection",
    begin = sym super::begin,
    resume = sym super::resume,
);
