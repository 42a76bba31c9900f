// SPDX-License-Identifier: GPL-2.0-only

//! A panic in each callback, with each thing held: what comes of it, and that nothing is lost.
//!
//! The module is loaded for each: one in which something panicked refuses to go on. Its shims know what was not given back.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

use koxide_guest::{Errno, KernelLog, Mapping, Module, Ready, faults, ioctl};

const NAME: &str = "fault_probe";
const DEVICE: &str = "/dev/fault-probe";

/// Kinds of panics, and what the log says of them: the message without its values, which is nothing for some.
const KINDS: [(&str, &str); 9] = [
    ("index", "index out of bounds"),
    ("overflow", "attempt to add with overflow"),
    ("divide", "attempt to divide by zero"),
    ("none", "called `Option::unwrap()` on a `None` value"),
    ("expect", "fault.rs"),
    ("slice", "range start index {} out of range for slice"),
    ("panic", "as it was planned"),
    ("assert", "assertion"),
    ("drop", "it broke when it was dropped"),
];

/// What may be held anywhere.
const ATOMIC: [&str; 12] = [
    "spinlock",
    "spinlock_irq",
    "rwlock_read",
    "rwlock_write",
    "rcu",
    "srcu",
    "interrupts",
    "box",
    "vec",
    "arc",
    "page",
    "task",
];

/// What may be held where one may sleep.
const SLEEPING: [&str; 7] = [
    "mutex",
    "rwsem_read",
    "rwsem_write",
    "vmalloc",
    "queue",
    "thread",
    "region",
];

/// Many at once.
const NESTED: [&str; 4] = [
    "mutex,vec,rwsem_write,arc,spinlock_irq,box",
    "region,queue,thread,vmalloc,mutex,rcu",
    "rwsem_read,srcu,page,rwlock_read,spinlock,interrupts",
    "box,mutex,task,vec,rwlock_write,spinlock_irq",
];

/// The same where nobody may sleep.
const NESTED_ATOMIC: [&str; 2] = [
    "rcu,vec,rwlock_write,arc,spinlock_irq,box",
    "srcu,page,rwlock_read,spinlock,interrupts,task",
];

/// A callback.
struct Place {
    name: &'static str,
    /// Whether it must not sleep.
    atomic: bool,
    /// Lets the kernel call it; what comes of that.
    call: fn(&str) -> io::Result<()>,
    /// What comes of it when it panics.
    errno: Option<Errno>,
}

impl Place {
    /// What to hold at once.
    fn nested(&self) -> &'static [&'static str] {
        if self.atomic { &NESTED_ATOMIC } else { &NESTED }
    }
}

/// Opens the device.
fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(DEVICE)
}

/// Writes a plan, and keeps the file open.
fn plan(plan: &str) -> io::Result<File> {
    let mut file = open()?;
    file.write_all(plan.as_bytes())?;
    Ok(file)
}

/// Nothing but the plan is needed.
fn itself(text: &str) -> io::Result<()> {
    plan(text).map(drop)
}

const PLACES: [Place; 25] = [
    of_file("write", itself),
    of_file("open", |text| {
        let first = plan(text)?;
        let second = open();
        drop(first);
        second.map(drop)
    }),
    silent("release", itself),
    of_file("llseek", |text| {
        plan(text)?.seek(SeekFrom::Start(0)).map(drop)
    }),
    of_file("read", |text| plan(text)?.read(&mut [0; 100]).map(drop)),
    of_file("ioctl", |text| Ok(ioctl::none(&plan(text)?, 1).map(drop)?)),
    silent("poll", |text| {
        let ready = Ready::of(&plan(text)?, std::time::Duration::ZERO);
        assert_eq!(ready.error, !text.contains("nothing"), "{ready:?}");
        Ok(())
    }),
    of_file("mmap", |text| {
        Ok(Mapping::shared(&plan(text)?, 0, 1).map(drop)?)
    }),
    silent("show_fdinfo", |text| {
        use std::os::fd::AsRawFd;
        let file = plan(text)?;
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()))?;
        assert!(info.contains("probe:\tbefore\n"), "{info}");
        assert_eq!(
            info.contains("probe:\tafter\n"),
            text.contains("nothing"),
            "{info}"
        );
        Ok(())
    }),
    silent("work", itself),
    silent("delayed_work", itself),
    silent("closure", itself),
    atomic(silent("work_bh", itself)),
    atomic(silent("timer", itself)),
    atomic(silent("hrtimer", itself)),
    atomic(silent("hrtimer_soft", itself)),
    atomic(silent("hrtimer_box", itself)),
    atomic(silent("hrtimer_scoped", itself)),
    of_file("scope", itself),
    atomic(of_file("wait", itself)),
    silent("thread", itself),
    of_file("thread_joined", itself),
    silent("thread_detached", itself),
    silent("exit", itself),
    of_file("init", |text| {
        let load = Module::load(
            &format!("{NAME}-faults"),
            &format!("kx_fail_at=0 plan=\"{text}\""),
        );
        let module = load?;
        module.unload().map_err(|(_, errno)| errno)?;
        Ok(())
    }),
];

