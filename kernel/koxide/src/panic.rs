// SPDX-License-Identifier: GPL-2.0-only

//! What happens when a driver panics: the log says where and why, and the kernel stops this thread.

#![allow(unsafe_code, reason = "calls BUG()")]

use core::fmt::Write as _;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::fmt::Line;
use crate::print::{Level, write};

/// How many panics are being written to the log now.
static NESTED: AtomicU32 = AtomicU32::new(0);

/// With more than so many a message is left out: it may itself be what panics when it is formatted.
const MOST_NESTED: u32 = 4;

/// Writes `<module>: panicked at <file>:<line>: <message>` to the log and calls `BUG()`.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // No memory is allocated here, whatever the state of the thread: a longer message is cut.
    let mut room = [0; 256];
    let last = room.len() - 1;
    let mut line = Line::new(&mut room[..last]);
    let nested = NESTED.fetch_add(1, Ordering::Relaxed);
    let (file, number) = info
        .location()
        .map_or(("?", 0), |at| (at.file(), at.line()));
    // Not `{file}`: that would bring the padding of strings into every driver.
    let _ = line.write_str("panicked at ");
    let _ = line.write_str(file);
    let _ = write!(line, ":{number}: ");
    if nested < MOST_NESTED {
        let _ = match info.message().as_str() {
            Some(text) => line.write_str(text),
            None => write!(line, "{}", info.message()),
        };
    }
    NESTED.fetch_sub(1, Ordering::Relaxed);
    let len = line.text().len();
    room[len] = b'\n';
    write(Level::Emerg, crate::module::name(), &room[..=len]);
    loop {
        // SAFETY: there is no contract but that this thread is lost, which is the intent.
        unsafe { koxide_abi::kx_bug() };
    }
}
