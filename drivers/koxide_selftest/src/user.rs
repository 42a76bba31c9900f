// SPDX-License-Identifier: GPL-2.0-only

//! User memory that is none, and who the user is.

#[kernel::prelude::kunit_tests(user)]
mod tests {
    use kernel::{current, prelude::*, task::Kuid, uaccess::UserSlice};

    /// Addresses of programs have so many bits on x86, or nearly; others have more.
    const SPLIT: u32 = if usize::BITS == 64 { 47 } else { 30 };

    #[test]
    fn bad_addresses_are_efault() {
        let on_stack = 7u64;
        let in_kernel = (&raw const on_stack).addr();
        for addr in [0, 8, in_kernel, usize::MAX << SPLIT, 1 << SPLIT, usize::MAX] {
            let slice = |len| UserSlice::new(UserPtr::from_addr(addr), len);
            assert_eq!(slice(8).reader().read::<u64>(), Err(EFAULT));
            assert_eq!(slice(8).writer().write(&1u64), Err(EFAULT));
            let text = slice(8).reader().strcpy_into_buf(&mut [0; 4]).map(|_| ());
            assert_eq!(text, Err(EFAULT));
        }
        assert_eq!(on_stack, 7);
    }

    #[test]
    fn sizes_that_nothing_has_are_refused() {
        let everything = || UserSlice::new(UserPtr::from_addr(8), usize::MAX);
        let mut buffer = KVVec::new();
        let read = everything().read_all(&mut buffer, GFP_KERNEL | __GFP_NOWARN);
        assert_eq!(read, Err(ENOMEM));
        assert_eq!(everything().reader().skip(usize::MAX), Ok(()));
    }

    #[test]
    fn root_loads_modules() {
        assert_eq!(Kuid::current_euid().into_uid_in_current_ns(), 0);
        assert!(current!().pid() > 0);
        assert!(!current!().signal_pending());
    }
}
