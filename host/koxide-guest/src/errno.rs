// SPDX-License-Identifier: MIT OR Apache-2.0

//! Error numbers with their names, as the kernel's source spells them.

use std::fmt;
use std::io;

/// An error number that the kernel returned.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident)*) => {
        impl Errno {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                pub const $name: Self = Self(nix::libc::$name);
            )*
        }
    };
}

errnos! {
    EPERM ENOENT EINTR EIO ENXIO E2BIG ENOEXEC EBADF EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST ENODEV EINVAL ENFILE
    EMFILE ENOTTY EFBIG ENOSPC ESPIPE EROFS EPIPE EDOM ERANGE ENOSYS ENOTEMPTY EOVERFLOW EOPNOTSUPP ETIMEDOUT ECANCELED
    EKEYREJECTED
}

impl Errno {
    /// The number's name, such as `ENOTTY`; `errno` for one that user space has no name for.
    pub fn name(self) -> String {
        match self.0 {
            // Internal to the kernel, but seen when a module returns them.
            512 => "ERESTARTSYS".to_owned(),
            517 => "EPROBE_DEFER".to_owned(),
            524 => "ENOTSUPP".to_owned(),
            number => match nix::errno::Errno::from_raw(number) {
                nix::errno::Errno::UnknownErrno => "errno".to_owned(),
                known => format!("{known:?}"),
            },
        }
    }

    /// The number in an [`io::Error`], when it came from the kernel.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.raw_os_error().map(Self)
    }
}

/// With what errno a call failed; none when it did not.
///
/// # Panics
/// When the error did not come from the kernel.
pub fn errno<T>(result: io::Result<T>) -> Option<Errno> {
    let error = result.err()?;
    Some(Errno::of(&error).unwrap_or_else(|| panic!("an error without an errno: {error}")))
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Errno {}

impl From<nix::errno::Errno> for Errno {
    fn from(errno: nix::errno::Errno) -> Self {
        Self(errno as i32)
    }
}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_names_of_the_kernel_source() {
        assert_eq!(Errno::ENOMEM.to_string(), "ENOMEM (12)");
        assert_eq!(Errno(11).to_string(), "EAGAIN (11)");
        assert_eq!(Errno(524).to_string(), "ENOTSUPP (524)");
        assert_eq!(Errno(4000).to_string(), "errno (4000)");
    }
}
