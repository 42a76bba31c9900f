// SPDX-License-Identifier: MIT OR Apache-2.0

//! When lines of the kernel log were written. The log tells microseconds, so that many lines are looked at together.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;

use nix::libc::O_NONBLOCK;

/// How many lines the log holds at most, on the kernels that drivers are measured on.
const MOST: usize = 4096;

/// Fills the log: a line takes longer where it takes the place of an old one, as all do from then on.
pub(crate) fn fill() {
    let kmsg = OpenOptions::new().write(true).open("/dev/kmsg");
    let mut kmsg = kmsg.expect("root may write to the log");
    for line in 0..MOST {
        let line = format!("as long as a line of a driver: {line:04}\n");
        // The machine's kernel takes as many as there are.
        kmsg.write_all(line.as_bytes())
            .expect("the log takes lines");
    }
}

/// The kernel log from a moment on, with its times.
#[derive(Debug)]
pub(crate) struct Lines(File);

impl Lines {
    /// The log from now on.
    pub(crate) fn since_now() -> Self {
        let mut options = OpenOptions::new();
        let options = options.read(true).custom_flags(O_NONBLOCK);
        let mut kmsg = options.open("/dev/kmsg").expect("root may read the log");
        kmsg.seek(SeekFrom::End(0)).expect("the log has an end");
        Self(kmsg)
    }

    /// How many nanoseconds lie between two of the lines that contain a text; none when there are not two.
    pub(crate) fn distance(mut self, text: &str) -> Option<f64> {
        let mut times = Vec::new();
        let mut record = [0; 8192];
        loop {
            match self.0.read(&mut record) {
                Ok(length) => {
                    times.extend(time(&String::from_utf8_lossy(&record[..length]), text));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // All of it was read. Records that were lost would make a distance too long.
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return None,
            }
        }
        distance(&times)
    }
}

/// When a record was written, if it contains a text.
fn time(record: &str, text: &str) -> Option<u64> {
    let (head, message) = record.split_once(';')?;
    message.contains(text).then_some(())?;
    head.split(',').nth(2)?.parse().ok()
}

fn distance(times: &[u64]) -> Option<f64> {
    let (first, last) = (times.first()?, times.last()?);
    let distances = times.len() - 1;
    (distances > 0).then(|| (last - first) as f64 * 1000.0 / distances as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_with_the_text_have_a_time() {
        let record = "6,339,5140900,-;hello: Hello, world! (1 of 1)\n SUBSYSTEM=x\n";
        assert_eq!(time(record, "Hello"), Some(5_140_900));
        assert_eq!(time(record, "Goodbye"), None);
    }

    #[test]
    fn the_distance_is_that_of_neighbours() {
        assert_eq!(distance(&[10, 13, 14, 16]), Some(2000.0));
        assert_eq!(distance(&[10]), None);
        assert_eq!(distance(&[]), None);
    }
}
