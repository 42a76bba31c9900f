// SPDX-License-Identifier: MIT OR Apache-2.0

//! Fault plans: each allocation of a driver's init, open and operations fails once.
//!
//! `cargo koxide test` links a driver that has a `tests/faults.rs` a second time: the same Rust object, with shims that
//! fail when they are told to, and that know what was not given back. Such a test loads that module:
//!
//! ```no_run
//! use std::fs::File;
//! use std::io::Read;
//!
//! use koxide_guest::faults;
//!
//! let driver = faults::load("hello", "");
//! driver.each(|| File::open("/dev/hello")?.read(&mut [0; 6]));
//! driver.unload();
//! ```
//!
//! What counts as an allocation is whatever a shim asks the kernel for that the kernel may refuse for want of memory: a
//! registration, too. On kernels with fault injection those fail as well that the kernel makes within; there the errno may be
//! any. They are counted in the thread that acts, so that each run is the same; with the parameter
//! `kx_fail_everywhere=1`, in all threads, works and timers of the driver.

mod nth;

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use crate::{Errno, KernelLog, Module};

/// More allocations than any action has: with so many, something goes on for ever.
const MOST: usize = 5000;

/// How long the kernel may take to give back what nobody uses any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a module complains of what was not given back.
const COMPLAINT: &str = "WARNING: ";

/// A driver's module with shims that fail when they are told to.
#[derive(Debug)]
pub struct Faulty {
    name: String,
    module: Module,
    log: KernelLog,
}

/// Loads the driver `name`, after each allocation of its init has failed once.
///
/// Each time, loading it fails with `ENOMEM`, and nothing is left behind. How many there were is said on standard output.
///
/// # Panics
/// When that is not so.
pub fn load(name: &str, params: &str) -> Faulty {
    load_or(name, params, |_, _| false)
}

/// As [`load`], but it may end in another way than with `ENOMEM`, when `tolerates` says so of what failed and of the errno;
/// without an errno it is loaded.
///
/// What failed is a text such as `kzalloc in kx_sysfs_alloc for some_function+0x1d/0x40 [driver]`: the kernel's function,
/// the shim that called it, and the code that called that.
///
/// # Panics
/// When that is not so.
pub fn load_or(
    name: &str,
    params: &str,
    tolerates: impl Fn(&str, Option<Errno>) -> bool,
) -> Faulty {
    for number in 1..MOST {
        let mut log = KernelLog::since_now();
        let loaded = Faulty::insert(name, params, number);
        let failed = failed(&mut log, number);
        match (loaded, &failed) {
            (Err(Errno::ENOMEM), Some(_)) => {}
            (Err(errno), Some(failed)) if tolerates(failed, Some(errno)) => {}
            (Err(errno), _) => panic!("{name} is not loaded: {errno}, when {failed:?} fails"),
            (Ok(driver), None) => {
                println!("{name}: {} allocations of its init", number - 1);
                driver.unload();
                if number > 1 {
                    load_without_kernel(name, params);
                }
                return load_only(name, params);
            }
            (Ok(driver), Some(failed)) if tolerates(failed, None) => driver.unload(),
            (Ok(_), Some(failed)) => panic!("{name} is loaded although {failed} fails"),
        }
        if let Some(line) = complaint(&mut log) {
            panic!("when {failed:?} fails: {line}");
        }
    }
    panic!("{name}: its init allocates for ever")
}

/// The same for what the kernel allocates within.
fn load_without_kernel(name: &str, params: &str) {
    let Some(counter) = nth::Counter::of_this_thread() else {
        return;
    };
    for (tries, number) in nth::numbers().enumerate() {
        let mut log = KernelLog::since_now();
        let loaded = Faulty::insert(name, &format!("kx_fail_nth={number} {params}"), 0);
        let happened = counter.end();
        if let Ok(driver) = loaded {
            driver.unload();
        }
        if let Some(line) = complaint(&mut log) {
            panic!("when allocation {number} of the kernel fails: {line}");
        }
        if !happened {
            println!("{name}: {tries} of {number} allocations of the kernel in its init");
            return;
        }
    }
}

/// Loads the driver `name`; allocation `number` of it fails, from 1 on, also after its init.
///
/// # Errors
/// The errno with which its init failed.
pub fn load_failing(name: &str, params: &str, number: usize) -> Result<Faulty, Errno> {
    Faulty::insert(name, params, number)
}

/// Loads the driver `name`, and nothing fails.
///
/// # Panics
/// When it cannot be loaded.
pub fn load_only(name: &str, params: &str) -> Faulty {
    Faulty::insert(name, params, 0)
        .unwrap_or_else(|errno| panic!("{name}-faults cannot be loaded: {errno}"))
}

impl Faulty {
    /// Loads the module; allocation `number` of its init fails.
    fn insert(name: &str, params: &str, number: usize) -> Result<Self, Errno> {
        let log = KernelLog::since_now();
        let params = format!("kx_fail_at={number} {params}");
        let module = Module::load(&format!("{name}-faults"), &params)?;
        Ok(Self {
            name: name.replace('-', "_"),
            module,
            log,
        })
    }

