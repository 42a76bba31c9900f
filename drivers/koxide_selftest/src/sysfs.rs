// SPDX-License-Identifier: GPL-2.0-only

//! A device without hardware, `koxide-selftest-faux`, with attributes in its folder `settings`.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{
    faux,
    page::PAGE_SIZE,
    prelude::*,
    str::CString,
    sysfs::{AttributeOperations, Group, sysfs_attrs},
    time::{Delta, delay::fsleep},
};

/// What is there while the module is loaded.
pub(crate) struct Devices {
    _settings: Pin<KBox<Group<Settings>>>,
    _device: faux::Registration,
}

impl Devices {
    /// Registers the device.
    pub(crate) fn new() -> Result<Self> {
        let device = faux::Registration::new(c"koxide-selftest-faux", None)?;
        dev_info!(device.as_ref(), "a device without hardware\n");
        Ok(Self {
            _settings: group(&device, c"settings")?,
            _device: device,
        })
    }
}

/// Hangs attributes on a device.
fn group(device: &faux::Registration, name: &CStr) -> Result<Pin<KBox<Group<Settings>>>> {
    let attributes = sysfs_attrs! {
        data: Settings,
        attributes: [
            speed: 0,
            silent: 1,
            slow: 2,
            busy: 3,
            too_much: 4,
        ],
    };
    let settings = Settings {
        speed: AtomicU32::new(7),
        state: AtomicU32::new(LIVES),
    };
    KBox::try_pin_init(Group::new(device, name, attributes, settings), GFP_KERNEL)
}

/// What [`Settings`] holds as long as it is not dropped.
const LIVES: u32 = 0x600d;

struct Settings {
    speed: AtomicU32,
    state: AtomicU32,
}

impl Drop for Settings {
    fn drop(&mut self) {
        self.state.store(0xdead, Relaxed);
    }
}

/// Puts a text into a page.
fn print(page: &mut [u8], text: kernel::fmt::Arguments<'_>) -> Result<usize> {
    let text = CString::try_from_fmt(text)?;
    let bytes = text.to_bytes();
    page.get_mut(..bytes.len())
        .ok_or(EFBIG)?
        .copy_from_slice(bytes);
    Ok(bytes.len())
}

#[vtable]
impl AttributeOperations<0> for Settings {
    type Data = Settings;

    fn show(settings: &Settings, page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        print(page, fmt!("{}\n", settings.speed.load(Relaxed)))
    }

    fn store(settings: &Settings, page: &[u8]) -> Result {
        let text = core::str::from_utf8(page)?.trim();
        let speed = text.parse().map_err(|_| EINVAL)?;
        settings.speed.store(speed, Relaxed);
        Ok(())
    }
}

#[vtable]
impl AttributeOperations<1> for Settings {
    type Data = Settings;

    fn store(settings: &Settings, page: &[u8]) -> Result {
        settings.speed.store(page.len() as u32, Relaxed);
        Ok(())
    }
}

#[vtable]
impl AttributeOperations<2> for Settings {
    type Data = Settings;

    fn show(settings: &Settings, page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        fsleep(Delta::from_millis(200));
        if settings.state.load(Relaxed) != LIVES {
            pr_err!("attributes were used after they were dropped\n");
        }
        print(page, fmt!("alive\n"))
    }
}

#[vtable]
impl AttributeOperations<3> for Settings {
    type Data = Settings;

    fn show(_settings: &Settings, _page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        Err(EBUSY)
    }
}

#[vtable]
impl AttributeOperations<4> for Settings {
    type Data = Settings;

    fn show(_settings: &Settings, _page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        Ok(PAGE_SIZE)
    }
}

#[kunit_tests(sysfs)]
mod tests {
    use super::*;

    #[test]
    fn a_device_can_be_registered_again() -> Result {
        for _ in 0..3 {
            let device = faux::Registration::new(c"koxide-selftest-again", None)?;
            assert_eq!(device.as_ref().as_ref().name(), c"koxide-selftest-again");
        }
        Ok(())
    }

    #[test]
    fn a_device_may_have_a_parent() -> Result {
        let parent = faux::Registration::new(c"koxide-selftest-parent", None)?;
        let child =
            faux::Registration::new(c"koxide-selftest-child", Some(parent.as_ref().as_ref()))?;
        dev_info!(child.as_ref(), "it has a parent\n");
        drop((child, parent));
        Ok(())
    }

    #[test]
    fn a_name_is_needed_and_is_only_given_once() -> Result {
        let first = faux::Registration::new(c"koxide-selftest-name", None)?;
        let second = faux::Registration::new(c"koxide-selftest-name", None);
        assert_eq!(second.err(), Some(ENODEV));
        for none in [c"", c"..", c"a/"] {
            assert_eq!(faux::Registration::new(none, None).err(), Some(ENODEV));
        }
        for name in [c"", c".", c"..", c"a/b"] {
            assert_eq!(group(&first, name).err(), Some(EINVAL));
        }
        Ok(())
    }

    #[test]
    fn attributes_and_their_device_go_in_any_order() -> Result {
        for first in [true, false] {
            let device = faux::Registration::new(c"koxide-selftest-order", None)?;
            let one = group(&device, c"one")?;
            let two = group(&device, c"two")?;
            assert_eq!(one.speed.load(Relaxed), 7);
            if first {
                drop((one, two, device));
            } else {
                drop((device, two, one));
            }
        }
        Ok(())
    }

    #[test]
    fn a_reference_outlives_the_registration() -> Result {
        let device = faux::Registration::new(c"koxide-selftest-ref", None)?;
        let kept: kernel::sync::aref::ARef<kernel::device::Device> =
            AsRef::<kernel::device::Device<_>>::as_ref(device.as_ref()).into();
        drop(device);
        assert_eq!(kept.name(), c"koxide-selftest-ref");
        Ok(())
    }
}
