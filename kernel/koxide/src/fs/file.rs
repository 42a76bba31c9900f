// SPDX-License-Identifier: GPL-2.0-only

//! Open files, in the place where upstream has them.
//!
//! # Examples
//!
//! ```
//! use kernel::fs::{File, file};
//!
//! fn is_only_read(file: &File) -> bool {
//!     file.flags() & file::flags::O_ACCMODE == file::flags::O_RDONLY
//! }
//! ```

#[doc(no_inline)]
pub use super::{File, flags};
