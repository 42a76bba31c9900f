// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel log, from a moment on.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::{Duration, Instant};

use nix::libc::O_NONBLOCK;

/// How long [`KernelLog::wait_for`] waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// The kernel log from the moment on that [`KernelLog::since_now`] was called.
#[derive(Debug)]
pub struct KernelLog {
    kmsg: File,
    lines: Vec<String>,
}

impl KernelLog {
    /// The log from now on.
    ///
    /// # Panics
    /// When the log cannot be read, which root always can.
    pub fn since_now() -> Self {
        let mut kmsg = OpenOptions::new()
            .read(true)
            .custom_flags(O_NONBLOCK)
            .open("/dev/kmsg")
            .expect("/dev/kmsg can be opened by root");
        kmsg.seek(SeekFrom::End(0))
            .expect("/dev/kmsg can be read from its end");
        Self {
            kmsg,
            lines: Vec::new(),
        }
    }

    /// The messages that came so far, without time stamps.
    pub fn lines(&mut self) -> &[String] {
        let mut record = [0; 8192];
        loop {
            match self.kmsg.read(&mut record) {
                Ok(0) => break,
                Ok(length) => self
                    .lines
                    .extend(message(&String::from_utf8_lossy(&record[..length]))),
                // Messages were overwritten before they were read: go on with the oldest.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        &self.lines
    }

    /// Whether a message that came so far contains `text`.
    pub fn contains(&mut self, text: &str) -> bool {
        self.lines().iter().any(|line| line.contains(text))
    }

    /// Waits for a message that contains `text`, and returns it.
    ///
    /// # Panics
    /// When none comes within 20 seconds; what came is in the panic's message.
    pub fn wait_for(&mut self, text: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(line) = self.lines().iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "no kernel message contains {text:?}; these came:\n{}",
                self.lines.join("\n")
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The text of one record of `/dev/kmsg`: after the prefix, without the lines that hold key and value pairs.
fn message(record: &str) -> Option<String> {
    let (_, text) = record.split_once(';')?;
    text.lines().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_text() {
        assert_eq!(
            message("6,339,5140900,-;NET: Registered; all\n SUBSYSTEM=x\n").as_deref(),
            Some("NET: Registered; all")
        );
    }
}
