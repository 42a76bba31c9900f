// SPDX-License-Identifier: GPL-2.0-only

//! Open files.

use core::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, Ordering};

use super::machine::current;
use super::node::{Node, Ops};
use super::task::Task;
use crate::FileOperations;
use crate::types::{cred, file, kiocb};

/// What stands for a `struct file`.
pub struct File {
    refs: AtomicI64,
    flags: AtomicU32,
    pub(super) pos: AtomicI64,
    pub(super) private_data: AtomicPtr<c_void>,
    pub(super) node: Option<Arc<Node>>,
    opener: Arc<Task>,
}

impl File {
    /// A file that is being opened.
    pub(super) fn new(node: Option<Arc<Node>>, flags: u32) -> Arc<Self> {
        Arc::new(Self {
            refs: AtomicI64::new(1),
            flags: AtomicU32::new(flags),
            pos: AtomicI64::new(0),
            private_data: AtomicPtr::default(),
            node,
            opener: Task::current(),
        })
    }

    /// A file of no driver, with so many references.
    pub fn of_nothing(refs: i64) -> Arc<Self> {
        let file = Self::new(None, 0);
        file.refs.store(refs, Ordering::Relaxed);
        file
    }

    /// How many references there are.
    pub fn refs(&self) -> i64 {
        self.refs.load(Ordering::Relaxed)
    }

    /// Its address, as the shims take it.
    pub fn as_raw(self: &Arc<Self>) -> *mut file {
        Arc::as_ptr(self).cast_mut().cast()
    }

    /// The file at such an address.
    ///
    /// # Safety
    ///
    /// It came from [`as_raw`](Self::as_raw), and the file lives during `'a`.
    unsafe fn from_raw<'a>(file: *mut file) -> &'a Self {
        // SAFETY: as the caller promises.
        unsafe { &*file.cast() }
    }

    /// The operations of a device's file.
    pub(super) fn ops(&self) -> Option<&'static FileOperations> {
        match self.node.as_ref()?.ops {
            Ops::Misc(ops) | Ops::Chrdev(ops) => Some(ops),
        }
    }

    /// The last reference to an open file is gone.
    ///
    /// # Safety
    ///
    /// The file was opened, and is released once.
    unsafe fn release(raw: *mut file) {
        // SAFETY: opening it leaked this owner.
        let file = unsafe { Arc::from_raw(raw.cast::<Self>()) };
        let release = file.ops().and_then(|ops| ops.release);
        if let (Some(release), Some(node)) = (release, &file.node) {
            // SAFETY: this is the last operation.
            unsafe { release(node.as_raw(), raw) };
        }
    }
}

/// What stands for a `struct kiocb`: a read or write of a file, at a position.
pub(super) struct Kiocb<'f> {
    pub(super) file: &'f Arc<File>,
    pub(super) pos: i64,
}

impl Kiocb<'_> {
    /// Its address, as the shims take it.
    pub(super) fn as_raw(&mut self) -> *mut kiocb {
        (&raw mut *self).cast()
    }
}

/// Twin of `kx_get_file`.
///
/// # Safety
///
/// As for `kx_get_file`.
pub(crate) unsafe fn get(file: *mut file) -> c_int {
    // SAFETY: the caller has a reference, or the file is being released.
    let file = unsafe { File::from_raw(file) };
    let counted = file
        .refs
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |refs| {
            (refs != 0).then(|| refs + 1)
        });
    if counted.is_err() {
        return 0;
    }
    current().held.files.fetch_add(1, Ordering::Relaxed);
    1
}

/// Twin of `kx_fput`.
///
/// # Safety
///
/// As for `kx_fput`.
pub(crate) unsafe fn put(file: *mut file) {
    // SAFETY: the caller has a reference.
    let before = unsafe { File::from_raw(file) }
        .refs
        .fetch_sub(1, Ordering::AcqRel);
    assert!(before > 0, "a reference to a file was given back twice");
    if before == 1 {
        // SAFETY: this was the last reference.
        unsafe { File::release(file) };
    }
    current().held.files.fetch_sub(1, Ordering::Relaxed);
}

/// Twin of `kx_file_flags`.
///
/// # Safety
///
/// As for `kx_file_flags`.
pub(crate) unsafe fn flags(file: *mut file) -> u32 {
    // SAFETY: the caller has a reference.
    unsafe { File::from_raw(file) }
        .flags
        .load(Ordering::Relaxed)
}

/// Twin of `kx_file_cred`: those of a task are as long as the task.
///
/// # Safety
///
/// As for `kx_file_cred`.
pub(crate) unsafe fn cred(file: *mut file) -> *const cred {
    // SAFETY: the caller has a reference.
    unsafe { File::from_raw(file) }.opener.cred.as_raw()
}

/// Twin of `kx_file_private_data`.
///
/// # Safety
///
/// As for `kx_file_private_data`.
pub(crate) unsafe fn private_data(file: *mut file) -> *mut c_void {
    // SAFETY: the caller has a reference.
    let file = unsafe { File::from_raw(file) };
    file.private_data.load(Ordering::Acquire)
}

/// Twin of `kx_file_set_private_data`.
///
/// # Safety
///
/// As for `kx_file_set_private_data`.
pub(crate) unsafe fn set_private_data(file: *mut file, data: *mut c_void) {
    // SAFETY: the caller has a reference.
    let file = unsafe { File::from_raw(file) };
    file.private_data.store(data, Ordering::Release);
}

/// Twin of `kx_kiocb_file`.
///
/// # Safety
///
/// As for `kx_kiocb_file`.
pub(crate) unsafe fn kiocb_file(kiocb: *mut kiocb) -> *mut file {
    // SAFETY: an operation is under way, whose address this is.
    unsafe { (*kiocb.cast::<Kiocb<'_>>()).file }.as_raw()
}

/// Twin of `kx_kiocb_pos`.
///
/// # Safety
///
/// As for `kx_kiocb_pos`.
pub(crate) unsafe fn kiocb_pos(kiocb: *mut kiocb) -> *mut i64 {
    // SAFETY: an operation is under way, whose address this is.
    unsafe { &raw mut (*kiocb.cast::<Kiocb<'_>>()).pos }
}

/// Twin of `kx_file_pos`.
///
/// # Safety
///
/// As for `kx_file_pos`.
pub(crate) unsafe fn pos(file: *mut file) -> i64 {
    // SAFETY: the caller has a reference.
    unsafe { File::from_raw(file) }.pos.load(Ordering::Relaxed)
}

/// Twin of `kx_vfs_setpos`.
///
/// # Safety
///
/// As for `kx_vfs_setpos`.
pub(crate) unsafe fn set_pos(file: *mut file, pos: i64) -> i64 {
    if pos < 0 {
        return (-super::errno::EINVAL).into();
    }
    // SAFETY: the caller has a reference.
    let file = unsafe { File::from_raw(file) };
    file.pos.store(pos, Ordering::Relaxed);
    pos
}

/// Twin of `kx_file_inode`.
///
/// # Safety
///
/// As for `kx_file_inode`.
pub(crate) unsafe fn inode(file: *mut file) -> *mut crate::types::inode {
    // SAFETY: the caller has a reference.
    let file = unsafe { File::from_raw(file) };
    file.node
        .as_ref()
        .map_or(core::ptr::null_mut(), |node| node.as_raw())
}
