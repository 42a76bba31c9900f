// SPDX-License-Identifier: GPL-2.0-only

//! Names of devices, which become files in `/dev` and `/sys`.

use core::ffi::CStr;

use crate::error::{Result, code::EINVAL};

/// The longest name: what a folder can hold. Far longer ones make the kernel warn when it tells user space of the device.
const MAX: usize = 255;

/// Refuses what no file can be called; `/` makes folders.
///
/// The compiler does this itself for a constant, if it is not too long.
#[inline]
pub(crate) fn check(name: &CStr) -> Result {
    let name = name.to_bytes_with_nul();
    // How many dots a part of the name has so far; 3 when it is more than dots, or a good name of them.
    let mut dots = 0;
    for byte in name {
        dots = match byte {
            // In sysfs a `/` is written as `!`, and back again in `/dev`. The NUL ends the last part.
            b'/' | b'!' | 0 if dots < 3 => return Err(EINVAL),
            b'/' | b'!' | 0 => 0,
            b'.' if dots < 3 => dots + 1,
            _ => 3,
        };
    }
    if name.len() > MAX + 1 {
        return Err(EINVAL);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_names() {
        for good in [c"a", c"a/b", c"...", c"a!b", c".a"] {
            assert_eq!(check(good), Ok(()), "{good:?}");
        }
        for bad in [c"", c"/", c"/a", c"a/", c"a//b", c".", c"a/..", c"..!a"] {
            assert_eq!(check(bad), Err(EINVAL), "{bad:?}");
        }
        let long = std::ffi::CString::new(std::vec![b'a'; 256]).unwrap();
        assert_eq!(check(&long), Err(EINVAL));
        let long = std::ffi::CString::new(std::vec![b'a'; 255]).unwrap();
        assert_eq!(check(&long), Ok(()));
    }
}
