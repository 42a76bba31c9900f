// SPDX-License-Identifier: MIT OR Apache-2.0

//! Measures a driver: what its operations cost, beside a twin of it in C.
//!
//! A driver's `benches/NAME.rs` is a program that says what is measured; `cargo koxide bench` runs it in a virtual machine
//! with the driver's module, with its twin's, which has the same name and the same devices, and with a module whose
//! operations do nothing. In `Cargo.toml` it is a `[[bench]]` with `harness = false`.
//!
//! ```no_run
//! use std::fs::File;
//! use std::os::unix::fs::FileExt;
//!
//! use koxide_guest::bench::{self, SIZES};
//!
//! fn main() {
//!     bench::run(|turn| {
//!         turn.loading("");
//!         let _module = turn.load("");
//!         let path = turn.chrdev("/dev/yes");
//!         turn.case("open/close", || drop(File::open(path).unwrap()));
//!         let yes = File::open(path).unwrap();
//!         for size in SIZES {
//!             let mut buffer = vec![0; size];
//!             turn.case(&format!("read {size}"), || yes.read_exact_at(&mut buffer, 0).unwrap());
//!         }
//!     });
//! }
//! ```
//!
//! # What is counted
//!
//! *Instructions*, in a machine whose clock they are: whatever sleeps is refused, since such a clock jumps over idle time.
//! The mean of the middle half of many calls counts, so that what an operation costs now and then, as when the kernel's
//! caches are filled up, does not. Or *time*, in batches of calls, of which the shortest counts. What the measuring costs is
//! taken off, and nothing counts in which the scheduler let another thread run.
//!
//! [`run`] calls its function once for each turn. Turns of the subjects take turns themselves, first in one order and then
//! in the other, so that what drifts is the same for all.

mod lines;
mod meter;

use std::cell::RefCell;
use std::env;
use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::Module;
use crate::protocol::{Clock, Sample, Values};
use lines::Lines;
use meter::{Meter as _, cost, duration, in_nanoseconds, least, middle};

/// The sizes of reads and writes that are compared.
pub const SIZES: [usize; 4] = [1, 64, 4096, 65536];

/// The subject whose operations do nothing.
const NULL: &str = "null";

/// Its files.
const NULL_MISC: &str = "/dev/koxide-null";
const NULL_CHRDEV: &str = "/dev/koxide-null-chrdev";
const NULL_SETTING: &str = "/proc/sys/koxide_null/test";

/// How often each subject has its turn when instructions are counted: what differs between the two is not used.
const COUNTS: usize = 2;

/// How often each subject has its turn when time is measured.
const TIMES: usize = 4;

/// How long the kernel may finish what it left for later, before an operation is counted. The machine whose clock counts jumps
/// over that time.
const SETTLING: Duration = Duration::from_millis(100);

/// How often a module is loaded in a turn.
const LOADS: usize = 10;

/// How often a module is loaded to write lines.
const LOGS: usize = 40;

/// How many operations each thread does when several want the same lock.
const CONTENDED: u32 = 500;

/// How often they do so: who comes first is another one each time.
const CROWDS: usize = 8;

/// A module that is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Subject {
    name: String,
    /// The name of the module's file, without its ending.
    module: String,
}

/// What was measured in a case of a subject, turn by turn.
type Measured = Vec<(String, String, Result<Vec<f64>, String>)>;

/// Measures what a function says, for each subject that the host asked for, and writes it to the standard output.
///
/// Outside of a virtual machine, where there is nothing to measure, it says how to get there.
///
/// # Panics
/// When an operation fails, or a module cannot be loaded.
pub fn run(cases: impl Fn(&Turn)) {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((clock, subjects)) = asked(&arguments) else {
        println!("this runs in a virtual machine: `cargo koxide bench` boots one");
        return;
    };
    // What is logged is part of an operation, and a serial port is not.
    fs::write("/proc/sys/kernel/printk", "1").expect("root may quiet the console");
    lines::fill();
    let measured = RefCell::new(Vec::new());
    for round in 0..rounds(clock) {
        let mut order: Vec<&Subject> = subjects.iter().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for subject in order {
            cases(&Turn {
                clock,
                subject: subject.clone(),
                measured: &measured,
            });
        }
    }
    for (subject, case, values) in measured.into_inner() {
        let sample = Sample {
            case,
            subject,
            clock,
            values: summary(clock, values),
        };
        println!("{sample}");
    }
}

