// SPDX-License-Identifier: GPL-2.0-only

//! One setting: where it is, and what it may be.

#![allow(unsafe_code, reason = "the C edge of settings")]

use core::ffi::{CStr, c_void};
use core::ops::RangeInclusive;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize};

use koxide_abi::{SYSCTL_BOOL, SYSCTL_INT, SYSCTL_TEXT, SYSCTL_UINT, SYSCTL_ULONG, SysctlEntry};

use super::Text;
use crate::sync::atomic::Atomic;

/// What the kernel can keep a `T` in, while others read it.
///
/// # Safety
///
/// The memory of a value is that of a `T`, and may be changed to any other `T` at any time, as by a relaxed store.
pub unsafe trait Storage<T>: Sync + 'static {}

// SAFETY: an atomic has the layout of its value, and any number may be stored in it.
unsafe impl Storage<i32> for AtomicI32 {}
// SAFETY: an atomic has the layout of its value, and any number may be stored in it.
unsafe impl Storage<u32> for AtomicU32 {}
// SAFETY: an atomic has the layout of its value, and any number may be stored in it.
unsafe impl Storage<usize> for AtomicUsize {}
// SAFETY: an atomic has the layout of its value, and either of the two may be stored in it.
unsafe impl Storage<bool> for AtomicBool {}

// SAFETY: an `Atomic` has the memory of its value, and any number may be stored in it.
unsafe impl Storage<i32> for Atomic<i32> {}
// SAFETY: an `Atomic` has the memory of its value, and any number may be stored in it.
unsafe impl Storage<u32> for Atomic<u32> {}
// SAFETY: an `Atomic` has the memory of its value, and any number may be stored in it.
unsafe impl Storage<usize> for Atomic<usize> {}
// SAFETY: an `Atomic` has the memory of its value, and either of the two may be stored in it.
unsafe impl Storage<bool> for Atomic<bool> {}

/// A file in `/proc/sys`: its name, its permission bits such as `0o644`, and its value.
///
/// Permission bits hold for root, too: what is `0o444` nobody writes.
#[repr(transparent)]
pub struct Entry(SysctlEntry);

impl Entry {
    /// A number within a range: proc_dointvec_minmax of kernel/sysctl.c.
    pub const fn i32<S: Storage<i32>>(
        name: &'static CStr,
        mode: u16,
        value: &'static S,
        range: RangeInclusive<i32>,
    ) -> Self {
        let limits = (*range.start() as i64, *range.end() as i64);
        Self::new(
            name,
            mode,
            address(value),
            SYSCTL_INT,
            size_of::<i32>(),
            limits,
        )
    }

    /// A number within a range: proc_douintvec_minmax of kernel/sysctl.c.
    pub const fn u32<S: Storage<u32>>(
        name: &'static CStr,
        mode: u16,
        value: &'static S,
        range: RangeInclusive<u32>,
    ) -> Self {
        let limits = (*range.start() as i64, *range.end() as i64);
        Self::new(
            name,
            mode,
            address(value),
            SYSCTL_UINT,
            size_of::<u32>(),
            limits,
        )
    }

    /// A number within a range: proc_doulongvec_minmax of kernel/sysctl.c.
    pub const fn usize<S: Storage<usize>>(
        name: &'static CStr,
        mode: u16,
        value: &'static S,
        range: RangeInclusive<usize>,
    ) -> Self {
        // The bits are what matters: C makes them an unsigned long again.
        let limits = (*range.start() as i64, *range.end() as i64);
        Self::new(
            name,
            mode,
            address(value),
            SYSCTL_ULONG,
            size_of::<usize>(),
            limits,
        )
    }

    /// Off or on, written as `0` or `1`: proc_dou8vec_minmax of kernel/sysctl.c.
    pub const fn bool<S: Storage<bool>>(name: &'static CStr, mode: u16, value: &'static S) -> Self {
        Self::new(
            name,
            mode,
            address(value),
            SYSCTL_BOOL,
            size_of::<bool>(),
            (0, 1),
        )
    }

    /// A text: proc_dostring of kernel/sysctl.c.
    pub const fn text<const N: usize>(
        name: &'static CStr,
        mode: u16,
        value: &'static Text<N>,
    ) -> Self {
        Self::new(name, mode, value.address(), SYSCTL_TEXT, N, (0, 0))
    }

    /// An entry of a kind, whose data is what the kind says.
    const fn new(
        name: &'static CStr,
        mode: u16,
        data: *mut c_void,
        kind: u32,
        size: usize,
        (min, max): (i64, i64),
    ) -> Self {
        Self(SysctlEntry {
            name: name.as_ptr(),
            data,
            size,
            min,
            max,
            kind,
            mode,
        })
    }

    /// Its name.
    fn name(&self) -> &'static CStr {
        // SAFETY: the name came from a C string that lives for ever.
        unsafe { CStr::from_ptr(self.0.name) }
    }

    /// Whether the kernel takes it.
    fn is_good(&self) -> bool {
        is_name(self.name().to_bytes()) && self.0.mode & !0o666 == 0
    }
}

/// Whether the kernel takes these entries as one folder's: there are some, and no two have one name.
pub(super) fn are_good(entries: &[Entry]) -> bool {
    let good = |(at, entry): (usize, &Entry)| {
        entry.is_good()
            && entries[..at]
                .iter()
                .all(|other| other.name() != entry.name())
    };
    !entries.is_empty() && entries.iter().enumerate().all(good)
}

/// Whether a file or folder may be called that.
pub(super) fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/') && name.len() <= 255
}

/// Where a value is.
const fn address<S>(value: &'static S) -> *mut c_void {
    core::ptr::from_ref(value).cast_mut().cast()
}

#[cfg(test)]
mod tests {
    use super::*;

    static NUMBER: AtomicI32 = AtomicI32::new(0);

    #[test]
    fn names_and_modes_are_checked() {
        let entry = |name, mode| Entry::i32(name, mode, &NUMBER, 0..=1);
        assert!(entry(c"x", 0o644).is_good());
        assert!(!entry(c"", 0o644).is_good());
        assert!(!entry(c"a/b", 0o644).is_good());
        assert!(!entry(c"..", 0o644).is_good());
        assert!(!entry(c"x", 0o755).is_good());
    }

    #[test]
    fn a_folder_has_no_two_files_of_one_name() {
        let entry = |name| Entry::i32(name, 0o644, &NUMBER, 0..=1);
        assert!(are_good(&[entry(c"x"), entry(c"y")]));
        assert!(!are_good(&[entry(c"x"), entry(c"y"), entry(c"x")]));
        assert!(!are_good(&[entry(c"x"), entry(c"..")]));
        assert!(!are_good(&[]));
    }

    #[test]
    fn limits_keep_their_bits() {
        static LARGE: AtomicUsize = AtomicUsize::new(0);
        let entry = Entry::usize(c"x", 0o644, &LARGE, 1..=usize::MAX);
        assert_eq!((entry.0.min, entry.0.max), (1, -1));
        let entry = Entry::i32(c"x", 0o644, &NUMBER, i32::MIN..=-1);
        assert_eq!((entry.0.min, entry.0.max), (i64::from(i32::MIN), -1));
    }
}
