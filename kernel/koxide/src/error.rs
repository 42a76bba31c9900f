// SPDX-License-Identifier: GPL-2.0-only

//! Errors: an errno, and the result that carries one.

pub mod code;
mod returned;

use core::alloc::LayoutError;
use core::convert::Infallible;
use core::ffi::{CStr, FromBytesUntilNulError, FromBytesWithNulError, c_int};
use core::fmt;
use core::num::{NonZeroI32, TryFromIntError};
use core::str::Utf8Error;

use crate::alloc::AllocError;

pub(crate) use returned::{not_err_ptr, of_kernel};

/// The largest errno; include/linux/err.h.
const MAX_ERRNO: i32 = 4095;

/// An error that the kernel has a number for.
///
/// # Invariants
///
/// The number is from -4095 to -1.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// assert_eq!(EINVAL.to_errno(), -22);
/// assert_eq!(Error::from_errno(-22), EINVAL);
/// assert_eq!(EINVAL.name(), Some(c"EINVAL"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroI32);

/// A result whose error is an errno.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

impl Error {
    /// The error of a (positive) number out of the table.
    const fn of_number(number: i32) -> Self {
        assert!(number > 0 && number <= MAX_ERRNO);
        match NonZeroI32::new(-number) {
            // INVARIANT: just checked.
            Some(errno) => Self(errno),
            None => panic!("0 is not an error"),
        }
    }

    /// The error of a negative number, as C functions return it; `EINVAL` for a number that is none.
    pub const fn from_errno(errno: c_int) -> Self {
        if errno >= -MAX_ERRNO
            && let Some(number) = NonZeroI32::new(errno)
            && errno < 0
        {
            // INVARIANT: just checked.
            return Self(number);
        }
        code::EINVAL
    }

    /// The negative number.
    pub const fn to_errno(self) -> c_int {
        self.0.get()
    }

    /// The name, such as `EINVAL`, if the number has one.
    pub fn name(&self) -> Option<&'static CStr> {
        code::name(-self.to_errno())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name().and_then(|name| name.to_str().ok()) {
            Some(name) => f.write_str(name),
            None => f.debug_tuple("Error").field(&-self.to_errno()).finish(),
        }
    }
}

impl From<AllocError> for Error {
    fn from(_: AllocError) -> Self {
        code::ENOMEM
    }
}

impl From<TryFromIntError> for Error {
    fn from(_: TryFromIntError) -> Self {
        code::EINVAL
    }
}

impl From<Utf8Error> for Error {
    fn from(_: Utf8Error) -> Self {
        code::EINVAL
    }
}

impl From<FromBytesWithNulError> for Error {
    fn from(_: FromBytesWithNulError) -> Self {
        code::EINVAL
    }
}

impl From<FromBytesUntilNulError> for Error {
    fn from(_: FromBytesUntilNulError) -> Self {
        code::EINVAL
    }
}

impl From<LayoutError> for Error {
    fn from(_: LayoutError) -> Self {
        code::ENOMEM
    }
}

impl From<fmt::Error> for Error {
    fn from(_: fmt::Error) -> Self {
        code::EINVAL
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What a method of a [`#[vtable]`](macro@crate::prelude::vtable) trait says that is called though the driver does not have it.
pub const VTABLE_DEFAULT_ERROR: &str = "an operation that the driver does not have was called";

/// What a C function returned, as a result: a negative number is an error, all others are not.
///
/// # Errors
///
/// The errno that the number is.
pub fn to_result(returned: c_int) -> Result {
    if returned < 0 {
        Err(Error::from_errno(returned))
    } else {
        Ok(())
    }
}

/// What a C function is to return for the result of `body`: a number that is not negative, or the errno.
pub fn from_result<T: From<i16>>(body: impl FnOnce() -> Result<T>) -> T {
    match body() {
        Ok(value) => value,
        // An errno is at least -4095, so that it fits.
        Err(error) => T::from(error.to_errno() as i16),
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::code::*;
    use super::*;

    #[test]
    fn names_are_those_of_the_constants() {
        assert_eq!(EPERM.name(), Some(c"EPERM"));
        assert_eq!(EHWPOISON.name(), Some(c"EHWPOISON"));
        assert_eq!(EPROBE_DEFER.name(), Some(c"EPROBE_DEFER"));
        assert_eq!(Error::from_errno(-4000).name(), None);
        assert_eq!(
            format!("{:?} {:?}", ENOTTY, Error::from_errno(-4000)),
            "ENOTTY Error(4000)"
        );
    }

    #[test]
    fn a_number_that_is_no_error_is_einval() {
        for number in [0, 1, 22, i32::MAX, i32::MIN, -4096] {
            assert_eq!(Error::from_errno(number), EINVAL, "{number}");
        }
        assert_eq!(Error::from_errno(-4095).to_errno(), -4095);
    }

    #[test]
    fn results_cross_the_border_and_come_back() {
        assert_eq!(to_result(0), Ok(()));
        assert_eq!(to_result(7), Ok(()));
        assert_eq!(to_result(-25), Err(ENOTTY));
        assert_eq!(from_result(|| Ok(100i32)), 100);
        assert_eq!(from_result(|| Err::<isize, _>(EFAULT)), -14);
    }
}
