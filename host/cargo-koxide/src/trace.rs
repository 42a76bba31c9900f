// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel logs of a crash, with the lines of the source that it is about.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use koxide_build::{Frame, Lines, Module};

/// What a line begins with, or has in it, in which the kernel names the very instruction at which it stopped. In others
/// it names where a call returns to, which is the instruction after the call.
const HERE: [&str; 5] = ["RIP: ", "pc : ", "PC is at ", "WARNING: ", "EIP: "];

/// The drivers whose functions are looked for.
#[derive(Default)]
pub(crate) struct Trace {
    drivers: Vec<Driver>,
}

/// A driver, whose lines are read when they are needed first.
struct Driver {
    /// Its module, as the kernel calls it.
    module: String,
    file: PathBuf,
    lines: OnceCell<Option<Lines>>,
}

/// A place in the code as the kernel writes it: `function+0x12/0x80 [module]`.
#[derive(Debug, PartialEq, Eq)]
struct Place<'l> {
    function: &'l str,
    offset: u64,
    /// Nothing for the kernel's own functions.
    module: Option<&'l str>,
}

impl Trace {
    /// A trace of modules, each with its source's lines where they are known.
    pub(crate) fn of<'m>(modules: impl IntoIterator<Item = &'m Module>) -> Self {
        let driver = |module: &Module| {
            Some(Driver {
                module: module.name.replace('-', "_"),
                file: module.lines.clone()?,
                lines: OnceCell::new(),
            })
        };
        Self {
            drivers: modules.into_iter().filter_map(driver).collect(),
        }
    }

    /// A line of the log as it is shown: with readable names, and with the lines of the source below it.
    pub(crate) fn explain(&self, line: &str) -> String {
        // Most lines are about nothing of that kind.
        if !line.contains("+0x") && !line.contains("_R") {
            return line.to_owned();
        }
        let mut shown = demangled(line);
        let exact = HERE.iter().any(|word| line.contains(word));
        for place in places(line) {
            let frames = self.frames(&place, exact);
            // What the compiler put in from other crates is told only where it stopped there.
            let told = |(index, frame): &(usize, &Frame)| *index == 0 || !is_foreign(frame);
            for (_, frame) in frames.iter().enumerate().filter(told) {
                shown += &format!("\n{}", at(frame));
            }
        }
        shown
    }

    /// Lines of the log, each as it is shown.
    pub(crate) fn explain_all(&self, log: &[String]) -> String {
        let lines: Vec<String> = log.iter().map(|line| self.explain(line)).collect();
        lines.join("\n")
    }

    fn frames(&self, place: &Place<'_>, exact: bool) -> Vec<Frame> {
        let mut drivers = self.drivers.iter();
        let driver = drivers.find(|driver| Some(&*driver.module) == place.module);
        // Without its lines a crash is shown as the kernel wrote it.
        let lines = driver.and_then(|d| d.lines.get_or_init(|| Lines::open(&d.file).ok()).as_ref());
        let back = u64::from(!exact);
        let frames = lines.map(|lines| lines.at(place.function, place.offset.saturating_sub(back)));
        frames.unwrap_or_default()
    }
}

/// Whether a place is in Rust's own library, or in a crate from the registry; the build writes their folders so.
pub(crate) fn is_foreign(frame: &Frame) -> bool {
    ["rust/library/", "cargo/registry/"]
        .iter()
        .any(|folder| frame.file.contains(folder))
}

/// A place in the source, as compilers write it.
fn at(frame: &Frame) -> String {
    let file = short(&frame.file);
    let place = format!("{:>16} {file}:{}", "at", frame.line);
    match &frame.function {
        // Its types make a name long, and the line has them.
        Some(function) => format!(
            "{place} in {}",
            function.split('<').next().unwrap_or(function)
        ),
        None => place,
    }
}

