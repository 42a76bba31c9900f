// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/driver_name`: gives back in capital letters what was written to it.
#![no_std]
#![forbid(unsafe_code)]

use kernel::fs::{File, Kiocb};
use kernel::iov::{IovIterDest, IovIterSource};
use kernel::miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration};
use kernel::new_mutex;
use kernel::prelude::*;
use kernel::sync::Mutex;

/// The most that one open file holds, in bytes.
const CAPACITY: usize = 4096;

/// What an open file holds before something is written to it.
const GREETING: &[u8] = b"NOTHING WAS WRITTEN YET\n";

module! {
    type: DriverName,
    name: "driver_name",
    authors: ["You"],
    description: "Gives back in capital letters what was written to it",
    license: "GPL",
}

/// The module: as long as it is loaded, its device is registered.
#[pin_data]
struct DriverName {
    #[pin]
    _device: MiscDeviceRegistration<OpenFile>,
}

impl kernel::InPlaceModule for DriverName {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pr_info!("ready\n");
        try_pin_init!(Self {
            _device <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"driver_name" }),
        })
    }
}

/// What each open file has of its own.
#[pin_data(PinnedDrop)]
struct OpenFile {
    #[pin]
    text: Mutex<KVec<u8>>,
}

#[vtable]
impl MiscDevice for OpenFile {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let mut text = KVec::new();
        text.extend_from_slice(GREETING, GFP_KERNEL)?;
        KBox::try_pin_init(
            try_pin_init!(Self {
                text <- new_mutex!(text),
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let file = kiocb.file();
        let text = file.text.lock();
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &text)
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        if iov.len() > CAPACITY {
            return Err(EFBIG);
        }
        let file = kiocb.file();
        let mut written = KVec::new();
        let count = iov.copy_from_iter_vec(&mut written, GFP_KERNEL)?;
        capitalise(&mut written);
        *file.text.lock() = written;
        Ok(count)
    }
}

#[pinned_drop]
impl PinnedDrop for OpenFile {
    fn drop(self: Pin<&mut Self>) {
        pr_info!("closed, with {} bytes\n", self.text.lock().len());
    }
}

/// Turns small ASCII letters to capitals, and leaves every other byte as it is.
fn capitalise(text: &mut [u8]) {
    text.make_ascii_uppercase();
}

/// These run on this machine, with plain `cargo test`.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_letters_become_capitals() {
        let mut text = *b"Hello, 7 w\xc3\xb6rlds\n";
        capitalise(&mut text);
        assert_eq!(&text, b"HELLO, 7 W\xc3\xb6RLDS\n");
    }
}

/// These run inside of the kernel, with `cargo koxide test`.
#[kunit_tests(driver_name)]
mod kernel_tests {
    use super::*;

    #[test]
    fn text_grows_in_kernel_memory() {
        let mut text = KVec::new();
        for _ in 0..CAPACITY {
            text.push(b'x', GFP_KERNEL).unwrap();
        }
        capitalise(&mut text);
        assert_eq!(text.len(), CAPACITY);
        assert!(text.iter().all(|&byte| byte == b'X'));
    }
}
