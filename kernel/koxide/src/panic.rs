// SPDX-License-Identifier: GPL-2.0-only

//! What happens when a driver panics: the log says where and why, and the kernel stops this thread.

#![allow(unsafe_code, reason = "calls BUG()")]

use core::fmt::Write as _;
use core::panic::PanicInfo;

use crate::fmt::Line;
use crate::print::{Level, write};

/// Writes `<module>: panicked at <file>:<line>: <message>` to the log and calls `BUG()`.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // No memory is allocated here, whatever the state of the thread: a longer message is cut.
    let mut room = [0; 256];
    let last = room.len() - 1;
    let mut line = Line::new(&mut room[..last]);
    let (file, number) = info
        .location()
        .map_or(("?", 0), |at| (at.file(), at.line()));
    let _ = write!(line, "panicked at {file}:{number}: {}", info.message());
    let len = line.text().len();
    room[len] = b'\n';
    write(Level::Emerg, crate::module::name(), &room[..=len]);
    loop {
        // SAFETY: there is no contract but that this thread is lost, which is the intent.
        unsafe { koxide_abi::kx_bug() };
    }
}
