// SPDX-License-Identifier: MIT OR Apache-2.0

//! Threads that block in the kernel: seen from outside, and interrupted by a signal.

use std::fs::File;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::sys;

/// How long a thread may take to come where it blocks.
const PATIENCE: Duration = Duration::from_secs(20);

/// A thread that is expected to block in a system call.
///
/// ```
/// use koxide_guest::Blocked;
/// use std::sync::mpsc;
///
/// let (sender, receiver) = mpsc::channel();
/// let thread = Blocked::spawn(move || receiver.recv());
/// thread.wait_asleep();
/// sender.send(7).unwrap();
/// assert_eq!(thread.join(), Ok(7));
/// ```
#[derive(Debug)]
pub struct Blocked<T> {
    id: i32,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Blocked<T> {
    /// Starts a thread.
    ///
    /// # Panics
    /// When there can be none.
    pub fn spawn(body: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            sender.send(sys::thread_id()).expect("somebody waits");
            body()
        });
        let id = receiver.recv().expect("the thread says its number first");
        Self { id, thread }
    }

    /// Waits until the thread sleeps in the kernel, and has done so for a while.
    ///
    /// # Panics
    /// When it ends, or does not sleep.
    pub fn wait_asleep(&self) {
        let start = Instant::now();
        let mut seen = 0;
        while seen < 4 {
            assert!(!self.is_finished(), "the thread ended, and did not block");
            assert!(start.elapsed() < PATIENCE, "the thread does not block");
            seen = if self.sleeps() { seen + 1 } else { 0 };
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether the thread sleeps at this moment.
    fn sleeps(&self) -> bool {
        let path = format!("/proc/self/task/{}/stat", self.id);
        std::fs::read_to_string(path).is_ok_and(|stat| {
            let state = stat
                .rsplit(") ")
                .next()
                .and_then(|rest| rest.chars().next());
            matches!(state, Some('S' | 'D'))
        })
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Interrupts the system call that the thread is in, with a signal whose handler does nothing.
    ///
    /// # Panics
    /// When there is no such thread any more.
    pub fn interrupt(&self) {
        sys::interrupt(self.id).expect("the thread has not been joined");
    }

    /// Waits for the thread's end, and gives what it returned.
    ///
    /// # Panics
    /// As the thread did.
    pub fn join(self) -> T {
        self.thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Closes what the descriptor of `file` stands for, also while other threads are in system calls with it: it is that of
/// `/dev/null` from now on.
///
/// # Panics
/// When there is no `/dev/null`.
pub fn close_under(file: &File) {
    let null = File::open("/dev/null").expect("every machine has it");
    sys::replace(file, &null).expect("both are open");
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_system_call_is_interrupted() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let thread = Blocked::spawn(move || reader.read(&mut [0]).map_err(|error| error.kind()));
        thread.wait_asleep();
        assert!(!thread.is_finished());
        thread.interrupt();
        assert_eq!(thread.join(), Err(std::io::ErrorKind::Interrupted));
        drop(writer);
    }

    #[test]
    fn what_is_closed_is_the_file_and_not_the_descriptor() {
        let zero = File::open("/dev/zero").unwrap();
        close_under(&zero);
        assert_eq!((&zero).read(&mut [0]).unwrap(), 0);
    }

    #[test]
    #[should_panic(expected = "the thread ended, and did not block")]
    fn a_thread_that_does_not_block_is_noticed() {
        Blocked::spawn(|| ()).wait_asleep();
    }
}
