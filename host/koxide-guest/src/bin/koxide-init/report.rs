// SPDX-License-Identifier: MIT OR Apache-2.0

//! The report channel: the second serial port, which is the first of its kind where the console is of another.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;

use koxide_guest::protocol::{Mark, record};
use nix::libc::{B115200, O_NOCTTY};
use nix::sys::termios::{self, ControlFlags, InputFlags, LocalFlags, OutputFlags, SetArg};

/// The device.
const PORT: &str = if cfg!(target_arch = "x86_64") {
    "/dev/ttyS1"
} else {
    "/dev/ttyS0"
};

/// The report channel.
#[derive(Debug)]
pub(crate) struct Report {
    port: File,
    /// Held while something is written, so that records and output do not mix. Which stream the output is of.
    stream: Mutex<u8>,
}

impl Report {
    /// Opens the port as a plain line of bytes.
    pub(crate) fn open() -> io::Result<Self> {
        let port = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(O_NOCTTY)
            .open(PORT)?;
        let mut raw = termios::tcgetattr(&port)?;
        // As `cfsetspeed` does it, of which 32-bit ARM has two versions: the older one, which is meant, is in no static libc.
        let speed = ControlFlags::from_bits_retain(B115200);
        raw.control_flags = raw.control_flags.difference(ControlFlags::CBAUD) | speed;
        termios::cfmakeraw(&mut raw);
        termios::tcsetattr(&port, SetArg::TCSANOW, &raw)?;
        Ok(Self {
            port,
            stream: Mutex::new(1),
        })
    }

    /// The port itself.
    pub(crate) fn port(&self) -> &File {
        &self.port
    }

    /// Writes a record.
    pub(crate) fn record(&self, text: &str) -> io::Result<()> {
        let _held = self.stream.lock().unwrap_or_else(|e| e.into_inner());
        (&self.port).write_all(&record::encode(text))
    }

    /// Writes a mark.
    pub(crate) fn mark(&self, mark: &Mark) -> io::Result<()> {
        self.record(&mark.to_text())
    }

    /// Writes output of stream 1 or 2.
    pub(crate) fn output(&self, stream: u8, bytes: &[u8]) -> io::Result<()> {
        let mut current = self.stream.lock().unwrap_or_else(|e| e.into_inner());
        let mut port = &self.port;
        if *current != stream {
            *current = stream;
            port.write_all(&record::encode(&Mark::Stream(stream).to_text()))?;
        }
        port.write_all(&record::escape(bytes))
    }

    /// Makes the port a terminal with line editing again.
    pub(crate) fn cook(&self) -> io::Result<()> {
        let mut cooked = termios::tcgetattr(&self.port)?;
        cooked.input_flags |= InputFlags::ICRNL | InputFlags::IUTF8;
        cooked.output_flags |= OutputFlags::OPOST | OutputFlags::ONLCR;
        cooked.local_flags |= LocalFlags::ISIG | LocalFlags::ICANON | LocalFlags::IEXTEN;
        cooked.local_flags |= LocalFlags::ECHO | LocalFlags::ECHOE | LocalFlags::ECHOK;
        cooked.local_flags |= LocalFlags::ECHOCTL | LocalFlags::ECHOKE;
        Ok(termios::tcsetattr(&self.port, SetArg::TCSADRAIN, &cooked)?)
    }

    /// Waits until all is sent.
    pub(crate) fn drain(&self) -> io::Result<()> {
        Ok(termios::tcdrain(&self.port)?)
    }
}
