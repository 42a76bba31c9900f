// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/lamp0` and `/dev/lamp1`: a digit that is written gives a lamp its colour. With a mistake, which
//! `cargo koxide demo panic` shows.
#![forbid(unsafe_code)]

use kernel::fs::{File, Kiocb};
use kernel::iov::{IovIterDest, IovIterSource};
use kernel::miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration};
use kernel::prelude::*;
use kernel::sync::global_lock;

const COLOURS: [&str; 4] = ["red\n", "green\n", "blue\n", "white\n"];

global_lock! {
    /// The colours of both lamps.
    static LAMPS: Mutex<[&'static str; 2]> = [COLOURS[0]; 2];
}

module! {
    type: Lamps,
    name: "lamp",
    authors: ["The Koxide authors"],
    description: "Two lamps, and a mistake",
    license: "GPL",
}

#[pin_data]
struct Lamps {
    #[pin]
    _lamp0: MiscDeviceRegistration<Lamp<0>>,
    #[pin]
    _lamp1: MiscDeviceRegistration<Lamp<1>>,
}

impl kernel::InPlaceModule for Lamps {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _lamp0 <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"lamp0" }),
            _lamp1 <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"lamp1" }),
        })
    }
}

struct Lamp<const N: usize>;

#[vtable]
impl<const N: usize> MiscDevice for Lamp<N> {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
        Ok(KBox::new(Lamp, GFP_KERNEL)?)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let colour = LAMPS.lock()[N];
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), colour.as_bytes())
    }

    fn write_iter(_kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut text = KVec::new();
        let written = iov.copy_from_iter_vec(&mut text, GFP_KERNEL)?;
        let Some(digit @ b'0'..=b'9') = text.first() else {
            return Err(EINVAL);
        };
        let mut lamps = LAMPS.lock();
        // The mistake: there are ten digits and four colours, and nobody looks.
        lamps[N] = COLOURS[usize::from(digit - b'0')];
        Ok(written)
    }
}
