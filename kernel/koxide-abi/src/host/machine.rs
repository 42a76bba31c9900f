// SPDX-License-Identifier: GPL-2.0-only

//! The machine that a thread runs on: its log, memory, devices and threads.
//!
//! Each thread has one of its own, so that tests do not see each other. Threads that work for the same driver share one:
//! those that the fake kernel starts have their starter's, and [`within`] lends one.

use core::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::alloc::Ledger;
use super::chrdev::Regions;
use super::later::Later;
use super::node::Node;
use super::uaccess::UserMemory;

/// A panic's payload.
type Payload = Box<dyn Any + Send>;

/// What all of a driver shares, as it would one kernel.
#[derive(Default)]
pub struct Machine {
    /// The kernel log: level and text.
    pub(super) log: Mutex<Vec<(u32, String)>>,
    /// The memory of the program that uses the driver.
    pub(super) user: Mutex<UserMemory>,
    /// The kernel's memory.
    pub ledger: Arc<Ledger>,
    /// The files that can be opened, by their paths.
    pub(super) nodes: Mutex<BTreeMap<String, Arc<Node>>>,
    /// The device numbers that are taken.
    pub(super) regions: Mutex<Regions>,
    /// What the driver has a reference to.
    pub(super) held: Held,
    /// Timers and works.
    pub(super) later: Later,
    /// Whether a module is loaded: then panics of its callbacks are kept for the test.
    loaded: AtomicBool,
    panic: Mutex<Option<Payload>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// References that the driver has taken and not given back.
#[derive(Default)]
pub(super) struct Held {
    pub(super) files: AtomicI64,
    pub(super) devices: AtomicI64,
    pub(super) tasks: AtomicI64,
    pub(super) creds: AtomicI64,
}

std::thread_local! {
    static CURRENT: RefCell<Arc<Machine>> = RefCell::default();
}

/// The running thread's machine.
pub fn current() -> Arc<Machine> {
    CURRENT.with_borrow(Arc::clone)
}

/// Runs something on another machine.
pub fn within<R>(machine: &Arc<Machine>, body: impl FnOnce() -> R) -> R {
    /// Puts the thread's own machine back, in any case.
    struct Back(Arc<Machine>);

    impl Drop for Back {
        fn drop(&mut self) {
            CURRENT.with_borrow_mut(|current| core::mem::swap(current, &mut self.0));
        }
    }

    let _back = Back(CURRENT.replace(machine.clone()));
    body()
}

/// Locks something, whoever panicked while it was locked.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what the kernel calls. `None` when it panicked: the first panic is kept for [`Machine::check`].
///
/// Where no module is loaded nobody would look for it there, and the panic goes on.
pub fn contain<R>(body: impl FnOnce() -> R) -> Option<R> {
    let machine = current();
    if !machine.loaded.load(Ordering::Relaxed) {
        return Some(body());
    }
    catch_unwind(AssertUnwindSafe(body))
        .inspect_err(|_| lock(&machine.log).push((0, "kernel BUG: the driver panicked".to_owned())))
        .map_err(|panic| {
            lock(&machine.panic).get_or_insert(panic);
        })
        .ok()
}

impl Machine {
    /// A module is about to be loaded: what there is already is not its own.
    pub fn begin(&self) {
        self.ledger.mark();
        lock(&self.log).clear();
        self.loaded.store(true, Ordering::Relaxed);
    }

    /// The module is gone.
    pub fn end(&self) {
        self.loaded.store(false, Ordering::Relaxed);
    }

    /// Goes on with the panic of a callback, if there was one.
    ///
    /// # Panics
    ///
    /// If a callback of the module panicked.
    pub fn check(&self) {
        let panic = lock(&self.panic).take();
        if let Some(panic) = panic
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }

    /// Starts a thread on this machine.
    pub(super) fn spawn(self: &Arc<Self>, name: &str, body: impl FnOnce() + Send + 'static) {
        let machine = self.clone();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || within(&machine, body))
            .expect("the machine that runs the tests has no thread left");
        lock(&self.threads).push(thread);
    }

    /// Waits until all threads have ended that were started here.
    pub fn join(&self) {
        loop {
            let Some(thread) = lock(&self.threads).pop() else {
                return;
            };
            if let Err(panic) = thread.join() {
                lock(&self.panic).get_or_insert(panic);
            }
        }
    }

    /// Takes the lines of the log.
    pub fn take_log(&self) -> Vec<(u32, String)> {
        core::mem::take(&mut lock(&self.log))
    }

    /// Makes bytes user memory; says where they are.
    pub fn add_user_memory(&self, content: &[u8]) -> usize {
        lock(&self.user).add(content.to_vec())
    }

    /// Takes user memory away: what is in it now.
    pub fn remove_user_memory(&self, addr: usize) -> Vec<u8> {
        lock(&self.user).remove(addr)
    }

    /// Fails the test if a module that is to be unloaded is in use.
    ///
    /// # Panics
    ///
    /// As said.
    pub fn assert_unused(&self) {
        let open = self.held.files.load(Ordering::Relaxed);
        assert!(
            open == 0,
            "the module is in use: references to open files: {open}"
        );
    }

    /// Fails the test if a module that was unloaded left something behind.
    ///
    /// # Panics
    ///
    /// As said.
    pub fn assert_nothing_left(&self) {
        let left = self.left_behind();
        assert!(
            left.is_empty(),
            "the module left behind:\n{}",
            left.join("\n")
        );
    }

    /// What a module left behind, a line for each thing.
    fn left_behind(&self) -> Vec<String> {
        let mut left = self.ledger.report();
        let nodes = lock(&self.nodes);
        left.extend(nodes.keys().map(|path| format!("{path} is still there")));
        for (count, what) in [
            (&self.held.files, "open file"),
            (&self.held.devices, "device"),
            (&self.held.tasks, "task"),
            (&self.held.creds, "set of credentials"),
        ] {
            let count = count.load(Ordering::Relaxed);
            if count != 0 {
                left.push(format!(
                    "references to a {what} that were not given back: {count}"
                ));
            }
        }
        left
    }
}
