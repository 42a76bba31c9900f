// SPDX-License-Identifier: GPL-2.0-only

//! Panics on demand: in every callback, with every lock held, owning all sorts of things.
//!
//! What is to happen is written to `/dev/fault-probe`, or is a parameter: see `plan`.
#![no_std]
#![forbid(unsafe_code)]

mod deferred;
mod fault;
mod file;
mod folders;
mod hold;
mod plan;
mod shared;

use kernel::{prelude::*, sync::Arc};

use plan::{Place, Plan};
use shared::Shared;

module! {
    type: FaultProbe,
    name: "fault_probe",
    authors: ["The Koxide authors"],
    description: "Panics on demand, in all callbacks, with all locks and resources",
    license: "GPL",
    params: {
        plan: str { default: "", description: "What is to happen, as it is written to the device" },
    },
}

struct FaultProbe {
    shared: Arc<Shared>,
    _devices: file::Devices,
    _folders: folders::Folders,
}

impl kernel::Module for FaultProbe {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let shared = Shared::new()?;
        let plan = module_parameters::plan.value().to_bytes();
        if !plan.is_empty() {
            shared.arm(Plan::of_text(plan)?);
        }
        let devices = file::register(&shared)?;
        let folders = folders::Folders::new(&shared)?;
        shared.reach(Place::Init)?;
        Ok(Self {
            shared,
            _devices: devices,
            _folders: folders,
        })
    }
}

impl Drop for FaultProbe {
    fn drop(&mut self) {
        // Nobody is told whether it fails.
        let _ = self.shared.reach(Place::Exit);
    }
}
