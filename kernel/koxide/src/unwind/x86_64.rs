// SPDX-License-Identifier: GPL-2.0-only

//! Registers and stacks of x86_64, after the System V ABI.

/// How many registers a function gives back as they were: rbx, rbp, and r12 to r15.
pub(super) const KEPT: usize = 6;

/// Where rbp is among them.
pub(super) const FRAME: usize = 1;

/// Where a function returns to: it has that at its frame's end.
#[inline(always)]
pub(super) fn goes_back(_kept: &[usize; KEPT], word: impl Fn(usize) -> usize) -> usize {
    word(1)
}

core::arch::global_asm!(
    // Fills in a state with its caller's, behind its own arguments, and takes on what is left there.
    ".pushsection .text.kx_raise,\"ax\",@progbits",
    ".globl kx_raise",
    ".hidden kx_raise",
    ".type kx_raise, @function",
    "kx_raise:",
    "endbr64",
    "sub rsp, 72",
    "mov [rsp], rbx",
    "mov [rsp + 8], rbp",
    "mov [rsp + 16], r12",
    "mov [rsp + 24], r13",
    "mov [rsp + 32], r14",
    "mov [rsp + 40], r15",
    "mov rax, [rsp + 72]",
    "mov [rsp + 48], rax",
    "lea rax, [rsp + 80]",
    "mov [rsp + 56], rax",
    "mov r8, rsp",
    "call {unwind}",
    "mov rdi, rsp",
    "call kx_land",
    "ud2",
    ".size kx_raise, . - kx_raise",
    ".popsection",
    // Landings end with a call of it: the same without a place.
    ".pushsection .text._Unwind_Resume,\"ax\",@progbits",
    ".globl _Unwind_Resume",
    ".hidden _Unwind_Resume",
    ".type _Unwind_Resume, @function",
    "_Unwind_Resume:",
    "xor edx, edx",
    "jmp kx_raise",
    "int3",
    ".size _Unwind_Resume, . - _Unwind_Resume",
    ".popsection",
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
    unwind = sym super::unwind,
);