/// A file as it is named from here.
pub(crate) fn short(file: &str) -> String {
    // The package of a driver that is one file is in a folder that has neither this nor the library: what the compiler names
    // without a folder is not from there.
    let of_source = file.split_once("/koxide/source/");
    if let Some((_, name)) = of_source.and_then(|(_, rest)| rest.split_once('/')) {
        return name.to_owned();
    }
    let file = Path::new(file);
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(here)
        .unwrap_or(file)
        .display()
        .to_string()
}

/// The places that a line names.
fn places(line: &str) -> Vec<Place<'_>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let place = |index: usize| {
        let word: &str = words[index];
        // The kernel marks so what it found on the stack, and what nobody called.
        if index > 0 && words[index - 1] == "?" {
            return None;
        }
        let (function, rest) = word.rsplit_once("+0x")?;
        let (offset, size) = rest.split_once("/0x")?;
        let hex = |text: &str| u64::from_str_radix(text, 16).ok();
        let size = hex(size.trim_end_matches(|c: char| !c.is_ascii_hexdigit()))?;
        let offset = hex(offset).filter(|offset| *offset <= size)?;
        let next = words.get(index + 1).and_then(|next| next.strip_prefix('['));
        Some(Place {
            // The segment, in `RIP: 0010:function`.
            function: function.rsplit(':').next()?,
            offset,
            // There may be more than the name in the brackets, but not in its word.
            module: next.map(|name| name.trim_end_matches(']')),
        })
    };
    (0..words.len()).filter_map(place).collect()
}

/// The line with the names of Rust's functions as they are written in the source.
fn demangled(line: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
    let mut shown = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let start = rest.find(is_name).unwrap_or(rest.len());
        let (between, name) = rest.split_at(start);
        let end = name.find(|c| !is_name(c)).unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        shown += between;
        match rustc_demangle::try_demangle(name) {
            Ok(readable) => shown += &format!("{readable:#}"),
            Err(_) => shown += name,
        }
        rest = after;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Option<(&str, u64, Option<&str>)> {
        let found = places(line).pop()?;
        Some((found.function, found.offset, found.module))
    }

    #[test]
    fn places_are_found_in_what_each_architecture_logs() {
        let at = Some(("f", 0x12, Some("scull")));
        assert_eq!(one("[    1.0] RIP: 0010:f+0x12/0x80 [scull]"), at);
        assert_eq!(one("[    1.0]  f+0x12/0x80 [scull]"), at);
        assert_eq!(one("[    1.0]  ? f+0x12/0x80 [scull]"), None);
        assert_eq!(one("[    1.0]  f+0x12/0x80 [scull 0123456789abcdef]"), at);
        assert_eq!(one("[    1.0] pc : f+0x12/0x80 [scull]"), at);
        assert_eq!(one("[    1.0] PC is at f+0x12/0x80 [scull]"), at);
        assert_eq!(
            one("[    1.0] BUG: KASAN: use-after-free in f+0x12/0x80 [scull]"),
            at
        );
        assert_eq!(
            one("[ 1.0]  vfs_write+0x1/0x2"),
            Some(("vfs_write", 1, None))
        );
        assert_eq!(one("[    1.0] scull: 1+0x2 is 3"), None);
    }

    #[test]
    fn a_file_of_its_own_has_no_folder() {
        for (file, shown) in [
            ("/t/koxide/source/lamp-0123/lamp.rs", "lamp.rs"),
            (
                "/t/koxide/source/lamp-0123/kernel/koxide/src/fs.rs",
                "kernel/koxide/src/fs.rs",
            ),
            ("/home/me/koxide/source.rs", "/home/me/koxide/source.rs"),
        ] {
            assert_eq!(short(file), shown);
        }
    }

    #[test]
    fn names_are_readable() {
        let line = "[    1.0]  ? _RNvCs1234_7mycrate3foo+0x1f/0x40 [mycrate]";
        assert_eq!(
            demangled(line),
            "[    1.0]  ? mycrate::foo+0x1f/0x40 [mycrate]"
        );
        assert_eq!(demangled("[    1.0] _Right: 5"), "[    1.0] _Right: 5");
    }
}
