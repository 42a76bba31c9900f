// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes an empty machine one that programs can run in, and ends it.

use std::convert::Infallible;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};

use koxide_guest::protocol::{LOG_MARK, LOG_MARK_DONE};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};

use crate::report::Report;

/// Mounts what programs expect.
pub(crate) fn mount_all() -> io::Result<()> {
    let none = None::<&str>;
    for (kind, target, options) in [
        ("devtmpfs", "/dev", none),
        ("proc", "/proc", none),
        ("sysfs", "/sys", none),
        ("tmpfs", "/tmp", Some("mode=1777")),
        ("tmpfs", "/run", Some("mode=755")),
        ("devpts", "/dev/pts", none),
    ] {
        fs::create_dir_all(target)?;
        mount(Some(kind), target, Some(kind), MsFlags::empty(), options).map_err(|errno| {
            io::Error::other(format!("cannot mount {kind} on {target}: {errno}"))
        })?;
    }
    // Useful, but not on every kernel.
    let _ = mount(
        Some("debugfs"),
        "/sys/kernel/debug",
        Some("debugfs"),
        MsFlags::empty(),
        none,
    );
    Ok(())
}

/// Lets the console show every message from here on: the boot itself is quiet because the console is slow.
pub(crate) fn settle() -> io::Result<()> {
    fs::write("/proc/sys/kernel/printk", "8")?;
    fs::write("/proc/sys/kernel/hostname", "koxide")?;
    Ok(())
}

/// Writes a line to the kernel log, so that the host can tell what came before it from what came after.
pub(crate) fn log(text: &str) -> io::Result<()> {
    let mut kmsg = OpenOptions::new().write(true).open("/dev/kmsg")?;
    kmsg.write_all(format!("<6>{text}\n").as_bytes())
}

/// Answers the host, which asks by a byte when nothing happens any more: the kernel logs what each processor does,
/// and which tasks wait for ever.
pub(crate) fn answer_when_asked(report: &Report) -> io::Result<()> {
    let mut port = report.port().try_clone()?;
    std::thread::spawn(move || -> io::Result<()> {
        let mut byte = [0];
        loop {
            port.read_exact(&mut byte)?;
            for key in ["l", "w"] {
                fs::write("/proc/sysrq-trigger", key)?;
            }
        }
    });
    Ok(())
}

/// Waits for the end of a machine that is of no more use.
pub(crate) fn wait_for_the_end() -> ! {
    loop {
        std::thread::park();
    }
}

/// Ends the machine: QEMU runs with `-no-reboot`. The host hears of it by the log, because a shell that had the report
/// channel to itself hung it up.
pub(crate) fn end_machine() -> io::Result<Infallible> {
    log(&format!("{LOG_MARK} {LOG_MARK_DONE}"))?;
    Ok(reboot(RebootMode::RB_AUTOBOOT)?)
}