/// A callback whose caller is told.
const fn of_file(name: &'static str, call: fn(&str) -> io::Result<()>) -> Place {
    Place {
        name,
        atomic: false,
        call,
        errno: Some(Errno::EIO),
    }
}

/// A callback that cannot fail.
const fn silent(name: &'static str, call: fn(&str) -> io::Result<()>) -> Place {
    Place {
        errno: None,
        ..of_file(name, call)
    }
}

/// A callback that must not sleep.
const fn atomic(place: Place) -> Place {
    Place {
        atomic: true,
        ..place
    }
}

/// Lets one panic happen, in a module of its own; says what the log has of it.
fn happen(place: &Place, hold: &str, kind: &str) -> Vec<String> {
    let plan = format!("where={} hold={hold} kind={kind}", place.name);
    let mut log = KernelLog::since_now();
    let driver = (place.name != "init").then(|| faults::load_only(NAME, ""));
    let result = (place.call)(&plan);
    let errno = result.err().map(|error| Errno::of(&error).unwrap());
    assert_eq!(errno, place.errno, "{plan}");
    if let Some(driver) = driver {
        driver.unload();
    }
    assert!(!Module::is_loaded(NAME), "{plan}");
    let lines = log.lines().to_vec();
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("left as it was entered"), 1, "{plan}: {lines:#?}");
    assert_eq!(count("all locks are free"), 3, "{plan}: {lines:#?}");
    // Who waits for a thread that panicked panics, too.
    let panics = if place.name == "thread_joined" { 2 } else { 1 };
    assert_eq!(count("; contained"), panics, "{plan}: {lines:#?}");
    lines
}

/// A place by its name.
fn place(name: &str) -> &'static Place {
    static ALL: [Place; 25] = PLACES;
    ALL.iter().find(|place| place.name == name).unwrap()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn every_kind_of_panic_is_an_error() {
    for (kind, message) in KINDS {
        let log = happen(place("write"), "box,mutex", kind);
        assert!(
            log.iter()
                .any(|line| line.contains("src/fault.rs") && line.contains(message))
        );
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_panic_in_every_callback_is_contained() {
    for (at, place) in PLACES.iter().enumerate() {
        let nested = place.nested();
        happen(place, nested[at % nested.len()], "index");
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_thing_that_is_held_is_given_back() {
    for (at, hold) in ATOMIC.iter().chain(&SLEEPING).enumerate() {
        let (kind, _) = KINDS[at % KINDS.len()];
        happen(place("write"), hold, kind);
        if at < ATOMIC.len() {
            happen(place(["timer", "hrtimer"][at % 2]), hold, kind);
        }
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn where_nothing_panics_all_is_as_usual() {
    let driver = faults::load_only(NAME, "");
    let mut log = KernelLog::since_now();
    let kept = driver.outstanding();
    let mut calls = 0;
    for place in PLACES
        .iter()
        .filter(|place| !matches!(place.name, "init" | "exit"))
    {
        for hold in place.nested() {
            let plan = format!("where={} hold={hold} kind=nothing", place.name);
            (place.call)(&plan).unwrap_or_else(|error| panic!("{plan}: {error}"));
            calls += 1;
        }
    }
    assert_eq!(driver.outstanding(), kept);
    driver.unload();
    let left = |line: &&String| line.contains("left as it was entered");
    assert_eq!(log.lines().iter().filter(left).count(), calls);
    assert!(!log.contains("contained"));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_panicked_does_not_come_again() {
    let repeated = [
        "work",
        "delayed_work",
        "timer",
        "hrtimer",
        "hrtimer_soft",
        "hrtimer_box",
    ];
    for name in repeated {
        let log = happen(place(name), "", "panic");
        assert!(
            log.iter().any(|line| line.ends_with("called 1 times")),
            "{name}: {log:#?}"
        );
    }
    let driver = faults::load_only(NAME, "");
    for name in repeated {
        let mut log = KernelLog::since_now();
        (place(name).call)(&format!("where={name} kind=nothing")).unwrap();
        log.wait_for("called 3 times");
    }
    driver.unload();
}
