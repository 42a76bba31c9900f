// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's functions, but for those that wait for other threads: a model explores what happens meanwhile.
//!
//! The library is built with this crate under the name of `koxide_abi`, and finds here what it finds there.

mod waits;

#[doc(inline)]
pub use koxide_abi::*;

pub use waits::{
    kx_pending_lock, kx_pending_pause, kx_pending_synchronize, kx_pending_unlock, kx_rcu_read_lock,
    kx_rcu_read_unlock, kx_synchronize_rcu,
};
