// SPDX-License-Identifier: GPL-2.0-only

//! What a file is ready for: include/uapi/linux/eventpoll.h.
//!
//! `shims/fs.c` asserts these numbers.

/// There is something to read.
pub const EPOLLIN: u32 = 0x1;
/// There is something urgent.
pub const EPOLLPRI: u32 = 0x2;
/// There is room to write.
pub const EPOLLOUT: u32 = 0x4;
/// There was an error.
pub const EPOLLERR: u32 = 0x8;
/// The other side has gone.
pub const EPOLLHUP: u32 = 0x10;
/// As [`EPOLLIN`]: a driver says both.
pub const EPOLLRDNORM: u32 = 0x40;
/// As [`EPOLLOUT`]: a driver says both.
pub const EPOLLWRNORM: u32 = 0x100;
/// The other side writes no more.
pub const EPOLLRDHUP: u32 = 0x2000;

/// All of them.
pub(super) const ALL: u32 =
    EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDNORM | EPOLLWRNORM | EPOLLRDHUP;
