// SPDX-License-Identifier: MIT OR Apache-2.0

//! Figures that nobody measured, for tests of what is made of figures.

use super::origin::Origin;
use super::{Case, DriverFigures, Interval, KernelFacts, Pair, Report, Size};

/// Two drivers on two kernels.
pub(super) fn report() -> Report {
    let kernel = |name: &str, release: &str| KernelFacts {
        name: name.to_owned(),
        release: release.to_owned(),
        compiler: "gcc-12 12.2.0".to_owned(),
    };
    Report {
        rustc: "rustc 1.95.0".to_owned(),
        kernels: vec![
            kernel("debian:bookworm", "6.1.0"),
            kernel("debian:bookworm-backports", "6.12.9"),
        ],
        drivers: vec![
            driver("scull", "6.1.0", 5000),
            driver("yes_chardev", "6.1.0", 2000),
            driver("scull", "6.12.9", 6000),
            driver("yes_chardev", "6.12.9", 2400),
        ],
        code: Vec::new(),
    }
}

/// A driver whose C is so large, and whose Rust is a tenth larger, and what panics have.
fn driver(name: &str, kernel: &str, bytes: u64) -> DriverFigures {
    let text = |text| Size {
        text,
        loaded: text,
        ..Size::default()
    };
    let (own, runtime) = (bytes + bytes / 10, 300);
    DriverFigures {
        name: name.to_owned(),
        kernel: kernel.to_owned(),
        size: Pair {
            rust: text(own + runtime),
            c: text(bytes),
        },
        runtime,
        origins: Pair {
            rust: [(Origin::Driver, own), (Origin::Runtime, runtime)].into(),
            c: [(Origin::Driver, bytes)].into(),
        },
        tables: Pair::default(),
        cases: vec![
            case("open/close", 2000.0, 100.0),
            case("read 64", 900.0, 40.0),
        ],
    }
}

fn case(name: &str, whole: f64, net: f64) -> Case {
    let pair = |c: f64, more: f64| {
        let rust = c + more;
        Some(Pair { rust, c })
    };
    Case {
        name: name.to_owned(),
        insns_per_op: pair(whole, 2.0),
        net: pair(net, 2.0),
        ns_per_op: pair(whole / 2.0, 1.0),
        time: Some(Interval {
            median: 1.002,
            low: 0.991,
            high: 1.021,
            kvm: true,
        }),
        unsteady: false,
        unusable: Vec::new(),
    }
}