fn rounds(clock: Clock) -> usize {
    match clock {
        Clock::Instructions => COUNTS,
        Clock::Time => TIMES,
    }
}

/// Counts stay apart, since they should agree; of times in one boot the least is the figure.
fn summary(clock: Clock, values: Result<Vec<f64>, String>) -> Values {
    match values {
        Err(why) => Values::Unusable(why),
        Ok(values) if clock == Clock::Instructions => Values::Each(values),
        Ok(values) => Values::Each(vec![least(&values)]),
    }
}

/// What the host asked for: a clock, and subjects with the names of their modules' files.
fn asked(arguments: &[String]) -> Option<(Clock, Vec<Subject>)> {
    let (clock, subjects) = arguments.split_first()?;
    let subject = |word: &String| {
        let (name, module) = word.split_once('=')?;
        Some(Subject {
            name: name.to_owned(),
            module: module.to_owned(),
        })
    };
    let subjects: Option<Vec<Subject>> = subjects.iter().map(subject).collect();
    Some((Clock::of(clock)?, subjects?))
}

/// The turn of a subject: a driver's module, its twin's, or the one whose operations do nothing.
#[derive(Debug)]
pub struct Turn<'a> {
    clock: Clock,
    subject: Subject,
    measured: &'a RefCell<Measured>,
}

impl Turn<'_> {
    /// Loads the subject's module, with parameters as `insmod` takes them. It is unloaded on drop.
    ///
    /// # Panics
    /// When the kernel refuses it.
    pub fn load(&self, params: &str) -> Module {
        let params = if self.is_null() { "" } else { params };
        let name = &self.subject.module;
        Module::load(name, params)
            .unwrap_or_else(|errno| panic!("{name} cannot be loaded: {errno}"))
    }

    /// The node of a misc device: `path`, or one of the subject whose operations do nothing.
    pub fn misc<'p>(&self, path: &'p str) -> &'p str {
        self.path(path, NULL_MISC)
    }

    /// The same for a character device that has a region of numbers of its own.
    pub fn chrdev<'p>(&self, path: &'p str) -> &'p str {
        self.path(path, NULL_CHRDEV)
    }

    /// The same for a setting below `/proc/sys`.
    pub fn setting<'p>(&self, path: &'p str) -> &'p str {
        self.path(path, NULL_SETTING)
    }

    fn path<'p>(&self, path: &'p str, null: &'static str) -> &'p str {
        if self.is_null() { null } else { path }
    }

    /// Measures an operation.
    pub fn case(&self, name: &str, mut operation: impl FnMut()) {
        if self.clock == Clock::Instructions {
            thread::sleep(SETTLING);
        }
        self.add(name, cost(&self.clock, &mut operation));
    }

    /// Measures how long the module takes to be loaded, with these parameters, and to be unloaded.
    pub fn loading(&self, params: &str) {
        // Both sleep.
        if self.clock == Clock::Instructions || self.is_null() {
            return;
        }
        let (mut loads, mut unloads) = (Vec::new(), Vec::new());
        for _ in 0..LOADS {
            let mut module = None;
            loads.push(duration(|| module = Some(self.load(params))));
            unloads.push(duration(|| drop(module)));
        }
        self.add("load", Ok(least(&loads)));
        self.add("unload", Ok(least(&unloads)));
    }

    /// Measures a line of the log: what lies between two of the lines that contain `text`, of those that the module
    /// writes when it is loaded with these parameters.
    ///
    /// # Panics
    /// When it does not write two.
    pub fn log_line(&self, params: &str, text: &str) {
        // The subject that does nothing writes nothing.
        if self.is_null() {
            return;
        }
        let mut distances = Vec::new();
        for _ in 0..LOGS {
            let lines = Lines::since_now();
            drop(self.load(params));
            let distance = lines.distance(text);
            distances.push(distance.expect("the module writes lines with this text"));
        }
        self.add("log line", Ok(self.clock.of(&distances)));
    }

    /// Measures how long an operation takes when so many threads do it at once and want the same lock.
    pub fn contended(&self, name: &str, threads: usize, operation: impl Fn(usize) + Sync) {
        // Who waits for a lock sleeps.
        if self.clock == Clock::Instructions || self.is_null() {
            return;
        }
        let crowds: Vec<f64> = (0..CROWDS).map(|_| crowd(threads, &operation)).collect();
        self.add(name, Ok(middle(&crowds)));
    }

    fn is_null(&self) -> bool {
        self.subject.name == NULL
    }

    fn add(&self, case: &str, value: Result<f64, String>) {
        let mut measured = self.measured.borrow_mut();
        let subject = &self.subject.name;
        let known = measured
            .iter_mut()
            .find(|(of, name, _)| of == subject && name == case);
        match (known, value) {
            (Some((_, _, Ok(values))), Ok(value)) => values.push(value),
            (Some((_, _, Err(_))), Ok(_)) => {}
            (Some((_, _, values)), Err(why)) => *values = Err(why),
            (None, value) => {
                let values = value.map(|value| vec![value]);
                measured.push((subject.clone(), case.to_owned(), values));
            }
        }
    }
}

