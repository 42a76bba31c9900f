// SPDX-License-Identifier: GPL-2.0-only

//! Tests of the `kernel` library that need a kernel, and the faults that it must survive.
//!
//! Without `provoke` the module only registers files for the tests of user space when it is loaded. The other tests run
//! in its in-kernel test build.
#![no_std]
#![cfg_attr(kunit, feature(arbitrary_self_types))]
#![forbid(unsafe_code)]

mod chrdev;
mod configfs;
mod debugfs;
mod device;
mod files;
mod interrupts;
mod kthread;
mod locks;
mod memory;
mod owners;
mod panics;
mod parameters;
mod pending;
mod polling;
mod procfs;
mod random;
mod rcu;
mod sysctl;
mod sysfs;
mod task;
mod text;
mod time;
mod user;
mod waiting;
mod workqueue;

use kernel::{
    miscdevice::MiscDeviceRegistration,
    prelude::*,
    time::{Delta, delay::fsleep},
};

use device::{Endless, registration};
use waiting::Waiting;

module! {
    type: Selftest,
    name: "koxide_selftest",
    authors: ["The Koxide authors"],
    description: "Tests of the library that need a kernel",
    license: "GPL",
    alias: ["koxide:selftest"],
    params: {
        provoke: u32 {
            default: 0,
            description: "A fault: 1 panics, 2 leaks a registration, 3 fails after a registration, 4 logs a long line, 5 one that is far too long, 6 lines of each kind, 7 counts too far, 8 divides by nothing, 9 panics while it panics",
        },
        pending: u32 {
            default: 0,
            description: "What to leave behind: 1 a thread, 2 a thread of an init that fails, 3 a work in 10 s, 4 one that repeats itself, 5 one that takes a second, 6 timers whose handles are forgotten, 7 those in 10 s, 8 works that repeat themselves all the time, 9 a work in a queue, 10 what is left of 400 threads",
        },
        who: bool { default: false, description: "Say who loads the module" },
        index: usize {
            default: 0,
            description: "Which element of an array of 4 to use",
        },
        a_i8: i8 { default: -8, description: "A number" },
        a_u8: u8 { default: 8, description: "A number" },
        a_i16: i16 { default: -16, description: "A number" },
        a_u16: u16 { default: 16, description: "A number" },
        a_i32: i32 { default: -32, description: "A number" },
        a_u32: u32 { default: 32, description: "A number" },
        a_i64: i64 { default: -64, description: "A number" },
        a_u64: u64 { default: 64, description: "A number" },
        an_isize: isize { default: -1, description: "A number" },
        a_bool: bool { default: false, description: "Yes or no" },
        a_text: str { default: "nothing \"said\"", description: "A text" },
        a_row: [i16; 4] { default: [1, -2], description: "Numbers", perm: 0o444 },
        some_bools: [bool; 2] { default: [true], description: "Yes or no" },
        live_number: u64 { default: 0, description: "A number that changes", perm: 0o644 },
        live_bool: bool { default: false, description: "A yes or no that changes", perm: 0o600 },
        live_text: str { default: "", description: "A text that changes", perm: 0o644 },
        live_row: [u32; 8] { default: [], description: "Numbers that change", perm: 0o644 },
        watch: bool { default: false, description: "Whether a thread watches those that change" },
    },
}

/// 16 times a text.
macro_rules! sixteen {
    ($x:expr) => {
        concat!(
            $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x
        )
    };
}

/// A text of 64 KB.
macro_rules! too_long {
    () => {
        sixteen!(sixteen!(sixteen!("far too long... ")))
    };
}

/// What user space can look at while the module is loaded.
struct Selftest {
    watcher: Option<parameters::Watcher>,
    _config: Pin<KBox<kernel::configfs::Subsystem<configfs::Library>>>,
    _debug: debugfs::Files,
    _devices: sysfs::Devices,
    _proc: procfs::Files,
    _settings: sysctl::Logged,
    _files: Pin<KBox<files::Devices>>,
    _waiting: Pin<KBox<MiscDeviceRegistration<Waiting>>>,
    _polling: Pin<KBox<MiscDeviceRegistration<polling::Polling>>>,
    _chrdev: chrdev::Devices,
}

impl kernel::Module for Selftest {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        parameters::log();
        match module_parameters::provoke.value() {
            1 => panic!("provoked with {}", 42),
            9 => panics::panic_twice(),
            2 => core::mem::forget(registered()?),
            3 => fail_late()?,
            6 => text::log(),
            4 => pr_info!("{:>600}|\n", "a long line"),
            5 => {
                pr_info!(too_long!());
                dev_info!(registered()?.device(), too_long!());
            }
            // Neither is known when this is compiled.
            provoked @ 7 => pr_info!("the sum is {}\n", u32::MAX - 6 + provoked),
            provoked @ 8 => pr_info!("the quotient is {}\n", 1 / (provoked - 8)),
            _ => {}
        }
        if module_parameters::who.value() {
            task::say_who();
        }
        pending::leave(module_parameters::pending.value())?;
        // Out of bounds, this panics.
        let squares = [0, 1, 4, 9];
        pr_info!(
            "the square is {}\n",
            squares[module_parameters::index.value()]
        );
        Ok(Self {
            watcher: parameters::watch()?,
            _config: configfs::subsystem(c"koxide_selftest")?,
            _debug: debugfs::Files::new()?,
            _devices: sysfs::Devices::new()?,
            _proc: procfs::Files::new()?,
            _settings: sysctl::Logged::new()?,
            _files: KBox::try_pin_init(files::Devices::new(), GFP_KERNEL)?,
            _waiting: KBox::try_pin_init(waiting::registration(), GFP_KERNEL)?,
            _polling: KBox::try_pin_init(polling::registration(), GFP_KERNEL)?,
            _chrdev: chrdev::Devices::new()?,
        })
    }
}

impl Drop for Selftest {
    fn drop(&mut self) {
        if let Some(watcher) = self.watcher.take() {
            parameters::log_watched(watcher);
        }
        pr_info!("unloaded\n");
    }
}

/// A device that is registered.
fn registered() -> Result<Pin<KBox<MiscDeviceRegistration<Endless>>>> {
    KBox::try_pin_init(registration(), GFP_KERNEL)
}

/// Fails when a device has been there for a while, and somebody may have opened it.
fn fail_late() -> Result {
    let device = registered()?;
    pr_info!("registered for a while\n");
    fsleep(Delta::from_millis(500));
    drop(device);
    Err(EBUSY)
}
