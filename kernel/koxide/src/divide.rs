// SPDX-License-Identifier: GPL-2.0-only

//! What the compiler calls to divide 64 bits on 32-bit ARM. The kernel does so by functions of its own, which a C driver
//! calls by their names, and has none by these.
//!
//! The quotient is returned as any number of 64 bits, in the first two registers, and what remains in the two after them,
//! which no function of C's can do. See "Run-time ABI for the Arm Architecture", 5.3.2.

#![allow(unsafe_code, reason = "functions that the compiler calls")]

use koxide_abi::{kx_divide_s64, kx_divide_u64};

/// Defines a function that has a shim divide. It has room on the stack for what remains, and below it the address of that.
macro_rules! divide {
    ($($name:ident: $shim:ident;)*) => {$(
        /// Divides the number in the first two registers by that in the next two.
        ///
        /// # Safety
        ///
        /// Only the compiler calls it: no other caller knows where the answer is. What is divided by is not 0.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                ".fnstart",
                ".save {{r11, lr}}",
                "push {{r11, lr}}",
                ".pad #16",
                "sub sp, sp, #16",
                "add r12, sp, #8",
                "str r12, [sp]",
                "bl {shim}",
                "ldrd r2, r3, [sp, #8]",
                "add sp, sp, #16",
                "pop {{r11, pc}}",
                ".fnend",
                shim = sym $shim,
            )
        }
    )*};
}

divide! {
    __aeabi_uldivmod: kx_divide_u64;
    __aeabi_ldivmod: kx_divide_s64;
}
