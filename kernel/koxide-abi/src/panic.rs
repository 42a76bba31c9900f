// SPDX-License-Identifier: GPL-2.0-only

//! What the log says of panics, how many were contained, and the end of a thread: include/linux/bug.h.

#[cfg(target_os = "none")]
use core::ffi::c_char;
#[cfg(target_os = "none")]
use core::sync::atomic::AtomicI32;

shims! {
    /// Calls `BUG()`; any context.
    ///
    /// It does not return, but it is declared as if it did: what calls it stops by itself.
    ///
    /// # Safety
    ///
    /// The calling thread, and what it has locked, is lost.
    pub fn kx_panic();

    /// Whether the calls that a panic is in are to be written to the log; any context. Not when there is little stack left, nor often.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_panic_may_trace() -> bool;

    /// Whether that many bytes of the stack are left; any context. Stacks of interrupts are taken to have them, but for an interrupt during the second half of another.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_panic_has_stack(bytes: usize) -> bool;
}

#[cfg(target_os = "none")]
unsafe extern "C" {
    /// For `kx_printk`: what the log says of a panic that is the end, with the module's name. All three have the same values: a text or
    /// none; the file's name, the line, the length of the message, and the message; and of the last one two texts more.
    pub static kx_text_panicked: c_char;
    /// The same for a panic during which another one came.
    pub static kx_text_came_first: c_char;
    /// The same for one that is contained.
    pub static kx_text_contained: c_char;
    /// What the log says before the calls that a panic is in.
    pub static kx_text_trace: c_char;
    /// How many panics were contained, which `/sys/module` has.
    pub static kx_panics: AtomicI32;
}
