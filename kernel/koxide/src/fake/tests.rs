// SPDX-License-Identifier: GPL-2.0-only

//! What a driver does wrong fails its test.

use core::ffi::c_int;
use std::time::Duration;

use super::*;
use crate::fs::flags::O_RDWR;
use crate::fs::{File, FileOperations, Kiocb};
use crate::iov::IovIterDest;
use crate::miscdevice::{MiscDeviceOptions, MiscDeviceRegistration};
use crate::prelude::*;
use crate::sync::{Arc, SpinLock, new_spinlock};
use crate::workqueue::Queue;
use crate::{kthread, time::Delta};

/// A module that is not made by `module!`: it has no value, and its init and exit are functions.
macro_rules! faulty {
    ($name:ident, init: $init:expr, exit: $exit:expr) => {
        pub(crate) struct $name;

        impl Loadable for $name {
            const __PARAMETERS: &'static [&'static str] = &[];

            unsafe fn __give<'a>(_: impl Fn(&str) -> Option<&'a str>) -> Result {
                Ok(())
            }

            fn __init() -> c_int {
                crate::entry::enter(crate::entry::callback::INIT, crate::entry::Module, $init)
            }

            fn __exit() {
                crate::entry::enter(crate::entry::callback::EXIT, crate::entry::Module, $exit);
            }
        }
    };
}

faulty!(Empty, init: || 0, exit: crate::module::pending::finish);

impl crate::ModuleMetadata for Empty {
    const NAME: &'static CStr = c"empty";
}

#[test]
#[cfg_attr(miri, ignore = "Miri sees what is left, too")]
#[should_panic(expected = "4 bytes of memory were not freed: allocation 1")]
fn memory_that_is_left_is_seen() {
    faulty!(Leaks, init: || {
        let _ = KBox::into_raw(KBox::new(7u32, GFP_KERNEL).unwrap());
        0
    }, exit: || ());
    load::<Leaks>().unwrap().unload();
}

#[test]
fn what_was_there_before_is_not_the_modules() {
    let before = KBox::new(1, GFP_KERNEL).unwrap();
    load::<Empty>().unwrap().unload();
    drop(before);
}

#[test]
#[should_panic(expected = "the driver is at its wits' end")]
fn a_panic_of_init_is_the_tests() {
    faulty!(Panics, init: || panic!("the driver is at its wits' end"), exit: || ());
    let _ = load::<Panics>();
}

#[test]
#[should_panic(expected = "sleeping function called from invalid context")]
fn who_sleeps_with_a_spinlock_is_caught() {
    faulty!(Sleeps, init: || {
        let lock: Pin<KBox<SpinLock<u32>>> =
            KBox::pin_init(new_spinlock!(1), GFP_ATOMIC).unwrap();
        let _locked = lock.lock();
        drop(KBox::new(1, GFP_KERNEL));
        0
    }, exit: || ());
    let _ = load::<Sleeps>();
}

#[test]
#[cfg_attr(miri, ignore = "Miri sees what is left, too")]
#[should_panic(expected = "a thread has lost its way")]
fn a_panic_of_a_thread_is_the_tests() {
    faulty!(Threads, init: || {
        let thread = kthread::spawn(c"lost", || -> u32 { panic!("a thread has lost its way") });
        core::mem::forget(thread);
        0
    }, exit: || ());
    load::<Threads>().unwrap().unload();
}

/// A device whose reads panic, and whose files keep a lock when they are opened twice.
struct Bad;

#[vtable]
impl FileOperations for Bad {
    type Ptr = ();

    fn open(_: &File, _: &MiscDeviceRegistration<Self>) -> Result<()> {
        Ok(())
    }

    fn read_iter(_: Kiocb<'_, ()>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        assert!(iov.is_empty(), "a read that nobody thought of");
        Ok(0)
    }

    fn ioctl(_: (), _: &File, _: u32, _: usize) -> Result<isize> {
        core::mem::forget(crate::sync::rcu::read_lock());
        Ok(0)
    }
}

/// A module with that device, for a closure.
fn with_bad(name: &'static CStr, body: impl FnOnce(super::File)) {
    let module = load::<Empty>().unwrap();
    let registration = MiscDeviceRegistration::<Bad>::register(MiscDeviceOptions { name });
    let registration = KBox::pin_init(registration, GFP_KERNEL).unwrap();
    let path = std::format!("/dev/{}", name.to_str().unwrap());
    body(module.open(&path, O_RDWR).unwrap());
    drop(registration);
    assert_eq!(module.open(&path, O_RDWR).err(), Some(ENOENT));
}

#[test]
#[should_panic(expected = "a read that nobody thought of")]
fn a_panic_of_an_operation_is_the_tests() {
    with_bad(c"panics", |file| {
        let _ = file.read(&mut [0; 4]);
    });
}

#[test]
#[should_panic(expected = "outlived the system call")]
fn who_comes_back_from_a_call_with_a_lock_is_caught() {
    with_bad(c"keeps", |file| {
        let _ = file.ioctl(1, 0);
    });
}

#[test]
#[cfg_attr(miri, ignore = "Miri sees what is left, too")]
#[should_panic(expected = "the module is in use: references to open files: 1")]
fn a_file_that_is_open_keeps_the_module() {
    with_bad(c"open", core::mem::forget);
}

#[test]
fn works_run_in_their_order() {
    let module = load::<Empty>().unwrap();
    let queue = Queue::new_ordered().build(c"ordered").unwrap();
    let seen = Arc::pin_init(new_spinlock!(std::vec::Vec::new()), GFP_KERNEL).unwrap();
    for number in 0..3 {
        let seen = seen.clone();
        queue
            .try_spawn(GFP_KERNEL, move || seen.lock().push(number))
            .unwrap();
    }
    drop(queue);
    assert_eq!(*seen.lock(), [0, 1, 2]);
    drop(seen);
    module.unload();
}

#[test]
fn a_thread_sleeps_until_it_is_stopped() {
    let module = load::<Empty>().unwrap();
    let thread = kthread::spawn(c"sleeper", || {
        let mut slept = 0;
        while kthread::sleep(Delta::from_secs(50)) {
            slept += 1;
        }
        slept
    });
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(thread.unwrap().stop(), 0);
    module.unload();
}
