// SPDX-License-Identifier: MIT OR Apache-2.0

//! What files are ready for: `poll(2)`, `select(2)` and `epoll(7)`.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{self, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::select::{FdSet, select};
use nix::sys::time::TimeVal;

use crate::Errno;

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

    /// What `file` is ready for now, as `select(2)` says it.
    ///
    /// # Panics
    /// When it cannot be asked for, which it can for the first 1024 descriptors of a process only.
    pub fn by_select(file: &File) -> Self {
        let (mut read, mut write, mut error) = (FdSet::new(), FdSet::new(), FdSet::new());
        for set in [&mut read, &mut write, &mut error] {
            set.insert(file.as_fd());
        }
        let mut patience = TimeVal::new(0, 0);
        select(None, &mut read, &mut write, &mut error, &mut patience).expect("a file to select");
        Self {
            read: read.contains(file.as_fd()),
            write: write.contains(file.as_fd()),
            error: error.contains(file.as_fd()),
        }
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

/// An epoll, which stays with the files that it watches between one wait and the next.
#[derive(Debug)]
pub struct Epoll(epoll::Epoll);

impl Epoll {
    /// One that watches whether there is something to read from `file`.
    ///
    /// # Errors
    /// `EPERM` when the file cannot be polled.
    pub fn watching(file: &File) -> Result<Self, Errno> {
        let epoll = epoll::Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(file, EpollEvent::new(EpollFlags::EPOLLIN, 0))?;
        Ok(Self(epoll))
    }

    /// Whether the file is ready, at the latest after `patience`.
    ///
    /// # Panics
    /// When it cannot wait.
    pub fn wait(&self, patience: Duration) -> bool {
        let patience = EpollTimeout::try_from(patience).expect("a patience that epoll(7) can have");
        let ready = self.0.wait(&mut [EpollEvent::empty()], patience);
        ready.expect("an epoll can be waited for") > 0
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
        assert_eq!(Ready::by_select(&zero), ready);
    }

    #[test]
    fn an_epoll_watches_a_pipe() {
        use std::io::Write;
        use std::os::fd::OwnedFd;

        let (reader, mut writer) = std::io::pipe().unwrap();
        let reader = File::from(OwnedFd::from(reader));
        let epoll = Epoll::watching(&reader).unwrap();
        assert!(!epoll.wait(Duration::ZERO));
        assert_eq!(Ready::by_select(&reader), Ready::default());
        writer.write_all(b"x").unwrap();
        assert!(epoll.wait(Duration::from_secs(10)));
    }
}
