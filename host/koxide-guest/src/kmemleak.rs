// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel's own search for memory that nothing points to any more (Documentation/dev-tools/kmemleak.rst).

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// The detector's file.
const FILE: &str = "/sys/kernel/debug/kmemleak";

/// How young memory may be and still count as about to be used (`MSECS_MIN_AGE` in mm/kmemleak.c), and a little more.
const YOUTH: Duration = Duration::from_millis(5200);

/// By this file a test says that it loses memory on purpose.
const MEANT: &str = "/tmp/loses-memory-on-purpose";

/// Says that the test that runs loses memory on purpose, as one that forgets handles does: it does not fail for that.
///
/// # Panics
/// When it cannot be said, for want of memory or a place for files.
pub fn loss_is_meant() {
    fs::write(MEANT, "").unwrap_or_else(|error| panic!("{MEANT}: {error}"));
}

/// Whether the test that has ended said that it loses memory on purpose.
#[doc(hidden)]
pub fn was_meant() -> bool {
    fs::remove_file(MEANT).is_ok()
}

/// The detector, on kernels that have it.
#[derive(Debug)]
pub struct Kmemleak(());

impl Kmemleak {
    /// The detector, which from now on searches only when it is told to; none on kernels without it, or where it turned
    /// itself off for want of memory.
    pub fn open() -> Option<Self> {
        let file = Path::new(FILE);
        (file.exists() && fs::write(file, "scan=off").is_ok()).then_some(Self(()))
    }

    /// The memory that is lost, of what was allocated before `since`; each piece is told once.
    ///
    /// This waits until such memory counts as old, and searches twice, since what changed since the last search is no
    /// leak to the kernel. Under emulation a search takes ten seconds.
    ///
    /// # Errors
    /// When the detector turned itself off, for want of memory.
    pub fn search(&self, since: Instant) -> io::Result<Vec<Leak>> {
        thread::sleep((since + YOUTH).saturating_duration_since(Instant::now()));
        for _ in 0..2 {
            fs::write(FILE, "scan")?;
        }
        let mut leaks = parse(&fs::read_to_string(FILE)?);
        leaks.retain(|leak| !leak.is_the_kernels());
        fs::write(FILE, "clear")?;
        Ok(leaks)
    }
}

/// Memory that was not given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// How large it is, in bytes.
    pub bytes: usize,
    /// When it was allocated, in the kernel's own ticks: see [`Tick`].
    pub jiffies: u64,
    /// What the kernel says of it: who allocated it, its first bytes, and where that was.
    pub lines: Vec<String>,
}

/// Memory that kernels lose themselves, whoever calls them: the functions on the way to it, the innermost first.
const KERNELS_OWN: [&[&str]; 1] = [
    // The name of a class that is not registered because it has that of another: 6.1 does.
    &[
        "kstrdup",
        "kobject_set_name_vargs",
        "kobject_set_name",
        "__class_register",
    ],
];

impl Leak {
    /// Whether it is a known fault of the kernel.
    fn is_the_kernels(&self) -> bool {
        // `    [<000000004a1d2b7c>] bad_init+0x1f/0x1000 [bad]`, or without the address.
        let function = |line: &String| {
            let (before, _) = line.split_once("+0x")?;
            before.rsplit(' ').next().map(str::to_owned)
        };
        let way: Vec<String> = self.lines.iter().filter_map(function).collect();
        let is = |known: &[&str]| way.windows(known.len()).any(|part| part == known);
        KERNELS_OWN.into_iter().any(is)
    }
}

fn parse(report: &str) -> Vec<Leak> {
    let mut leaks: Vec<Leak> = Vec::new();
    for line in report.lines() {
        if line.starts_with("unreferenced object ") {
            leaks.push(Leak {
                bytes: number_after(line, "(size ").unwrap_or_default(),
                jiffies: 0,
                lines: Vec::new(),
            });
        }
        if let Some(leak) = leaks.last_mut() {
            if let Some(jiffies) = number_after(line, ", jiffies ") {
                leak.jiffies = jiffies;
            }
            leak.lines.push(line.trim_end().to_owned());
        }
    }
    leaks
}

