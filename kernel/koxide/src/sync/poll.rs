// SPDX-License-Identifier: GPL-2.0-only

//! What poll(2), select(2), epoll(7) and io_uring wait for: include/linux/poll.h.

#![allow(unsafe_code, reason = "the C edge of polling")]

use core::ffi::CStr;
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;

use macros::{pin_data, pinned_drop};

use crate::alloc::{AllocError, KBox, flags::GFP_KERNEL};
use crate::fs::File;
use crate::init::InPlaceInit;
use crate::pin_init::{PinInit, pin_init};
use crate::sync::atomic::{Atomic, Relaxed};
use crate::sync::{CondVar, LockClassKey};

/// What somebody who polls a file waits for, as far as they wait at all.
///
/// # Invariants
///
/// The pointer is null or that of a poll table that is valid for `'a`.
pub struct PollTable<'a> {
    table: *mut koxide_abi::types::poll_table_struct,
    _lifetime: PhantomData<&'a ()>,
}

impl PollTable<'_> {
    /// The table of a poll operation.
    ///
    /// # Safety
    ///
    /// `table` is null or valid for the lifetime that the caller gives the result.
    pub(crate) unsafe fn from_raw(table: *mut koxide_abi::types::poll_table_struct) -> Self {
        // INVARIANT: as the caller promises.
        Self {
            table,
            _lifetime: PhantomData,
        }
    }

    /// Has whoever polls `file` woken when `cv` is notified. They look again then, so that a poll operation registers
    /// first, and then says what is ready now.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::{
    ///     fs::File,
    ///     sync::{Mutex, poll::{PollCondVar, PollTable}},
    /// };
    ///
    /// fn has_data(file: &File, table: &PollTable<'_>, arrived: &PollCondVar, data: &Mutex<usize>) -> bool {
    ///     table.register_wait(file, arrived);
    ///     *data.lock() > 0
    /// }
    /// ```
    ///
    /// # Context
    ///
    /// Process context; may sleep.
    pub fn register_wait(&self, file: &File, cv: &PollCondVar) {
        cv.polled.store(true, Relaxed);
        // SAFETY: whoever has `file` has a reference; the queue was initialised, and dropping `cv`, which is pinned, calls
        // what must be called before it goes; the table is null or valid.
        unsafe { koxide_abi::kx_poll_wait(file.as_ptr(), cv.queue().as_ptr(), self.table) };
    }
}

/// A [`CondVar`] that can be polled for, too.
///
/// Who polls may be in its queue for longer than any borrow of it: an epoll stays until its file is closed. So dropping
/// it throws them out, and sleeps until they are: for an RCU grace period, and as long as a thread is in a poll(2) or
/// select(2) that was registered with it. They are woken, but return only when one of their files is ready. Where the
/// value lives as long as the file, as what `open` returned does, nobody is left by then. One that nobody ever polled for
/// goes at once.
#[pin_data(PinnedDrop)]
pub struct PollCondVar {
    #[pin]
    inner: CondVar,
    /// Whether somebody ever polled.
    polled: Atomic<bool>,
}

impl PollCondVar {
    /// One that nobody waits for; the macro `new_poll_condvar!` calls this.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        pin_init!(Self {
            inner <- CondVar::new(name, key),
            polled: Atomic::new(false),
        })
    }
}

impl Deref for PollCondVar {
    type Target = CondVar;

    fn deref(&self) -> &CondVar {
        &self.inner
    }
}

#[pinned_drop]
impl PinnedDrop for PollCondVar {
    fn drop(self: Pin<&mut Self>) {
        if !self.polled.load(Relaxed) {
            return;
        }
        // SAFETY: the queue was initialised, and whoever registers has a borrow, of which there are none left.
        unsafe { koxide_abi::kx_end_polls(self.queue().as_ptr()) };
    }
}

/// A [`PollCondVar`] in memory of its own. Upstream's is freed without sleeping; this one sleeps as the other does.
pub struct PollCondVarBox(Pin<KBox<PollCondVar>>);

impl PollCondVarBox {
    /// One that nobody waits for.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory.
    ///
    /// # Context
    ///
    /// Process context; may sleep.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> Result<Self, AllocError> {
        let inner = KBox::pin_init(PollCondVar::new(name, key), GFP_KERNEL);
        Ok(Self(inner.map_err(|_| AllocError)?))
    }
}

impl Deref for PollCondVarBox {
    type Target = PollCondVar;

    fn deref(&self) -> &PollCondVar {
        &self.0
    }
}

/// An initialiser of a [`PollCondVar`], with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_poll_condvar {
    ($($name:literal)? $(,)?) => {
        $crate::sync::poll::PollCondVar::new(
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{optional_name, static_lock_class};

    #[test]
    fn one_that_nobody_polled_for_goes_at_once() {
        // To tell who polls and to wait for them needs a kernel.
        let waited_for = PollCondVarBox::new(optional_name!("test"), static_lock_class!()).unwrap();
        waited_for.notify_all();
        drop(waited_for);
    }
}
