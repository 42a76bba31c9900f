// SPDX-License-Identifier: GPL-2.0-only

//! The flags of open files: include/uapi/asm-generic/fcntl.h.
//!
//! `shims/fs.c` asserts these numbers.

/// What of the flags says how the file may be used.
pub const O_ACCMODE: u32 = 0o3;
/// Open for reading only.
pub const O_RDONLY: u32 = 0;
/// Open for writing only.
pub const O_WRONLY: u32 = 0o1;
/// Open for reading and writing.
pub const O_RDWR: u32 = 0o2;
/// Create the file if it is not there.
pub const O_CREAT: u32 = 0o100;
/// Fail if the file is there.
pub const O_EXCL: u32 = 0o200;
/// A terminal does not become the controlling one.
pub const O_NOCTTY: u32 = 0o400;
/// Cut the file to nothing.
pub const O_TRUNC: u32 = 0o1000;
/// Write at the end.
pub const O_APPEND: u32 = 0o2000;
/// Do not wait.
pub const O_NONBLOCK: u32 = 0o4000;
/// Writes return when the data is stored.
pub const O_DSYNC: u32 = 0o10000;
/// The descriptor is closed by `execve(2)`.
pub const O_CLOEXEC: u32 = 0o2000000;
