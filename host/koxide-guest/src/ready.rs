// SPDX-License-Identifier: MIT OR Apache-2.0

//! What files are ready for: `poll(2)`.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What a file is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ready {
    /// Something can be read, or the end is reached.
    pub read: bool,
    /// Something can be written.
    pub write: bool,
    /// There was an error, or the other side has gone.
    pub error: bool,
}

impl Ready {
    /// What `file` is ready for, at the latest after `patience`: with none, what it is ready for now.
    ///
    /// # Panics
    /// When it cannot be polled.
    pub fn of(file: &File, patience: Duration) -> Self {
        Self::wait(file, PollFlags::POLLIN | PollFlags::POLLOUT, patience)
    }

    /// The same, but what could be written is not waited for.
    ///
    /// # Panics
    /// When it cannot be polled.
    pub fn to_read(file: &File, patience: Duration) -> Self {
        Self::wait(file, PollFlags::POLLIN, patience)
    }

    fn wait(file: &File, events: PollFlags, patience: Duration) -> Self {
        let mut files = [PollFd::new(file.as_fd(), events)];
        let patience = PollTimeout::try_from(patience).expect("a patience that poll(2) can have");
        poll(&mut files, patience).expect("a file that can be polled");
        let found = files[0].revents().unwrap_or(PollFlags::empty());
        Self {
            read: found.contains(PollFlags::POLLIN),
            write: found.contains(PollFlags::POLLOUT),
            error: found.intersects(PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_disk_is_always_ready() {
        let zero = File::open("/dev/zero").unwrap();
        let ready = Ready::of(&zero, Duration::ZERO);
        assert!(ready.read && ready.write && !ready.error, "{ready:?}");
    }
}
