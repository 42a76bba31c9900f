// SPDX-License-Identifier: GPL-2.0-only

//! The border that every call from the kernel into Rust crosses.
//!
//! All `extern "C"` functions of this library have [`enter`] around what they do; `cargo xtask check` reads the sources for it.
//! Today a panic does not come back to it: the panic handler writes the message to the log and calls `BUG()`. Each
//! caller says already what the kernel is to be told when the code behind it panicked, so that panics can be contained
//! here, at one place. Outside the kernel they are, so that a test fails with the driver's own message.

/// Runs the Rust side of a call from the kernel, and gives its answer.
///
/// `if_panicked` is what the kernel is told when `body` panics. For an operation that can fail this is an errno; for
/// one that cannot it is whatever ends the matter without harm.
///
/// # Context
///
/// That of the call.
#[inline(always)]
pub fn enter<R>(if_panicked: R, body: impl FnOnce() -> R) -> R {
    #[cfg(not(target_os = "none"))]
    return koxide_abi::host::machine::contain(body).unwrap_or(if_panicked);
    #[cfg(all(target_os = "none", not(panic = "unwind")))]
    {
        let _ = if_panicked;
        body()
    }
    #[cfg(all(target_os = "none", panic = "unwind"))]
    match crate::unwind::catch(body) {
        Ok(answer) => answer,
        Err(message) => {
            contained(message);
            if_panicked
        }
    }
}

/// What is done about a panic.
#[cfg(all(target_os = "none", panic = "unwind"))]
#[cold]
fn contained(message: crate::unwind::Message) {
    message.contained();
}
