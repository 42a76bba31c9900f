// SPDX-License-Identifier: GPL-2.0-only

//! Waiting until something has been done: include/linux/completion.h.

#![allow(unsafe_code, reason = "the C edge of completions")]

use core::ffi::{c_int, c_void};

use macros::pin_data;

use crate::error::{
    Result,
    code::{ERESTARTSYS, ETIMEDOUT},
};
use crate::pin_init::{PinInit, pin_init};
use crate::sync::wait::bounded;
use crate::time::Jiffies;
use crate::types::Opaque;

/// Something that is done by one thread, and that others wait for.
///
/// It may be done before anybody waits: what was done and not waited for is counted.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::{Arc, Completion}};
///
/// let ready = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
/// let other = ready.clone();
/// // Somewhere else, such as in an interrupt handler:
/// other.complete_all();
///
/// ready.wait_for_completion();
/// assert!(ready.done());
/// # Ok::<(), Error>(())
/// ```
///
/// It cannot be moved, nor taken away from who waits:
///
/// ```compile_fail,E0505
/// use kernel::{prelude::*, sync::Completion};
///
/// let ready = KBox::pin_init(Completion::new(), GFP_KERNEL).unwrap();
/// let waits = || ready.wait_for_completion();
/// drop(ready);
/// waits();
/// ```
#[pin_data]
pub struct Completion {
    #[pin]
    inner: Opaque<koxide_abi::Completion>,
}

// SAFETY: a completion belongs to no thread.
unsafe impl Send for Completion {}
// SAFETY: the kernel locks it for whatever is done with it.
unsafe impl Sync for Completion {}

impl Completion {
    /// One that is not done.
    #[allow(clippy::new_ret_no_self, reason = "it is initialised where it stays")]
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            inner <- Opaque::ffi_init(|room: *mut koxide_abi::Completion| {
                // SAFETY: the room has the size and alignment of a completion, and is pinned.
                unsafe { koxide_abi::kx_init_completion(room.cast()) }
            }),
        })
    }

    /// Lets one through: one that waits, or the next one to wait.
    ///
    /// # Context
    ///
    /// Any.
    pub fn complete(&self) {
        // SAFETY: only `new` makes a completion, and it initialises it.
        unsafe { koxide_abi::kx_complete(self.as_ptr()) };
    }

    /// Lets everybody through, for good: those who wait, and those who will.
    ///
    /// # Context
    ///
    /// Any.
    pub fn complete_all(&self) {
        // SAFETY: only `new` makes a completion, and it initialises it.
        unsafe { koxide_abi::kx_complete_all(self.as_ptr()) };
    }

    /// Starts again: nothing has been done, also if it was for good.
    ///
    /// Of those who are on their way through at this moment some may have to wait again.
    ///
    /// # Context
    ///
    /// Any.
    pub fn reinit(&self) {
        // SAFETY: only `new` makes a completion, and it initialises it.
        unsafe { koxide_abi::kx_reinit_completion(self.as_ptr()) };
    }

    /// Waits until it is done, whatever signals come.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn wait_for_completion(&self) {
        // SAFETY: only `new` makes a completion, and it initialises it.
        unsafe { koxide_abi::kx_wait_for_completion(self.as_ptr()) };
    }

    /// Waits until it is done or a signal comes.
    ///
    /// # Errors
    ///
    /// `ERESTARTSYS` when a signal came first.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn wait_for_completion_interruptible(&self) -> Result {
        // SAFETY: only `new` makes a completion, and it initialises it.
        let answer: c_int =
            unsafe { koxide_abi::kx_wait_for_completion_interruptible(self.as_ptr()) };
        if answer < 0 { Err(ERESTARTSYS) } else { Ok(()) }
    }

    /// Waits until it is done, at most `timeout`; says how much of that is left, at least 1.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` when the time is over.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn wait_for_completion_timeout(&self, timeout: Jiffies) -> Result<Jiffies> {
        let jiffies = bounded(timeout).unsigned_abs();
        // SAFETY: only `new` makes a completion, and it initialises it; the time is one that the scheduler can count.
        match unsafe { koxide_abi::kx_wait_for_completion_timeout(self.as_ptr(), jiffies) } {
            0 => Err(ETIMEDOUT),
            left => Ok(left as Jiffies),
        }
    }

    /// Waits until it is done or a signal comes, at most `timeout`; says how much of that is left, at least 1.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` when the time is over, `ERESTARTSYS` when a signal came first.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn wait_for_completion_interruptible_timeout(&self, timeout: Jiffies) -> Result<Jiffies> {
        let (inner, jiffies) = (self.as_ptr(), bounded(timeout).unsigned_abs());
        // SAFETY: only `new` makes a completion, and it initialises it; the time is one that the scheduler can count.
        match unsafe { koxide_abi::kx_wait_for_completion_interruptible_timeout(inner, jiffies) } {
            0 => Err(ETIMEDOUT),
            left => Jiffies::try_from(left).map_err(|_| ERESTARTSYS),
        }
    }

    /// Gets through if it is done, and says whether it was, without waiting.
    ///
    /// # Context
    ///
    /// Any.
    pub fn try_wait_for_completion(&self) -> bool {
        // SAFETY: only `new` makes a completion, and it initialises it.
        unsafe { koxide_abi::kx_try_wait_for_completion(self.as_ptr()) != 0 }
    }

    /// Whether somebody who waited now would get through at once.
    ///
    /// # Context
    ///
    /// Any.
    pub fn done(&self) -> bool {
        // SAFETY: only `new` makes a completion, and it initialises it.
        unsafe { koxide_abi::kx_completion_done(self.as_ptr()) != 0 }
    }

    /// The kernel's completion.
    fn as_ptr(&self) -> *mut c_void {
        self.inner.get().cast()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::sync::Completion;

    #[test]
    fn each_gets_through_once() -> Result {
        let completion = KBox::pin_init(Completion::new(), GFP_KERNEL)?;
        assert!(!completion.try_wait_for_completion());
        completion.complete();
        completion.complete();
        completion.wait_for_completion();
        assert!(completion.done() && completion.try_wait_for_completion());
        assert!(!completion.done() && !completion.try_wait_for_completion());
        Ok(())
    }

    #[test]
    fn all_get_through_until_it_starts_again() -> Result {
        let completion = KBox::pin_init(Completion::new(), GFP_KERNEL)?;
        completion.complete_all();
        completion.complete();
        for _ in 0..3 {
            completion.wait_for_completion();
        }
        completion.reinit();
        assert!(!completion.try_wait_for_completion());
        Ok(())
    }
}
