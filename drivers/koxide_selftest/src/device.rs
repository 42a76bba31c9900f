// SPDX-License-Identifier: GPL-2.0-only

//! A device that does nothing, but for what its ioctl leaves behind.

use kernel::{
    fs::File,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    pin_init::PinInit,
    prelude::*,
    time::{Delta, delay::fsleep},
    workqueue,
};

/// A file without content.
pub(crate) struct Endless;

#[vtable]
impl MiscDevice for Endless {
    type Ptr = ();

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<()> {
        Ok(())
    }

    /// Leaves something behind that takes a second.
    fn ioctl(_: (), _file: &File, _cmd: u32, _arg: usize) -> Result<isize> {
        workqueue::system().try_spawn(GFP_KERNEL, || {
            fsleep(Delta::from_secs(1));
            pr_info!("what was left behind is done\n");
        })?;
        Ok(0)
    }
}

/// Registers `/dev/koxide-selftest`.
pub(crate) fn registration() -> impl PinInit<MiscDeviceRegistration<Endless>, Error> {
    MiscDeviceRegistration::register(MiscDeviceOptions {
        name: c"koxide-selftest",
    })
}

#[kunit_tests(device)]
mod tests {
    use super::*;

    #[test]
    fn a_device_can_be_registered_again() -> Result {
        for _ in 0..3 {
            let device = KBox::try_pin_init(registration(), GFP_KERNEL)?;
            assert_eq!(device.device().name(), c"koxide-selftest");
        }
        Ok(())
    }

    #[test]
    fn a_name_is_needed_and_is_only_given_once() -> Result {
        let first = KBox::try_pin_init(registration(), GFP_KERNEL)?;
        let second = KBox::try_pin_init(registration(), GFP_KERNEL);
        assert_eq!(second.err(), Some(EEXIST));
        drop(first);
        let options = MiscDeviceOptions { name: c"" };
        let nameless: Result<Pin<KBox<MiscDeviceRegistration<Endless>>>> =
            KBox::try_pin_init(MiscDeviceRegistration::register(options), GFP_KERNEL);
        assert_eq!(nameless.err(), Some(EINVAL));
        Ok(())
    }

    #[test]
    fn a_device_outlives_its_registration() -> Result {
        let registered = KBox::try_pin_init(registration(), GFP_KERNEL)?;
        let device = kernel::sync::aref::ARef::from(registered.device());
        drop(registered);
        dev_info!(device, "unregistered, {} is still its name\n", "this");
        assert_eq!(device.name(), c"koxide-selftest");
        Ok(())
    }
}
