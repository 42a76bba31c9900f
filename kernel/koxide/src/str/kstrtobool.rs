// SPDX-License-Identifier: GPL-2.0-only

//! Yes or no, as users say it: lib/kstrtox.c.

use super::CStr;
use crate::error::{Result, code::EINVAL};

/// Reads a yes or a no.
///
/// Only the beginning counts: `y`, `t`, `1` and `on` are yes, `n`, `f`, `0` and `of` are no, in small or capital
/// letters. So it is on each kernel, though the older ones do not know `t` and `f`.
///
/// # Errors
///
/// `EINVAL` for anything else.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, str::kstrtobool};
///
/// assert_eq!(kstrtobool(c"Yes"), Ok(true));
/// assert_eq!(kstrtobool(c"off"), Ok(false));
/// assert_eq!(kstrtobool(c"2"), Err(EINVAL));
/// ```
pub fn kstrtobool(text: &CStr) -> Result<bool> {
    kstrtobool_bytes(text.to_bytes())
}

/// Reads a yes or a no, as [`kstrtobool`].
///
/// # Errors
///
/// As [`kstrtobool`].
pub fn kstrtobool_bytes(text: &[u8]) -> Result<bool> {
    match text {
        [b'y' | b'Y' | b't' | b'T' | b'1', ..] => Ok(true),
        [b'n' | b'N' | b'f' | b'F' | b'0', ..] => Ok(false),
        [b'o' | b'O', b'n' | b'N', ..] => Ok(true),
        [b'o' | b'O', b'f' | b'F', ..] => Ok(false),
        _ => Err(EINVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_counts() {
        for yes in [c"y", c"True", c"1", c"10", c"ON", c"on\n"] {
            assert_eq!(kstrtobool(yes), Ok(true), "{yes:?}");
        }
        for no in [c"n", c"False", c"0", c"oF", c"off"] {
            assert_eq!(kstrtobool(no), Ok(false), "{no:?}");
        }
        for neither in [c"", c"o", c"2", c" 1", c"or"] {
            assert_eq!(kstrtobool(neither), Err(EINVAL), "{neither:?}");
        }
    }
}