    /// Does something again and again; each time another one of its allocations fails, until none is left. Says how many
    /// there were.
    ///
    /// Each time it fails with `ENOMEM`; then it is done once more and succeeds, and after that nothing is left behind.
    ///
    /// # Panics
    /// When that is not so.
    pub fn each<T>(&self, action: impl FnMut() -> io::Result<T>) -> usize {
        self.each_or(action, |_, _| false)
    }

    /// As [`each`](Self::each), but it may end in another way than with `ENOMEM`, when `tolerates` says so of what failed
    /// and of the errno; without an errno it succeeded.
    ///
    /// # Panics
    /// When that is not so.
    pub fn each_or<T>(
        &self,
        mut action: impl FnMut() -> io::Result<T>,
        tolerates: impl Fn(&str, Option<Errno>) -> bool,
    ) -> usize {
        let name = &self.name;
        self.succeed(&mut action, "nothing");
        let before = self.get("kx_outstanding");
        for number in 1..MOST {
            let mut log = KernelLog::since_now();
            self.plan(number);
            let result = action();
            let asked = self.get("kx_asked");
            self.plan(0);
            let Some(failed) = failed(&mut log, number) else {
                println!("{name}: {asked} allocations of an action");
                // What it gave, such as an open file, is the driver's, too.
                drop(result);
                if asked > 0 {
                    self.without_kernel(&mut action, before);
                }
                return number - 1;
            };
            let errno = match result {
                Ok(_) => None,
                Err(error) => Some(
                    Errno::of(&error)
                        .unwrap_or_else(|| panic!("{name}: when {failed} fails: {error}")),
                ),
            };
            let fine = errno == Some(Errno::ENOMEM) || tolerates(&failed, errno);
            assert!(
                fine,
                "{name}: when {failed} fails, this comes of it: {errno:?}"
            );
            self.succeed(&mut action, &failed);
            self.settle(before, &failed);
        }
        panic!("{name}: the action allocates for ever")
    }

    /// The same for what the kernel allocates within; what comes of it is the kernel's business.
    fn without_kernel<T>(&self, action: &mut impl FnMut() -> io::Result<T>, before: usize) {
        let Some(counter) = nth::Counter::of_this_thread() else {
            return;
        };
        for (tries, number) in nth::numbers().enumerate() {
            self.set("kx_fail_nth", number);
            self.plan(0);
            let result = action();
            let happened = counter.end();
            drop(result);
            let failed = format!("allocation {number} of the kernel");
            self.succeed(action, &failed);
            self.settle(before, &failed);
            if !happened {
                println!(
                    "{}: {tries} of {number} allocations of the kernel",
                    self.name
                );
                return;
            }
        }
    }

    /// How many allocations failed as planned since the plan was made.
    ///
    /// # Panics
    /// When the module does not say.
    pub fn failed(&self) -> usize {
        self.get("kx_failed")
    }

    /// How many things the driver has that it must give back before it is unloaded: memory, registrations, references.
    ///
    /// # Panics
    /// When the module does not say.
    pub fn outstanding(&self) -> usize {
        self.get("kx_outstanding")
    }

    /// Unloads it: nothing is left behind.
    ///
    /// # Panics
    /// When that is not so.
    pub fn unload(self) {
        let Self {
            name,
            module,
            mut log,
        } = self;
        if let Err((_module, errno)) = module.unload() {
            panic!("{name} is not unloaded: {errno}");
        }
        if let Some(line) = complaint(&mut log) {
            panic!("{line}");
        }
    }

    /// Does it without a failure.
    fn succeed<T>(&self, action: &mut impl FnMut() -> io::Result<T>, failed: &str) {
        if let Err(error) = action() {
            panic!(
                "{}: after {failed} failed, it does not work: {error}",
                self.name
            );
        }
    }

    /// Waits until the driver has no more than it had before.
    fn settle(&self, before: usize, failed: &str) {
        let start = Instant::now();
        while self.outstanding() != before {
            let now = self.outstanding();
            assert!(
                start.elapsed() < PATIENCE,
                "{}: after {failed} failed, it has {now} things and not {before}; unloading it says which",
                self.name
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Says which allocation of this thread is to fail from now on.
    fn plan(&self, number: usize) {
        self.set("kx_fail_at", number);
    }

    fn set(&self, name: &str, number: usize) {
        let path = self.parameter(name);
        fs::write(&path, number.to_string())
            .unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
    }

    fn get(&self, name: &str) -> usize {
        let path = self.parameter(name);
        let text = fs::read_to_string(&path);
        let number = text.ok().and_then(|text| text.trim().parse().ok());
        number.unwrap_or_else(|| panic!("{} is no number", path.display()))
    }

    fn parameter(&self, name: &str) -> PathBuf {
        ["/sys/module", &self.name, "parameters", name]
            .iter()
            .collect()
    }
}

/// What failed as planned, as the log says.
fn failed(log: &mut KernelLog, number: usize) -> Option<String> {
    let mark = format!(": allocation {number} fails: ");
    let mut lines = log.lines().iter();
    lines.find_map(|line| Some(line.split_once(&mark)?.1.to_owned()))
}

fn complaint(log: &mut KernelLog) -> Option<String> {
    let mut lines = log.lines().iter();
    lines.find(|line| line.starts_with(COMPLAINT)).cloned()
}
