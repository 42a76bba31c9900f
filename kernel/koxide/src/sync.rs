// SPDX-License-Identifier: GPL-2.0-only

//! Sharing between threads: reference counts and locks that own what they protect.

mod arc;
pub mod aref;
pub mod atomic;
pub mod barrier;
mod class;
pub mod completion;
mod condvar;
pub mod lock;
mod locked_by;
pub mod poll;
pub mod rcu;
mod refcount;
mod set_once;
pub mod srcu;
mod wait;

pub use arc::{Arc, ArcBorrow, UniqueArc};
pub use class::LockClassKey;
pub use completion::Completion;
pub use condvar::{CondVar, CondVarTimeoutResult};
pub use lock::mutex::{Mutex, MutexGuard};
pub use lock::rw::rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use lock::rw::rwsem::{RwSemaphore, RwSemaphoreReadGuard, RwSemaphoreWriteGuard};
pub use lock::spinlock::{SpinLock, SpinLockGuard, SpinLockIrq, SpinLockIrqGuard};
pub use lock::{GlobalGuard, GlobalLock, GlobalLockBackend, GlobalLockedBy};
pub use locked_by::LockedBy;
pub use refcount::Refcount;
pub use set_once::SetOnce;
pub use srcu::Srcu;
pub use wait::WaitQueue;

pub use crate::{
    global_lock, new_condvar, new_mutex, new_poll_condvar, new_rwlock, new_rwsem, new_spinlock,
    new_spinlock_irq, new_srcu, new_waitqueue, static_lock_class,
};

/// The name of a lock: the given one, or where it is made.
#[doc(hidden)]
#[macro_export]
macro_rules! optional_name {
    () => {
        $crate::c_str!(::core::concat!(::core::file!(), ":", ::core::line!()))
    };
    ($name:literal) => {
        $crate::c_str!($name)
    };
}
