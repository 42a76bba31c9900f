// SPDX-License-Identifier: GPL-2.0-only

//! Panics on demand, and is set up again: `on_panic: restart`.
//!
//! A file of `/dev/restart-probe` or `/dev/restart-probe-other` says which instance of the driver it belongs to. What is written to it
//! is what is to panic, or how: see `order`.
#![no_std]
#![forbid(unsafe_code)]

mod files;
mod later;
mod order;

use kernel::{
    configfs::{Subsystem, configfs_attrs},
    miscdevice::{MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    procfs,
    sync::{
        Arc,
        atomic::{Atomic, Relaxed},
    },
};

use files::{Devices, Folders, MiscFile, Shown};
use order::{Done, Init};

module! {
    type: RestartProbe,
    name: "restart_probe",
    authors: ["The Koxide authors"],
    description: "Panics on demand, and is set up again",
    license: "GPL",
    on_panic: restart,
    params: {
        init: u32 { default: 0, description: "What the first init is to do: 3 to let a work panic" },
    },
}

/// How many instances there were: what is in a static stays.
static INSTANCES: Atomic<u32> = Atomic::new(0);

/// An instance of the driver, as long as somebody has it.
struct Instance {
    number: u32,
    /// Dropping the module's value is to panic.
    breaks: Atomic<bool>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        pr_info!("instance {} is gone\n", self.number);
    }
}

/// All that an instance registers is in the module's value, so that dropping it undoes that.
#[pin_data(PinnedDrop)]
struct RestartProbe {
    instance: Arc<Instance>,
    _devices: Devices,
    #[pin]
    _misc: MiscDeviceRegistration<MiscFile>,
    #[pin]
    _proc: procfs::File<Shown>,
    #[pin]
    _config: Subsystem<Folders>,
    /// What is made when all else is.
    _after: Done,
}

impl RestartProbe {
    /// The next instance.
    fn instance() -> Result<Arc<Instance>> {
        let number = INSTANCES.load(Relaxed) + 1;
        INSTANCES.store(number, Relaxed);
        if number == 1 {
            order::next_init(module_parameters::init.value());
        }
        let instance = Instance {
            number,
            breaks: Atomic::new(false),
        };
        Ok(Arc::new(instance, GFP_KERNEL)?)
    }
}

impl kernel::InPlaceModule for RestartProbe {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let folders = configfs_attrs! {
            container: Subsystem<Folders>,
            data: Folders,
            child: (),
            attributes: [],
        };
        let instance = Self::instance();
        try_pin_init!(Self {
            _devices: files::register(&instance.clone()?)?,
            _misc <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"restart-probe-misc" }),
            _proc <- procfs::File::new(c"restart_probe", 0o444, None, Shown(instance.clone()?)),
            _config <- Subsystem::new(c"restart_probe", folders, Folders),
            _after: Init::happens(&instance.clone()?)?,
            instance: instance?,
        })
    }
}

#[pinned_drop]
impl PinnedDrop for RestartProbe {
    fn drop(self: Pin<&mut Self>) {
        assert!(
            !self.instance.breaks.load(Relaxed),
            "it broke on its way out"
        );
    }
}
