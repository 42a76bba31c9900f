// SPDX-License-Identifier: GPL-2.0-only

//! Character devices: numbers, classes, and a node below `/dev` for each device.

use core::ffi::{CStr, c_char, c_int, c_void};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use super::alloc::may_have;
use super::context;
use super::errno::{EBUSY, EEXIST, ENOMEM};
use super::machine::{current, lock};
use super::node::{Node, Ops};
use super::registered::Registered;
use crate::FileOperations;
use crate::types::{class, device, inode, kx_chrdev};

/// The largest major number that the kernel gives out.
const LARGEST_GIVEN: u32 = 254;

/// What is taken: device numbers, and the names of classes.
#[derive(Default)]
pub(super) struct Regions {
    numbers: BTreeSet<(u32, u32)>,
    classes: BTreeSet<String>,
}

/// Reserves numbers of the first of these major numbers that has them: that, or a negative errno.
fn reserve(majors: impl Iterator<Item = u32>, first: u32, count: u32) -> c_int {
    if !may_have() {
        return -ENOMEM;
    }
    let machine = current();
    let mut regions = lock(&machine.regions);
    let mut majors = majors;
    let free = |major: &u32| {
        regions
            .numbers
            .range((*major, first)..(*major, first + count))
            .next()
            .is_none()
    };
    let Some(major) = majors.find(free) else {
        return -EBUSY;
    };
    regions
        .numbers
        .extend((first..first + count).map(|minor| (major, minor)));
    major.cast_signed()
}

/// Twin of `kx_chrdev_region_alloc`.
///
/// # Safety
///
/// As for `kx_chrdev_region_alloc`.
pub(crate) unsafe fn region_alloc(first: u32, count: u32, _name: *const c_char) -> c_int {
    reserve((1..=LARGEST_GIVEN).rev(), first, count)
}

/// Twin of `kx_chrdev_region_register`.
///
/// # Safety
///
/// As for `kx_chrdev_region_register`.
pub(crate) unsafe fn region_register(
    major: u32,
    first: u32,
    count: u32,
    _name: *const c_char,
) -> c_int {
    reserve(core::iter::once(major), first, count).min(0)
}

/// Twin of `kx_chrdev_region_unregister`.
///
/// # Safety
///
/// As for `kx_chrdev_region_unregister`.
pub(crate) unsafe fn region_unregister(major: u32, first: u32, count: u32) {
    context::might_sleep();
    let machine = current();
    let mut regions = lock(&machine.regions);
    for minor in first..first + count {
        assert!(
            regions.numbers.remove(&(major, minor)),
            "{major}:{minor} was not reserved"
        );
    }
}

/// Twin of `kx_class_create`.
///
/// # Safety
///
/// As for `kx_class_create`.
pub(crate) unsafe fn class_create(out: *mut *mut class, name: *const c_char) -> c_int {
    if !may_have() {
        return -ENOMEM;
    }
    // SAFETY: it is a C string.
    let name = unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned();
    if !lock(&current().regions).classes.insert(name.clone()) {
        return -EEXIST;
    }
    // SAFETY: it is writable.
    unsafe { out.write(Box::into_raw(Box::new(name)).cast()) };
    0
}

/// Twin of `kx_class_destroy`.
///
/// # Safety
///
/// As for `kx_class_destroy`.
pub(crate) unsafe fn class_destroy(class: *mut class) {
    context::might_sleep();
    // SAFETY: `class_create` made it of a box, and nobody uses it any more.
    let name = unsafe { Box::from_raw(class.cast::<String>()) };
    lock(&current().regions).classes.remove(&*name);
}

/// What stands for a character device.
struct Chrdev {
    users: AtomicU32,
    fops: &'static FileOperations,
    data: *mut c_void,
    registered: Registered,
}

/// The character device at an address.
///
/// # Safety
///
/// It came from [`alloc`], and is not freed during `'a`.
unsafe fn chrdev<'a>(chrdev: *mut kx_chrdev) -> &'a Chrdev {
    // SAFETY: as the caller promises.
    unsafe { &*chrdev.cast() }
}

/// Twin of `kx_chrdev_alloc`.
///
/// # Safety
///
/// As for `kx_chrdev_alloc`.
pub(crate) unsafe fn alloc(fops: *const c_void, _mode: u16, data: *mut c_void) -> *mut kx_chrdev {
    if !may_have() {
        return core::ptr::null_mut();
    }
    let chrdev = Chrdev {
        users: AtomicU32::new(1),
        // SAFETY: outside the kernel a room is the table that it would be filled from, which lives for ever.
        fops: unsafe { &*fops.cast() },
        data,
        registered: Registered::default(),
    };
    Box::into_raw(Box::new(chrdev)).cast()
}

/// Twin of `kx_chrdev_register`.
///
/// # Safety
///
/// As for `kx_chrdev_register`.
pub(crate) unsafe fn register(
    raw: *mut kx_chrdev,
    _class: *mut class,
    _major: u32,
    _minor: u32,
    name: *const c_char,
) -> c_int {
    // SAFETY: the caller has a reference.
    let chrdev = unsafe { chrdev(raw) };
    // SAFETY: it is a C string.
    let name = unsafe { CStr::from_ptr(name) };
    let ops = Ops::Chrdev(chrdev.fops);
    chrdev.registered.add("chrdev", name, ops, raw.cast())
}

/// Twin of `kx_chrdev_unregister`.
///
/// # Safety
///
/// As for `kx_chrdev_unregister`.
pub(crate) unsafe fn unregister(raw: *mut kx_chrdev) {
    // SAFETY: it is registered.
    unsafe { chrdev(raw) }.registered.remove();
}

/// Twin of `kx_chrdev_open`.
///
/// # Safety
///
/// As for `kx_chrdev_open`.
pub(crate) unsafe fn open(inode: *mut inode) -> *mut kx_chrdev {
    // SAFETY: an `open` of it is under way.
    let found: *mut kx_chrdev = unsafe { Node::from_raw(inode) }.data().cast();
    if !found.is_null() {
        // SAFETY: it is registered, and stays so during an `open`.
        unsafe { chrdev(found) }
            .users
            .fetch_add(1, Ordering::Relaxed);
    }
    found
}

/// Twin of `kx_chrdev_put`.
///
/// # Safety
///
/// As for `kx_chrdev_put`.
pub(crate) unsafe fn put(raw: *mut kx_chrdev) -> c_int {
    // SAFETY: the caller has a reference.
    let before = unsafe { chrdev(raw) }.users.fetch_sub(1, Ordering::AcqRel);
    c_int::from(before == 1)
}

/// Twin of `kx_chrdev_free`.
///
/// # Safety
///
/// As for `kx_chrdev_free`.
pub(crate) unsafe fn free(raw: *mut kx_chrdev) {
    context::might_sleep();
    // SAFETY: `alloc` made it of a box, and nobody uses it any more.
    drop(unsafe { Box::from_raw(raw.cast::<Chrdev>()) });
}

/// Twin of `kx_chrdev_data`.
///
/// # Safety
///
/// As for `kx_chrdev_data`.
pub(crate) unsafe fn data(raw: *mut kx_chrdev) -> *mut c_void {
    // SAFETY: the caller has a reference.
    unsafe { chrdev(raw) }.data
}

/// Twin of `kx_chrdev_device`.
///
/// # Safety
///
/// As for `kx_chrdev_device`.
pub(crate) unsafe fn device(raw: *mut kx_chrdev) -> *mut device {
    // SAFETY: the caller has a reference.
    unsafe { chrdev(raw) }.registered.device()
}
