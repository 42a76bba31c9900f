// SPDX-License-Identifier: MIT OR Apache-2.0
//! A driver as tutorials for Linux 6.12 to 6.18 print it.

use core::pin::Pin;

use kernel::{
    c_str,
    device::Device,
    fs::File,
    ioctl::{_IO, _IOC_SIZE, _IOR, _IOW},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
    types::ARef,
    uaccess::{UserSlice, UserSliceReader, UserSliceWriter},
};

const HELLO: u32 = _IO('|' as u32, 0x80);
const GET: u32 = _IOR::<i32>('|' as u32, 0x81);
const SET: u32 = _IOW::<i32>('|' as u32, 0x82);

module! {
    type: OldModule,
    name: "old_shapes",
    author: "A tutorial",
    description: "As tutorials print it",
    license: "GPL",
}

#[pin_data]
struct OldModule {
    #[pin]
    _miscdev: MiscDeviceRegistration<Old>,
}

impl kernel::InPlaceModule for OldModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pr_info!("Initialising\n");
        let options = MiscDeviceOptions {
            name: c_str!("old-shapes"),
        };
        try_pin_init!(Self { _miscdev <- MiscDeviceRegistration::register(options) })
    }
}

struct Inner {
    value: i32,
}

#[pin_data(PinnedDrop)]
struct Old {
    #[pin]
    inner: Mutex<Inner>,
    dev: ARef<Device>,
}

#[vtable]
impl MiscDevice for Old {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, misc: &MiscDeviceRegistration<Self>) -> Result<Pin<KBox<Self>>> {
        let dev = ARef::from(misc.device());
        dev_info!(dev, "Opening\n");
        KBox::try_pin_init(
            try_pin_init! { Old { inner <- new_mutex!( Inner { value: 0_i32 } ), dev: dev } },
            GFP_KERNEL,
        )
    }

    fn ioctl(me: Pin<&Old>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let size = _IOC_SIZE(cmd);
        match cmd {
            GET => me.get_value(UserSlice::new(arg, size).writer())?,
            SET => me.set_value(UserSlice::new(arg, size).reader())?,
            HELLO => dev_info!(me.dev, "Hello\n"),
            _ => return Err(ENOTTY),
        };
        Ok(0)
    }
}

#[pinned_drop]
impl PinnedDrop for Old {
    fn drop(self: Pin<&mut Self>) {
        dev_info!(self.dev, "Exiting\n");
    }
}

impl Old {
    fn set_value(&self, mut reader: UserSliceReader) -> Result {
        let new_value = reader.read::<i32>()?;
        let mut guard = self.inner.lock();
        guard.value = new_value;
        Ok(())
    }

    fn get_value(&self, mut writer: UserSliceWriter) -> Result {
        let guard = self.inner.lock();
        let value = guard.value;
        drop(guard);
        writer.write::<i32>(&value)?;
        Ok(())
    }
}
