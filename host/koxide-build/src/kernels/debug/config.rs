// SPDX-License-Identifier: MIT OR Apache-2.0

//! What debug kernels are configured with: the files of `host/koxide-build/debug-kernel`.

use std::fs;
use std::path::Path;

use crate::cache;
use crate::kernels::error::{Error, Result};
use crate::kernels::store::digest;

/// What all lines have.
const COMMON: &str = include_str!("../../../debug-kernel/common.config");

/// A line of kernels that can be built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Its name, such as `6.1`.
    pub(crate) name: &'static str,
    /// What only this line has, or has under another name.
    own: &'static str,
    /// How many steps make tells of, for the progress: a wrong number harms nothing.
    pub(crate) steps: u64,
}

/// The lines.
pub(crate) const LINES: [Line; 2] = [
    Line {
        name: "6.1",
        own: include_str!("../../../debug-kernel/6.1.config"),
        steps: 1480,
    },
    Line {
        name: "6.12",
        own: include_str!("../../../debug-kernel/6.12.config"),
        steps: 1500,
    },
];

/// The line of that name.
pub(crate) fn line(name: &str) -> Option<&'static Line> {
    LINES.iter().find(|line| line.name == name)
}

impl Line {
    /// The configuration, as `KCONFIG_ALLCONFIG` takes it.
    pub(crate) fn config(&self) -> String {
        format!("{COMMON}{}", self.own)
    }

    /// The settings: each `CONFIG_NAME=VALUE`.
    fn settings(&self) -> impl Iterator<Item = &'static str> {
        let lines = COMMON.lines().chain(self.own.lines());
        lines.filter(|line| line.starts_with("CONFIG_"))
    }

    /// Tells one configuration from another; comments make no difference.
    pub(crate) fn digest(&self) -> String {
        let settings: Vec<&str> = self.settings().collect();
        digest(&settings.join("\n"))
    }

    /// Sees that a finished configuration has every setting: the kernel's own program drops without a word what depends
    /// on something that is off.
    pub(crate) fn check(&self, finished: &Path) -> Result<()> {
        let text =
            fs::read_to_string(finished).map_err(|e| cache::Error::io("read", finished, e))?;
        let lost: Vec<String> = self
            .settings()
            .filter(|setting| !text.lines().any(|line| line == *setting))
            .map(str::to_owned)
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        Err(Error::Config {
            line: self.name.to_owned(),
            lost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_there_once() {
        for line in &LINES {
            let mut names: Vec<&str> = line
                .settings()
                .map(|setting| setting.split_once('=').expect("a value").0)
                .collect();
            names.sort_unstable();
            for pair in names.windows(2) {
                assert_ne!(pair[0], pair[1], "twice in {}", line.name);
            }
            assert!(names.len() > 50);
        }
    }

    #[test]
    fn what_was_dropped_is_named() {
        let line = line("6.1").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(".config");
        fs::write(&file, line.config()).unwrap();
        line.check(&file).unwrap();
        let without = line
            .config()
            .replace("CONFIG_KASAN=y", "# CONFIG_KASAN is not set");
        fs::write(&file, without).unwrap();
        let text = line.check(&file).unwrap_err().to_string();
        assert!(text.contains("CONFIG_KASAN=y"), "{text}");
        assert!(!text.contains("CONFIG_KASAN_STACK"), "{text}");
    }

    #[test]
    fn comments_change_no_kernel() {
        let line = line("6.12").unwrap();
        let own: &'static str = Box::leak(format!("# new\n{}", line.own).into_boxed_str());
        let commented = Line { own, ..*line };
        assert_eq!(commented.digest(), line.digest());
        let own: &'static str = Box::leak(format!("{}CONFIG_X=y\n", line.own).into_boxed_str());
        let other = Line { own, ..*line };
        assert_ne!(other.digest(), line.digest());
    }
}