/// A moment in both of the kernel's times. Two of them tell the length of a tick.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    jiffies: u64,
    at: Instant,
}

impl Tick {
    /// Now.
    ///
    /// # Errors
    /// When the kernel does not tell its ticks.
    pub fn now() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/timer_list")?;
        let jiffies = text
            .lines()
            .find_map(|line| number_after(line, "jiffies: "));
        let at = Instant::now();
        let none = || io::Error::other("/proc/timer_list has no jiffies");
        Ok(Self {
            jiffies: jiffies.ok_or_else(none)?,
            at,
        })
    }

    /// The moment.
    pub fn at(self) -> Instant {
        self.at
    }

    /// When the tick `jiffies` was, reckoned from this moment and an earlier one; none if that was before the first.
    pub fn reckon(self, earlier: Self, jiffies: u64) -> Option<Instant> {
        let ticks = self
            .jiffies
            .checked_sub(earlier.jiffies)
            .filter(|n| *n > 0)?;
        let since = jiffies.checked_sub(earlier.jiffies)?;
        let tick = (self.at - earlier.at).as_secs_f64() / ticks as f64;
        Some(earlier.at + Duration::from_secs_f64(tick * since as f64))
    }
}

/// The number that follows `before` in a line.
fn number_after<T: std::str::FromStr>(line: &str, before: &str) -> Option<T> {
    let (_, rest) = line.split_once(before)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 6.1 writes it, and after that as 6.12 does.
    const REPORT: &str = "\
unreferenced object 0xffff888006a3d480 (size 96):
  comm \"insmod\", pid 71, jiffies 4294898012 (age 31.224s)
  hex dump (first 32 bytes):
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
  backtrace:
    [<000000004a1d2b7c>] bad_init+0x1f/0x1000 [bad]
unreferenced object 0xffff888006a3d500 (size 16):
  comm \"insmod\", pid 72, jiffies 4294898044
  backtrace (crc 6fd45b9a):
    bad_init+0x1f/0x1000 [bad]
";

    #[test]
    fn a_report_is_read() {
        let leaks = parse(REPORT);
        let numbers: Vec<_> = leaks.iter().map(|l| (l.bytes, l.jiffies)).collect();
        assert_eq!(numbers, [(96, 4_294_898_012), (16, 4_294_898_044)]);
        assert_eq!(leaks[0].lines.len(), 6);
        assert_eq!(leaks[1].lines[3], "    bad_init+0x1f/0x1000 [bad]");
        assert!(parse("").is_empty());
    }

    #[test]
    fn what_the_kernel_loses_itself_is_no_leak() {
        let report = "\
unreferenced object 0xffff888006a3d480 (size 8):
  comm \"init\", pid 1, jiffies 4294923438
  backtrace:
    [<0000000002358288>] __kmalloc_node_track_caller+0x4e/0x170
    [<00000000f7b8e202>] kstrdup+0x34/0x60
    [<00000000ace8c90f>] kobject_set_name_vargs+0x31/0xb0
    [<000000008b9f93dc>] kobject_set_name+0x9a/0xc0
    [<00000000a1fb3c2d>] __class_register+0xc9/0x220
    [<000000006db57162>] 0xffffffffa0001c00
";
        let known = |report: &str| parse(report)[0].is_the_kernels();
        assert!(known(report));
        assert!(!known(&report.replace("__class_register", "bad_init")));
        assert!(!known(&report.replace("kobject_set_name+", "kzalloc+")));
    }

    #[test]
    fn a_tick_is_a_moment() {
        let at = Instant::now();
        let first = Tick { jiffies: 1000, at };
        let last = Tick {
            jiffies: 1500,
            at: at + Duration::from_secs(2),
        };
        assert_eq!(last.reckon(first, 1250), Some(at + Duration::from_secs(1)));
        assert_eq!(last.reckon(first, 999), None);
        assert_eq!(first.reckon(first, 1000), None);
    }
}
