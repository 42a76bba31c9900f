// SPDX-License-Identifier: MIT OR Apache-2.0

//! Chooses between KVM and emulation: `/dev/kvm` can be there and not work, so a trial boot decides.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::image;
use crate::plan::Acceleration;
use crate::qemu::Accelerator;
use crate::run::Vm;

/// How long the trial may take: with KVM a boot takes a second, when nothing else is going on.
pub(crate) const TRIAL: Duration = Duration::from_secs(10);

/// The device.
const DEVICE: &str = "/dev/kvm";

/// Chooses what the machine asks for.
pub(crate) fn choose(vm: &Vm, image: &Path) -> Result<Accelerator, Error> {
    match vm.machine.acceleration {
        Acceleration::Tcg => Ok(Accelerator::Tcg),
        Acceleration::Counted => Ok(Accelerator::Counted),
        Acceleration::Auto => Ok(match usable(vm, image)? {
            Ok(()) => Accelerator::Kvm,
            Err(why) => {
                tracing::debug!("no KVM: {why}");
                Accelerator::Tcg
            }
        }),
        Acceleration::Kvm => match usable(vm, image)? {
            Ok(()) => Ok(Accelerator::Kvm),
            Err(why) => Err(Error::Kvm(why)),
        },
    }
}

/// Whether KVM works, and if not, why.
fn usable(vm: &Vm, image: &Path) -> Result<Result<(), String>, Error> {
    let arch = vm.kernel.arch;
    if !arch.is_this_machine() {
        return Ok(Err(format!("this machine's processor is no {arch}")));
    }
    if let Err(error) = OpenOptions::new().read(true).write(true).open(DEVICE) {
        return Ok(Err(format!("{DEVICE}: {error}")));
    }
    let file = vm.cache.join("kvm").join(key());
    let proved = match fs::read_to_string(&file) {
        Ok(text) => text == "works",
        Err(_) => {
            let works = vm.trial(image, Accelerator::Kvm)?;
            let text = if works { "works" } else { "does not work" };
            if let Err(error) = image::keep(text.as_bytes(), &file) {
                // It is tried again then.
                tracing::debug!("{error}");
            }
            works
        }
    };
    Ok(if proved {
        Ok(())
    } else {
        Err("a trial boot with it did not succeed".to_owned())
    })
}

/// What the answer depends on: this boot of this host.
fn key() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let hash = Sha256::digest(format!("{boot}{release}"));
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
