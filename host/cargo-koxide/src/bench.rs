// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is measured of a driver and of its twin in C, in the shape in which `--json` writes it and `benchmarks.json`
//! keeps it.

pub(crate) mod baseline;
pub(crate) mod code;
pub(crate) mod compare;
pub(crate) mod goal;
pub(crate) mod html;
pub(crate) mod measure;
pub(crate) mod origin;
mod owners;
#[cfg(test)]
mod sample;
pub(crate) mod size;
pub(crate) mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use code::Code;
use origin::Origin;

/// All figures of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The Rust compiler.
    pub(crate) rustc: String,
    /// The kernels, in the order in which they were asked for.
    pub(crate) kernels: Vec<KernelFacts>,
    /// Each driver on each kernel.
    pub(crate) drivers: Vec<DriverFigures>,
    /// How much code each driver is, and what all of them stand on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) code: Vec<Code>,
}

impl Report {
    /// The drivers on a kernel of that release.
    pub(crate) fn on<'a>(&'a self, release: &'a str) -> impl Iterator<Item = &'a DriverFigures> {
        let drivers = self.drivers.iter();
        drivers.filter(move |driver| driver.kernel == release)
    }

    /// The kernel of that release.
    fn facts(&self, release: &str) -> Option<&KernelFacts> {
        self.kernels.iter().find(|kernel| kernel.release == release)
    }
}

/// What decides the absolute figures of a kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KernelFacts {
    /// The name that `--kernel` takes.
    pub(crate) name: String,
    /// The release.
    pub(crate) release: String,
    /// The C compiler that builds its modules.
    pub(crate) compiler: String,
}

/// A figure of the driver, and the same one of its twin in C.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pair<T> {
    /// The driver.
    pub(crate) rust: T,
    /// Its twin.
    pub(crate) c: T,
}

/// A driver on one kernel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DriverFigures {
    /// The driver's package.
    pub(crate) name: String,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// Bytes of the stripped modules.
    pub(crate) size: Pair<Size>,
    /// How many bytes of the Rust module are there only because it may panic.
    pub(crate) runtime: u64,
    /// What brought the bytes.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub(crate) origins: Pair<BTreeMap<Origin, u64>>,
    /// Of the bytes before functions and in the kernel's tables those that belong to somebody's code.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub(crate) tables: Pair<BTreeMap<Origin, u64>>,
    /// What its operations cost.
    pub(crate) cases: Vec<Case>,
}

impl DriverFigures {
    /// A case's name beside those of other drivers.
    pub(crate) fn case(&self, case: &Case) -> String {
        format!("{}, {}", self.name, case.name)
    }

    /// The bytes of the Rust module without those for panics.
    pub(crate) fn driver(&self) -> u64 {
        self.size.rust.total() - self.runtime
    }

    /// How many times larger than its twin the driver is.
    pub(crate) fn ratio(&self) -> f64 {
        self.driver() as f64 / self.size.c.total() as f64
    }
}

fn is_empty(origins: &Pair<BTreeMap<Origin, u64>>) -> bool {
    origins.rust.is_empty() && origins.c.is_empty()
}

/// What the loader makes room for, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Size {
    /// Code.
    pub(crate) text: u64,
    /// Constants, and the tables that the kernel reads.
    pub(crate) rodata: u64,
    /// Variables that begin with a value.
    pub(crate) data: u64,
    /// Variables that begin as zero.
    pub(crate) bss: u64,
    /// What of it the loader makes room for: all but what it only reads.
    pub(crate) loaded: u64,
}

impl Size {
    /// All of it.
    pub(crate) fn total(&self) -> u64 {
        self.text + self.rodata + self.data + self.bss
    }
}

impl Pair<f64> {
    /// How many times more the driver has; no number where the twin has nothing.
    pub(crate) fn ratio(self) -> f64 {
        if self.c > 0.0 {
            self.rust / self.c
        } else {
            f64::NAN
        }
    }
}

/// One operation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Case {
    /// Its name: `read 64`, `open/close`.
    pub(crate) name: String,
    /// Instructions of an operation, with its system call.
    pub(crate) insns_per_op: Option<Pair<f64>>,
    /// Instructions without those of the same system call to a handler in C that returns at once.
    pub(crate) net: Option<Pair<f64>>,
    /// Nanoseconds: the medians of all boots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ns_per_op: Option<Pair<f64>>,
    /// How many times longer the driver takes than its twin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<Interval>,
    /// Whether instructions were counted, and the counts do not agree.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unsteady: bool,
    /// Why figures that were asked for are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unusable: Vec<String>,
}

/// A ratio that was measured several times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interval {
    /// The median.
    pub(crate) median: f64,
    /// The lower end of its 95% interval.
    pub(crate) low: f64,
    /// The upper end of its 95% interval.
    pub(crate) high: f64,
    /// Measured on a processor, not on an emulated one.
    pub(crate) kvm: bool,
}
