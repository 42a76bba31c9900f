// SPDX-License-Identifier: MIT OR Apache-2.0

//! The terminal that an interactive shell gets.

use crate::{Errno, sys};

/// Makes the terminal on standard input the controlling one of this session, and tells it its size.
///
/// # Errors
/// The errno of the request that failed: `EPERM` when the process leads no session.
pub fn take(rows: u16, columns: u16) -> Result<(), Errno> {
    sys::take_terminal(rows, columns)
}
