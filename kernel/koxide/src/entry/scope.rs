// SPDX-License-Identifier: GPL-2.0-only

//! What a function is called for, which a panic in it poisons.

#![cfg_attr(
    not(all(target_os = "none", panic = "unwind")),
    allow(dead_code, reason = "nothing is contained")
)]

#[cfg(all(target_os = "none", panic = "unwind"))]
mod contained;
#[cfg(not(all(target_os = "none", panic = "unwind")))]
#[path = "scope/never.rs"]
mod contained;

use koxide_abi::types::{file, kiocb};

pub(crate) use contained::Scope;

/// The module: for what is called for no device.
#[derive(Clone, Copy)]
pub(crate) struct Module;

/// The device of an open file.
#[derive(Clone, Copy)]
pub(crate) struct Device(pub(crate) *mut file);

/// The device of a file that is being opened.
#[derive(Clone, Copy)]
pub(crate) struct Opened(pub(crate) *mut file);

/// The device of the file that something is to be read from or written to.
#[derive(Clone, Copy)]
pub(crate) struct Request(pub(crate) *mut kiocb);

/// The same, for what runs whether it is poisoned or not, since it gives back what the kernel or the driver has.
#[derive(Clone, Copy)]
pub(crate) struct Always<S>(pub(crate) S);
