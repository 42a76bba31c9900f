// SPDX-License-Identifier: GPL-2.0-only

//! A module that is loaded.

#![allow(
    unsafe_code,
    reason = "sets the parameters of a module that is not loaded"
)]

use core::marker::PhantomData;
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use koxide_abi::host::machine::{Machine, current};

use super::{File, Loadable};
use crate::error::{Result, to_result};
use crate::kunit::{Suite, run_whole};
use crate::module;

/// Held while a module is loaded: the library's state and the driver's statics are those of one process.
static LOADED: Mutex<()> = Mutex::new(());

/// Loads a module, as `insmod` does; waits until no other test has one loaded.
///
/// # Errors
///
/// What the module's init returned.
///
/// # Panics
///
/// If init panics, or if it fails and leaves something behind.
pub fn load<M: Loadable>() -> Result<Loaded<M>> {
    load_with(&[])
}

/// Loads a module with parameters, as `insmod driver.ko name=value` does.
///
/// # Examples
///
/// ```
/// # // kunit: ignore
/// use kernel::prelude::*;
///
/// module! {
///     type: Quiet,
///     name: "quiet",
///     license: "GPL",
///     params: {
///         volume: u8 { default: 0, description: "How loud it is" },
///     },
/// }
///
/// struct Quiet;
///
/// impl kernel::Module for Quiet {
///     fn init(_module: &'static ThisModule) -> Result<Self> {
///         match module_parameters::volume.value() {
///             0..=10 => Ok(Quiet),
///             _ => Err(EINVAL),
///         }
///     }
/// }
///
/// // #[test]
/// fn it_is_never_loud() {
///     use kernel::fake;
///
///     assert!(fake::load_with::<Quiet>(&[("volume", "10")]).is_ok());
///     assert_eq!(fake::load_with::<Quiet>(&[("volume", "11")]).err(), Some(EINVAL));
/// }
/// # fn main() {
/// #     it_is_never_loud();
/// # }
/// ```
///
/// # Errors
///
/// What the module's init returned; `EINVAL` for a text that is no value of its parameter.
///
/// # Panics
///
/// As [`load`], and if there is no parameter of a name.
pub fn load_with<M: Loadable>(parameters: &[(&str, &str)]) -> Result<Loaded<M>> {
    for (name, _) in parameters {
        assert!(
            M::__PARAMETERS.contains(name),
            "there is no parameter `{name}`"
        );
    }
    let alone = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let given = |wanted: &str| {
        let given = parameters.iter().find(|(name, _)| *name == wanted);
        given.map(|(_, text)| *text)
    };
    // SAFETY: no module is loaded, since this has the lock.
    unsafe { M::__give(given) }?;
    module::reset();
    let machine = current();
    machine.begin();
    let mut module = Loaded {
        machine,
        exit: false,
        _alone: alone,
        _module: PhantomData,
    };
    let loaded = to_result(M::__init());
    module.machine.check();
    loaded?;
    module.exit = true;
    Ok(module)
}

/// Takes the lines of a log.
pub(super) fn lines(machine: &Machine) -> Vec<String> {
    let log = machine.take_log().into_iter();
    log.map(|(_, line)| String::from(line.trim_end())).collect()
}

/// Runs a suite of in-kernel tests, as when the driver's module of tests is loaded.
///
/// # Panics
///
/// If one fails, with what it wrote to the log.
#[doc(hidden)]
pub fn __run_suite(suite: &'static Suite) {
    let _alone = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    module::reset();
    let machine = current();
    machine.begin();
    let passed = run_whole(suite);
    machine.join();
    machine.end();
    machine.check();
    let log = lines(&machine);
    assert!(passed, "{}", log.join("\n"));
}

/// A module that is loaded. Dropping it unloads it.
pub struct Loaded<M: Loadable> {
    machine: Arc<Machine>,
    exit: bool,
    _alone: MutexGuard<'static, ()>,
    _module: PhantomData<M>,
}

impl<M: Loadable> Loaded<M> {
    /// Opens a file, such as `/dev/yes`, with [flags](crate::fs::flags).
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such file, and what the driver's `open` says.
    ///
    /// # Panics
    ///
    /// If the driver does.
    pub fn open(&self, path: &str, flags: u32) -> Result<File> {
        File::open(&self.machine, path, flags)
    }

    /// What was written to the log since the module was loaded, or it was asked for last: as [`log`](super::log) has it.
    pub fn log(&self) -> Vec<String> {
        lines(&self.machine)
    }

    /// Unloads the module, as `rmmod` does.
    ///
    /// # Panics
    ///
    /// If a file is open, if the driver panics, or if it leaves something behind.
    pub fn unload(self) {}
}

impl<M: Loadable> Drop for Loaded<M> {
    fn drop(&mut self) {
        // Another failure must not lose its message by a panic on top of it.
        let failed = std::thread::panicking();
        if !failed {
            self.machine.assert_unused();
        }
        if self.exit {
            M::__exit();
        }
        self.machine.join();
        self.machine.end();
        // What needs no module is tested as if there were one.
        module::reset();
        if !failed {
            self.machine.check();
            self.machine.assert_nothing_left();
        }
    }
}
