// SPDX-License-Identifier: GPL-2.0-only

//! The callbacks, and how user space has the kernel call them.
#![allow(dead_code, reason = "shared by several programs")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::time::Duration;

use koxide_guest::{Errno, Mapping, Module, Ready, compat, ioctl, mount_at};

pub(crate) const NAME: &str = "fault_probe";
pub(crate) const DEVICE: &str = "/dev/fault-probe";

/// What may be held anywhere.
pub(crate) const ATOMIC: [&str; 12] = [
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
pub(crate) const SLEEPING: [&str; 7] = [
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
pub(crate) struct Place {
    pub(crate) name: &'static str,
    /// Whether it must not sleep.
    pub(crate) atomic: bool,
    /// Lets the kernel call it; what comes of that.
    pub(crate) call: fn(&str) -> io::Result<()>,
    /// What comes of it when it panics.
    pub(crate) errno: Option<Errno>,
}

impl Place {
    /// What to hold at once.
    pub(crate) fn nested(&self) -> &'static [&'static str] {
        if self.atomic { &NESTED_ATOMIC } else { &NESTED }
    }
}

/// Opens the device.
pub(crate) fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(DEVICE)
}

/// Writes a plan, and keeps the file open.
pub(crate) fn plan(plan: &str) -> io::Result<File> {
    let mut file = open()?;
    file.write_all(plan.as_bytes())?;
    Ok(file)
}

/// Nothing but the plan is needed.
fn itself(text: &str) -> io::Result<()> {
    plan(text).map(drop)
}

/// All of them.
pub(crate) static PLACES: [Place; 40] = [
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
    of_file("compat_ioctl", |text| {
        let file = plan(text)?;
        let ended = if compat::is_there() {
            ioctl::compat(&file, 1, 0)
        } else {
            // No program can call it, but one of the machine's own kind does as well.
            drop(file);
            ioctl::none(&plan(&text.replace("compat_", ""))?, 1)
        };
        Ok(ended.map(drop)?)
    }),
    silent("poll", |text| {
        let ready = Ready::of(&plan(text)?, Duration::ZERO);
        assert_eq!(ready.error, !text.contains("nothing"), "{ready:?}");
        Ok(())
    }),
    of_file("mmap", |text| {
        Ok(Mapping::shared(&plan(text)?, 0, 1).map(drop)?)
    }),
    silent("show_fdinfo", |text| {
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
    silent("data_drop", itself),
    of_file("debugfs_show", |text| {
        read(text, "/sys/kernel/debug/fault_probe/text")
    }),
    of_file("debugfs_take", |text| {
        write(text, "/sys/kernel/debug/fault_probe/text")
    }),
    of_file("debugfs_read", |text| {
        read(text, "/sys/kernel/debug/fault_probe/bytes")
    }),
    of_file("debugfs_write", |text| {
        write(text, "/sys/kernel/debug/fault_probe/bytes")
    }),
    of_file("proc_show", |text| read(text, "/proc/fault_probe")),
    of_file("proc_write", |text| write(text, "/proc/fault_probe")),
    of_file("sysfs_show", |text| read(text, &setting())),
    of_file("sysfs_store", |text| write(text, &setting())),
    of_file("configfs_show", |text| read(text, &config("text"))),
    of_file("configfs_store", |text| write(text, &config("text"))),
    of_file("make_group", |text| {
        let _file = plan(text)?;
        let made = fs::create_dir(config("folder"));
        if made.is_ok() {
            fs::remove_dir(config("folder"))?;
        }
        made
    }),
    silent("drop_item", folder),
    silent("group_drop", folder),
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

/// Reads a file when the plan is made.
fn read(text: &str, path: &str) -> io::Result<()> {
    let _file = plan(text)?;
    fs::read(path).map(drop)
}

/// Writes a file when the plan is made.
fn write(text: &str, path: &str) -> io::Result<()> {
    let _file = plan(text)?;
    fs::write(path, "text")
}

/// Makes a folder, and removes it when the plan is made.
fn folder(text: &str) -> io::Result<()> {
    fs::create_dir(config("folder"))?;
    let _file = plan(text)?;
    fs::remove_dir(config("folder"))
}

/// The attribute of the device without hardware.
fn setting() -> String {
    // Older kernels have no bus for such devices.
    let faux = "/sys/devices/faux/fault-probe/settings/text";
    let platform = "/sys/devices/platform/fault-probe/settings/text";
    let has_bus = fs::exists(faux).unwrap();
    String::from(if has_bus { faux } else { platform })
}

/// A path in the driver's folder in configfs.
fn config(name: &str) -> String {
    mount_at("configfs", "/sys/kernel/config").unwrap();
    format!("/sys/kernel/config/fault_probe/{name}")
}

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

/// A callback by its name.
pub(crate) fn place(name: &str) -> &'static Place {
    PLACES.iter().find(|place| place.name == name).unwrap()
}