/// How many nanoseconds an operation takes when so many threads do it at once.
fn crowd(threads: usize, operation: &(impl Fn(usize) + Sync)) -> f64 {
    let start = Barrier::new(threads + 1);
    let elapsed = thread::scope(|scope| {
        let mut crowd = Vec::new();
        for thread in 0..threads {
            let start = &start;
            crowd.push(scope.spawn(move || {
                start.wait();
                (0..CONTENDED).for_each(|_| operation(thread));
            }));
        }
        start.wait();
        let since = Instant::now();
        for thread in crowd {
            thread.join().expect("the operation succeeds");
        }
        since.elapsed()
    });
    in_nanoseconds(elapsed) / (f64::from(CONTENDED) * threads as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn<'a>(name: &str, measured: &'a RefCell<Measured>) -> Turn<'a> {
        Turn {
            clock: Clock::Time,
            subject: Subject {
                name: name.to_owned(),
                module: "toy".to_owned(),
            },
            measured,
        }
    }

    #[test]
    fn the_host_says_what_is_measured() {
        let words = ["instructions", "rust=toy", "null=koxide_null"].map(str::to_owned);
        let (clock, subjects) = asked(&words).unwrap();
        assert_eq!(clock, Clock::Instructions);
        assert_eq!(subjects[1].module, "koxide_null");
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&["instructions".to_owned(), "toy".to_owned()]), None);
    }

    #[test]
    fn the_turns_of_a_subject_are_put_together() {
        let measured = RefCell::default();
        turn("rust", &measured).add("read 1", Ok(1.0));
        turn("c", &measured).add("read 1", Ok(2.0));
        turn("rust", &measured).add("read 1", Ok(3.0));
        turn("c", &measured).add("read 1", Err("no".to_owned()));
        turn("c", &measured).add("read 1", Ok(4.0));
        let measured = measured.into_inner();
        assert_eq!(measured[0].2, Ok(vec![1.0, 3.0]));
        assert_eq!(measured[1].2, Err("no".to_owned()));
        assert_eq!(measured.len(), 2);
    }

    #[test]
    fn what_does_nothing_has_files_of_its_own() {
        let measured = RefCell::default();
        let (rust, null) = (turn("rust", &measured), turn(NULL, &measured));
        assert_eq!(rust.chrdev("/dev/yes"), "/dev/yes");
        assert_eq!(null.chrdev("/dev/yes"), NULL_CHRDEV);
        assert_eq!(null.misc("/dev/echo"), NULL_MISC);
        assert_eq!(null.setting("/proc/sys/rust/example/test"), NULL_SETTING);
    }

    #[test]
    fn threads_share_an_operation() {
        let measured = RefCell::default();
        let count = std::sync::atomic::AtomicU32::new(0);
        turn("rust", &measured).contended("lock", 3, |_| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 3 * CONTENDED * CROWDS as u32);
        assert!(measured.into_inner()[0].2.clone().unwrap()[0] > 0.0);
    }
}
