// SPDX-License-Identifier: GPL-2.0-only

//! The border that every call from the kernel into Rust crosses.
//!
//! All `extern "C"` functions of this library have [`enter`] around what they do; `cargo xtask check` reads the sources for it.
//! A panic behind it ends there: the frames in between drop what they have, the kernel gets the answer that is
//! [declared](callback) for the function, and what the function was called for is poisoned, so that nobody meets what the panic has
//! left half done. On 32-bit ARM a panic is `BUG()`. Outside the kernel the test fails with the driver's own message.

pub(crate) mod callback;
#[cfg(all(target_os = "none", panic = "unwind"))]
mod poison;
mod scope;

use koxide_abi::types::file;

use crate::error::Result;
#[cfg(all(target_os = "none", panic = "unwind"))]
use crate::module::OnPanic;
pub(crate) use callback::Callback;
#[cfg(all(target_os = "none", panic = "unwind"))]
pub(crate) use poison::{
    all as poison_all, begins, is_anything as is_anything_poisoned,
    is_module as is_module_poisoned, renew,
};
pub(crate) use scope::{Always, Device, Module, Opened, Request, Scope};

/// Runs the Rust side of a call from the kernel, and gives its answer.
///
/// # Context
///
/// That of the call.
// The compiler gives LLVM a function of its own for the border, whose accesses are not checked. LLVM puts that only into
// functions like it, and where all others are checked (KASAN) this is one.
#[cfg_attr(sanitize = "address", inline(never), sanitize(kernel_address = "off"))]
#[cfg_attr(not(sanitize = "address"), inline(always))]
pub(crate) fn enter<R: Copy, S: Scope>(
    callback: &'static Callback<R>,
    scope: S,
    body: impl FnOnce() -> R,
) -> R {
    #[cfg(not(target_os = "none"))]
    {
        let _ = scope;
        koxide_abi::host::machine::contain(body).unwrap_or(callback.panicked)
    }
    #[cfg(all(target_os = "none", not(panic = "unwind")))]
    {
        let _ = (callback, scope);
        body()
    }
    #[cfg(all(target_os = "none", panic = "unwind"))]
    {
        if OnPanic::Bug.is_chosen() {
            return body();
        }
        if poison::refuses(scope) {
            return callback.poisoned;
        }
        match crate::unwind::catch(body) {
            Ok(answer) => answer,
            Err(message) => {
                scope.contained(message, &callback.words);
                callback.panicked
            }
        }
    }
}

/// Runs a test's `body` as behind a border that poisons nothing; whether it panicked.
#[cfg(target_os = "none")]
#[cfg_attr(sanitize = "address", inline(never), sanitize(kernel_address = "off"))]
#[cfg_attr(not(sanitize = "address"), inline(always))]
pub(crate) fn apart(body: impl FnOnce()) -> bool {
    #[cfg(panic = "unwind")]
    return crate::unwind::catch(body)
        .map_err(|payload| crate::unwind::message(payload).done())
        .is_err();
    #[cfg(not(panic = "unwind"))]
    {
        body();
        false
    }
}

/// As [`enter`], with what the kernel gives up with the call: it is taken also when the code behind it is not run.
#[inline(always)]
pub(crate) fn enter_owning<R: Copy, S: Scope, T>(
    callback: &'static Callback<R>,
    scope: S,
    take: impl FnOnce() -> T,
    body: impl FnOnce(T) -> R,
) -> R {
    #[cfg(all(target_os = "none", panic = "unwind"))]
    if !OnPanic::Bug.is_chosen() && poison::refuses(scope) {
        return enter(callback, Always(scope), || {
            drop(take());
            callback.poisoned
        });
    }
    enter(callback, Always(scope), || body(take()))
}

/// Drops values of the driver in the midst of what must go on: one that panics is told, and that is all.
pub(crate) fn dropping(body: impl FnOnce()) {
    enter(callback::DROP, Always(Module), body);
}

/// Notes that a file is being opened, before anything else is done for it behind the border. It is [`closed`] when its `open` has
/// failed, and in its `release`.
///
/// # Errors
///
/// `ENOMEM`.
#[inline(always)]
pub(crate) fn opening(file: *mut file) -> Result {
    #[cfg(all(target_os = "none", panic = "unwind"))]
    return poison::remember(file);
    #[cfg(not(all(target_os = "none", panic = "unwind")))]
    {
        let _ = file;
        Ok(())
    }
}

/// Notes that a file is closed, after all else that is done for it.
#[inline(always)]
pub(crate) fn closed(file: *mut file) {
    #[cfg(all(target_os = "none", panic = "unwind"))]
    poison::forget(file);
    #[cfg(not(all(target_os = "none", panic = "unwind")))]
    let _ = file;
}
