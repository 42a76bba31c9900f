// SPDX-License-Identifier: GPL-2.0-only

//! Files whose content is made when they are read: include/linux/seq_file.h.
//!
//! The kernel keeps what was printed and hands it out in the pieces that readers ask for. What does not fit into its
//! buffer is printed again, from the beginning, into one twice as large: a function that prints may run several times
//! for one read.

#![allow(unsafe_code, reason = "the C edge of seq files")]

use core::ffi::c_int;
use core::fmt::{self, Write};

use crate::error::{
    Error, Result,
    code::{EAGAIN, EIO, EIOCBQUEUED},
};
use crate::types::{NotThreadSafe, Opaque};

/// The content of a file, while it is made: [`seq_print!`] adds to it.
///
/// # Invariants
///
/// This is the `struct seq_file` of a `show` that is under way on this thread.
#[repr(transparent)]
pub struct SeqFile {
    inner: Opaque<koxide_abi::types::seq_file>,
    _not_send: NotThreadSafe,
}

impl SeqFile {
    /// The content at an address.
    ///
    /// # Safety
    ///
    /// During `'a` it is that of a `show` under way, which only this thread uses.
    pub(crate) unsafe fn from_raw<'a>(ptr: *mut koxide_abi::types::seq_file) -> &'a Self {
        // SAFETY: the struct has the layout of its one field that is not empty, and lives for `'a`.
        unsafe { &*ptr.cast() }
    }

    /// Adds formatted text; [`seq_print!`] calls it.
    pub fn call_printf(&self, args: fmt::Arguments<'_>) {
        // An error of a `Display` implementation ends the text; writing itself has none.
        let _ = Text(self).write_fmt(args);
    }
}

/// Writes text to a file's content as it comes.
struct Text<'a>(&'a SeqFile);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: a `show` is under way on this thread, and the text is readable for its length.
        unsafe { koxide_abi::kx_seq_write(self.0.inner.get(), text.as_ptr(), text.len()) };
        Ok(())
    }
}

/// Adds text to a [`SeqFile`], formatted as by [`fmt!`](crate::prelude::fmt). Process context.
///
/// # Examples
///
/// ```
/// use kernel::{seq_file::SeqFile, seq_print};
///
/// fn show(m: &SeqFile, opened: u32) {
///     seq_print!(m, "opened: {opened} times\n");
/// }
/// ```
#[macro_export]
macro_rules! seq_print {
    ($m:expr, $($args:tt)+) => { $m.call_printf($crate::fmt!($($args)+)) };
}
#[doc(inline)]
pub use seq_print;

/// The data of the file that is being shown.
///
/// # Safety
///
/// `m` is that of a `show` under way, of a file that [`single_open`](koxide_abi::kx_single_open) opened with a pointer
/// to a `T`, which lives during `'a`.
pub(crate) unsafe fn data_of<'a, T>(m: *mut koxide_abi::types::seq_file) -> &'a T {
    // SAFETY: a `show` is under way.
    let data = unsafe { koxide_abi::kx_seq_private(m) };
    // SAFETY: the caller promises that it is a `T` that lives long enough.
    unsafe { &*data.cast::<T>() }
}

/// What a `show` is to answer the kernel.
///
/// With `EIOCBQUEUED` the kernel would wait for a completion that never comes, or stop the machine; with `EAGAIN` it would
/// ask again at once, and for ever, when a program reads from the middle of the file.
pub(crate) fn answer(shown: Result) -> c_int {
    match shown {
        Ok(()) => 0,
        Err(EIOCBQUEUED | EAGAIN) => EIO.to_errno(),
        Err(error) => Error::to_errno(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code::EBUSY;

    #[test]
    fn a_show_says_only_what_the_kernel_can_believe() {
        assert_eq!(answer(Ok(())), 0);
        assert_eq!(answer(Err(EBUSY)), EBUSY.to_errno());
        assert_eq!(answer(Err(EAGAIN)), EIO.to_errno());
        assert_eq!(answer(Err(EIOCBQUEUED)), EIO.to_errno());
    }
}
