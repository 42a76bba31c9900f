// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/rust-misc-device`: a misc device with reads, writes and ioctls.
//!
//! Each open file has a value, which ioctls set and get, and a buffer, which writes replace and reads return.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod on_host;

use kernel::{
    device::Device,
    fs::{File, Kiocb},
    ioctl::{_IO, _IOC_SIZE, _IOR, _IOW},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::{
        Mutex,
        aref::ARef,
        atomic::{Atomic, Relaxed},
    },
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

/// The letter of this device's ioctls.
const TYPE: u32 = '|' as u32;
/// Says hello in the log; returns 100.
const HELLO: u32 = _IO(TYPE, 0x80);
/// Gets the file's value.
const GET_VALUE: u32 = _IOR::<i32>(TYPE, 0x81);
/// Sets the file's value.
const SET_VALUE: u32 = _IOW::<i32>(TYPE, 0x82);

/// The most that a file's buffer holds.
const LARGEST_BUFFER: usize = 1 << 20;

module! {
    type: RustMiscDeviceModule,
    name: "rust_misc_device",
    authors: ["The Koxide authors"],
    description: "A misc device with reads, writes and ioctls",
    license: "GPL",
}

#[pin_data]
struct RustMiscDeviceModule {
    #[pin]
    _device: MiscDeviceRegistration<RustMiscDevice>,
}

impl kernel::InPlaceModule for RustMiscDeviceModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pr_info!("the module is loaded\n");
        let options = MiscDeviceOptions {
            name: c"rust-misc-device",
        };
        try_pin_init!(Self { _device <- MiscDeviceRegistration::register(options) })
    }
}

/// An open file.
#[pin_data(PinnedDrop)]
struct RustMiscDevice {
    #[pin]
    buffer: Mutex<KVVec<u8>>,
    value: Atomic<i32>,
    dev: ARef<Device>,
}

#[vtable]
impl MiscDevice for RustMiscDevice {
    type Ptr = Pin<KBox<Self>>;

    fn open(file: &File, device: &MiscDeviceRegistration<Self>) -> Result<Pin<KBox<Self>>> {
        let dev = ARef::from(device.device());
        let uid = file.cred().euid().into_uid_in_current_ns();
        dev_info!(dev, "opened by uid {uid}\n");
        KBox::try_pin_init(
            try_pin_init!(Self {
                buffer <- new_mutex!(KVVec::new()),
                value: Atomic::new(0),
                dev,
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let this = kiocb.file();
        let read = iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &this.buffer.lock())?;
        dev_info!(this.dev, "read {read} bytes\n");
        Ok(read)
    }

    fn write_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        if iov.len() > LARGEST_BUFFER {
            return Err(EFBIG);
        }
        let this = kiocb.file();
        // The old content stays when the new one cannot be read.
        let mut buffer = KVVec::new();
        let written = iov.copy_from_iter_vec(&mut buffer, GFP_KERNEL)?;
        // What was there before is freed without the lock.
        core::mem::swap(&mut *this.buffer.lock(), &mut buffer);
        // The next read starts at the beginning of what was just written.
        *kiocb.ki_pos_mut() = 0;
        dev_info!(this.dev, "wrote {written} bytes\n");
        Ok(written)
    }

    fn ioctl(this: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let argument = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd));
        match cmd {
            HELLO => Ok(this.hello()),
            GET_VALUE => this.value_to(argument.writer()),
            SET_VALUE => this.value_from(argument.reader()),
            _ => {
                dev_err!(this.dev, "ioctl {cmd:#x} is not known\n");
                Err(ENOTTY)
            }
        }
    }
}

impl RustMiscDevice {
    /// Answers [`HELLO`].
    fn hello(&self) -> isize {
        dev_info!(self.dev, "hello from the misc device\n");
        100
    }

    /// Answers [`GET_VALUE`].
    fn value_to(&self, mut argument: UserSliceWriter) -> Result<isize> {
        let value = self.value.load(Relaxed);
        argument.write(&value)?;
        dev_info!(self.dev, "the value {value} was read\n");
        Ok(0)
    }

    /// Answers [`SET_VALUE`].
    fn value_from(&self, mut argument: UserSliceReader) -> Result<isize> {
        let value = argument.read()?;
        self.value.store(value, Relaxed);
        dev_info!(self.dev, "the value is {value} now\n");
        Ok(0)
    }
}

#[pinned_drop]
impl PinnedDrop for RustMiscDevice {
    fn drop(self: Pin<&mut Self>) {
        dev_info!(self.dev, "closed\n");
    }
}

#[kunit_tests(rust_misc_device)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_what_user_space_was_told() {
        assert_eq!(HELLO, 0x7c80);
        assert_eq!(GET_VALUE, 0x8004_7c81);
        assert_eq!(SET_VALUE, 0x4004_7c82);
    }

    #[test]
    fn a_buffer_is_replaced_under_its_lock() -> Result {
        let buffer: Pin<KBox<Mutex<KVVec<u8>>>> =
            KBox::pin_init(new_mutex!(KVVec::new()), GFP_KERNEL)?;
        buffer.lock().extend_from_slice(b"abc", GFP_KERNEL)?;
        {
            let mut guard = buffer.lock();
            assert!(buffer.try_lock().is_none());
            guard.push(b'd', GFP_KERNEL)?;
        }
        assert_eq!(*buffer.lock(), b"abcd");
        Ok(())
    }
}
