// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is wanted of a driver beside its twin, and how far the figures of a kernel are from it.

use super::{Case, DriverFigures, Report};

/// A kind of figure with the most that it may be, as a multiple of that of C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Bytes of the driver, without those for panics.
    Size,
    /// Instructions of an operation with its system call.
    Instructions,
    /// Instructions without those of the system call.
    Net,
    /// Time of an operation: the lower end of the interval.
    Time,
}

impl Goal {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Size, Self::Instructions, Self::Net, Self::Time];

    /// The most that the median of all may be, where that is wanted, and the most of any.
    pub(crate) fn limits(self) -> (Option<f64>, f64) {
        match self {
            Self::Size => (Some(1.15), 1.30),
            Self::Instructions | Self::Net => (Some(1.00), 1.05),
            Self::Time => (None, 1.00),
        }
    }

    /// In words.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Size => "driver size",
            Self::Instructions => "instructions",
            Self::Net => "instructions, net",
            Self::Time => "time, lower end",
        }
    }

    fn of_case(self, case: &Case) -> Option<f64> {
        match self {
            Self::Size => None,
            Self::Instructions => case.insns_per_op.map(|figures| figures.ratio()),
            Self::Net => case.net.map(|figures| figures.ratio()),
            Self::Time => case.time.map(|interval| interval.low),
        }
    }

    /// Each figure of a driver with its name.
    fn of_driver(self, driver: &DriverFigures) -> Vec<(String, f64)> {
        if self == Self::Size {
            return vec![(driver.name.clone(), driver.ratio())];
        }
        let cases = driver.cases.iter();
        let named = |case: &Case| Some((driver.case(case), self.of_case(case)?));
        cases.filter_map(named).collect()
    }

    /// How a kernel's figures stand; none where there are none.
    pub(crate) fn reached(self, report: &Report, kernel: &str) -> Option<Reached> {
        let mut ratios: Vec<(String, f64)> = report
            .on(kernel)
            .flat_map(|driver| self.of_driver(driver))
            // What a handler of nothing does not cost either has no ratio.
            .filter(|(_, ratio)| ratio.is_finite())
            .collect();
        ratios.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (of, worst) = ratios.last()?.clone();
        let (low, high) = (ratios[(ratios.len() - 1) / 2].1, ratios[ratios.len() / 2].1);
        let median = f64::midpoint(low, high);
        let (most, limit) = self.limits();
        let missed = ratios.iter().filter(|(_, ratio)| *ratio > limit).count();
        Some(Reached {
            median,
            worst,
            of,
            count: ratios.len(),
            missed,
            good: missed == 0 && most.is_none_or(|most| rounded(median) <= most),
        })
    }
}

/// As it is shown: a median of 1.004 is 1.00.
fn rounded(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

/// How the figures of a kernel stand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reached {
    /// The median of all.
    pub(crate) median: f64,
    /// The largest.
    pub(crate) worst: f64,
    /// What has it.
    pub(crate) of: String,
    /// How many there are.
    pub(crate) count: usize,
    /// How many of them are above the limit.
    pub(crate) missed: usize,
    /// Whether that is what is wanted.
    pub(crate) good: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Pair, Size};

    fn driver(name: &str, rust: u64) -> DriverFigures {
        let size = |text| Size {
            text,
            ..Size::default()
        };
        DriverFigures {
            name: name.to_owned(),
            kernel: "6.1".to_owned(),
            size: Pair {
                rust: size(rust + 300),
                c: size(1000),
            },
            runtime: 300,
            ..DriverFigures::default()
        }
    }

    #[test]
    fn the_median_and_the_worst_decide() {
        let mut report = Report {
            drivers: vec![driver("a", 1000), driver("b", 1100), driver("c", 1200)],
            ..Report::default()
        };
        let reached = Goal::Size.reached(&report, "6.1").unwrap();
        assert_eq!(
            (reached.median, reached.worst, &*reached.of),
            (1.1, 1.2, "c")
        );
        assert!(reached.good && Goal::Size.reached(&report, "6.12").is_none());
        report.drivers.push(driver("d", 1301));
        let reached = Goal::Size.reached(&report, "6.1").unwrap();
        assert!((reached.median - 1.15).abs() < 1e-9 && !reached.good);
        assert_eq!((reached.count, reached.missed), (4, 1));
    }
}
