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
        let limits = (*range.start() as isize, *range.end() as isize);
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
        let limits = (*range.start() as isize, *range.end() as isize);
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
        let limits = (*range.start() as isize, *range.end() as isize);
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
        kind: usize,
        size: usize,
        (min, max): (isize, isize),
    ) -> Self {
        Self(SysctlEntry {
            name: name.as_ptr(),
            data,
            size,
            min,
            max,
            kind,
            mode: mode as usize,
        })
    }

    /// Its name.
    const fn name(&self) -> &'static [u8] {
        // SAFETY: the name came from a C string that lives for ever.
        unsafe { CStr::from_ptr(self.0.name) }.to_bytes()
    }

    /// Whether the kernel takes it.
    const fn is_good(&self) -> bool {
        is_name(self.name()) && self.0.mode & !0o666 == 0
    }
}

/// Whether the kernel takes these entries as one folder's: there are some, and no two have one name.
pub(super) const fn are_good(mut entries: &[Entry]) -> bool {
    let any = !entries.is_empty();
    // Loops of this kind can run when the driver is compiled, others cannot.
    while let [entry, others @ ..] = entries {
        let mut at = 0;
        while at < others.len() {
            if is_same(entry.name(), others[at].name()) {
                return false;
            }
            at += 1;
        }
        if !entry.is_good() {
            return false;
        }
        entries = others;
    }
    any
}

/// Whether a file or folder may be called that: it has no `/`, which a path has between names.
pub(super) const fn is_name(name: &[u8]) -> bool {
    is_path(name) && !contains_slash(name)
}

/// Whether all parts of a path may be names.
pub(super) const fn is_path(path: &[u8]) -> bool {
    let (mut len, mut dots, mut at) = (0, 0, 0);
    while at <= path.len() {
        if at == path.len() || path[at] == b'/' {
            if len > 255 || (len == dots && len < 3) {
                return false;
            }
            (len, dots) = (0, 0);
        } else {
            len += 1;
            dots += (path[at] == b'.') as usize;
        }
        at += 1;
    }
    true
}

const fn contains_slash(mut name: &[u8]) -> bool {
    while let [byte, others @ ..] = name {
        if *byte == b'/' {
            return true;
        }
        name = others;
    }
    false
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
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
    fn each_part_of_a_path_is_a_name() {
        for good in ["a", "dev/cdrom", "...", ".a/b."] {
            assert!(is_path(good.as_bytes()), "{good}");
        }
        for bad in ["", "/", "/a", "a/", "a//b", ".", "a/..", "../a"] {
            assert!(!is_path(bad.as_bytes()), "{bad}");
        }
        let mut long = [b'a'; 256];
        assert!(!is_path(&long));
        long[7] = b'/';
        assert!(is_path(&long) && !is_name(&long));
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
        assert_eq!((entry.0.min, entry.0.max), (i32::MIN as isize, -1));
    }
}
