// SPDX-License-Identifier: GPL-2.0-only

//! Files and folders in `/proc`: include/linux/proc_fs.h.
//!
//! Upstream's `kernel` crate has nothing for them. A [`File`] contains the data that it shows; it is in `/proc` until it
//! is dropped, which waits for operations that are under way. A program may have it open then, and gets `EIO` from there
//! on: an open file does not keep the module loaded.
//!
//! # Examples
//!
//! ```
//! use core::sync::atomic::{AtomicU32, Ordering};
//! use kernel::{prelude::*, procfs, seq_file::SeqFile, seq_print};
//!
//! module! {
//!     type: Visits,
//!     name: "visits",
//!     license: "GPL",
//! }
//!
//! struct Counter(AtomicU32);
//!
//! #[vtable]
//! impl procfs::Operations for Counter {
//!     fn show(&self, m: &SeqFile) -> Result {
//!         seq_print!(m, "{}\n", self.0.fetch_add(1, Ordering::Relaxed));
//!         Ok(())
//!     }
//! }
//!
//! #[pin_data]
//! struct Visits {
//!     #[pin]
//!     _file: procfs::File<Counter>,
//! }
//!
//! impl kernel::InPlaceModule for Visits {
//!     fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
//!         try_pin_init!(Self {
//!             _file <- procfs::File::new(c"visits", 0o444, None, Counter(AtomicU32::new(0))),
//!         })
//!     }
//! }
//! # fn main() {}
//! ```

mod entry;
mod table;

use core::ffi::CStr;

use macros::vtable;

use crate::error::{
    Result,
    code::{EINVAL, EIO},
};
use crate::seq_file::SeqFile;
use crate::uaccess::UserSliceReader;

pub use entry::{Dir, File};

/// What happens to a file in `/proc`: the methods that it has. Several threads may be in them. Both run in process
/// context and may sleep.
#[vtable]
pub trait Operations: Send + Sync + 'static {
    /// The file is read: makes its whole content. It may be called several times for one read.
    ///
    /// # Errors
    ///
    /// The errno with which the read fails; without this method it is `EIO`. `EAGAIN` becomes `EIO`, since the kernel would
    /// take it as its own word for asking again at once.
    fn show(&self, _m: &SeqFile) -> Result {
        Err(EIO)
    }

    /// The file is written: what this method succeeds with counts as written whole.
    ///
    /// # Errors
    ///
    /// The errno with which the write fails; without this method it is `EIO`.
    fn write(&self, _reader: &mut UserSliceReader) -> Result {
        Err(EIO)
    }
}

/// Checks a name, since the kernel warns of one that it does not take.
fn check_name(name: &CStr, in_root: bool) -> Result {
    let name = name.to_bytes();
    let is_pid = in_root && name.iter().all(u8::is_ascii_digit);
    match name {
        b"" | b"." | b".." => Err(EINVAL),
        _ if name.len() > 255 || name.contains(&b'/') || is_pid => Err(EINVAL),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_kernel_warns_of_are_refused() {
        for name in [c"", c".", c"..", c"a/b", c"/a", c"12"] {
            assert_eq!(check_name(name, true), Err(EINVAL), "{name:?}");
        }
        let mut long = [b'x'; 257];
        long[256] = 0;
        let long = CStr::from_bytes_with_nul(&long).unwrap();
        assert_eq!(check_name(long, false), Err(EINVAL));
        for name in [c"a", c"...", c"12a"] {
            assert_eq!(check_name(name, true), Ok(()), "{name:?}");
        }
        assert_eq!(check_name(c"12", false), Ok(()));
    }
}
