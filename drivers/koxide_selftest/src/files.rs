// SPDX-License-Identifier: GPL-2.0-only

//! Devices for tests of user space: what each file operation does, and what it does when there is none.

use kernel::{
    fs::{File, Kiocb, Seek},
    iov::IovIterDest,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
};

/// The devices, as long as the module is loaded.
#[pin_data]
pub(crate) struct Devices {
    #[pin]
    _sized: MiscDeviceRegistration<Sized>,
    #[pin]
    _plain: MiscDeviceRegistration<Plain>,
}

impl Devices {
    /// Registers them.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _sized <- MiscDeviceRegistration::register(
                MiscDeviceOptions { name: c"koxide-sized" }.mode(0o640).minor(250)
            ),
            _plain <- MiscDeviceRegistration::register(
                MiscDeviceOptions { name: c"koxide-plain" }.mode(0o7666)
            ),
        })
    }
}

/// 100 bytes, from 0 to 99, that can be sought in; a 32-bit program's ioctls are others than a 64-bit one's.
pub(crate) struct Sized;

/// The bytes.
const NUMBERS: [u8; 100] = {
    let mut numbers = [0; 100];
    let mut at = 0;
    while at < numbers.len() {
        numbers[at] = at as u8;
        at += 1;
    }
    numbers
};

#[vtable]
impl MiscDevice for Sized {
    type Ptr = ();

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<()> {
        Ok(())
    }

    fn llseek(_device: (), _file: &File, seek: Seek) -> Result<i64> {
        match seek.offset {
            // What the library does with a position that there is not.
            -1000 => Ok(-1000),
            _ => seek.fixed_size(NUMBERS.len() as i64),
        }
    }

    fn read_iter(mut kiocb: Kiocb<'_, ()>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &NUMBERS)
    }

    fn ioctl(_device: (), _file: &File, _cmd: u32, _arg: usize) -> Result<isize> {
        Ok(64)
    }

    fn compat_ioctl(_device: (), _file: &File, _cmd: u32, arg: usize) -> Result<isize> {
        Ok(if arg == 0xffff_fff0 { 32 } else { 0 })
    }
}

/// A file that has no operation but an ioctl that gives its argument's upper half.
pub(crate) struct Plain;

#[vtable]
impl MiscDevice for Plain {
    type Ptr = ();

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<()> {
        Ok(())
    }

    fn ioctl(_device: (), _file: &File, _cmd: u32, arg: usize) -> Result<isize> {
        Ok((arg >> 32).cast_signed() + 1)
    }
}

#[kunit_tests(files)]
mod tests {
    use super::*;

    #[test]
    fn minors_that_cannot_be_chosen_are_refused() -> Result {
        let named = MiscDeviceOptions {
            name: c"koxide-plain",
        };
        for (minor, errno) in [(127, Some(EINVAL)), (255, Some(EINVAL)), (251, None)] {
            let registered: Result<Pin<KBox<MiscDeviceRegistration<Plain>>>> = KBox::try_pin_init(
                MiscDeviceRegistration::register(named.minor(minor)),
                GFP_KERNEL,
            );
            assert_eq!(registered.err(), errno);
        }
        Ok(())
    }

    #[test]
    fn a_minor_is_only_given_once() -> Result {
        let first = MiscDeviceOptions {
            name: c"koxide-one",
        }
        .minor(251);
        let second = MiscDeviceOptions {
            name: c"koxide-two",
        }
        .minor(251);
        let _first: Pin<KBox<MiscDeviceRegistration<Plain>>> =
            KBox::try_pin_init(MiscDeviceRegistration::register(first), GFP_KERNEL)?;
        let second: Result<Pin<KBox<MiscDeviceRegistration<Plain>>>> =
            KBox::try_pin_init(MiscDeviceRegistration::register(second), GFP_KERNEL);
        assert_eq!(second.err(), Some(EBUSY));
        Ok(())
    }
}
