// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is worse now than in `benchmarks.json`.
//!
//! Ratios to C hold on any machine with kernels of these names. How large a module is and how many instructions an
//! operation takes is compared only where the kernel's release and the compilers are the same.

use super::baseline::{FILE, same};
use super::table::number;
use super::{DriverFigures, KernelFacts, Pair, Report};

/// By how much a figure may be larger than the committed one.
struct Tolerance {
    /// As a part of the committed figure.
    part: f64,
    /// In what it counts.
    least: f64,
}

/// Ratios of sizes: another compiler aligns in another way.
const SIZE_RATIO: Tolerance = Tolerance {
    part: 0.01,
    least: 0.01,
};

/// Bytes: the same compilers make the same bytes, but the length of a path is in messages.
const BYTES: Tolerance = Tolerance {
    part: 0.0025,
    least: 32.0,
};

/// Ratios of instructions.
const RATIO: Tolerance = Tolerance {
    part: 0.01,
    least: 0.01,
};

/// Instructions. Net figures are differences of larger ones, and may be of a dozen.
const INSTRUCTIONS: Tolerance = Tolerance {
    part: 0.01,
    least: 6.0,
};

impl Tolerance {
    fn allows(&self, now: f64, then: f64) -> bool {
        now <= then + f64::max(then * self.part, self.least)
    }
}

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// What is worse than it was.
    pub(crate) worse: Vec<String>,
    /// What is better.
    pub(crate) better: Vec<String>,
    /// What could not be compared, since this time its counts do not agree.
    pub(crate) unsteady: Vec<String>,
}

/// Compares each driver that was measured with what is committed of it; `all` when no driver was left out.
pub(crate) fn compare(now: &Report, then: &Report, all: bool) -> Findings {
    let mut findings = Findings::default();
    for driver in &now.drivers {
        let mut of_then = then.drivers.iter();
        match of_then.find(|old| same(now, driver, then, old)) {
            None => findings.worse.push(format!(
                "{} on {} is not in {FILE}",
                driver.name, driver.kernel
            )),
            Some(old) => {
                let alike =
                    now.rustc == then.rustc && now.facts(&driver.kernel) == then.facts(&old.kernel);
                Comparison {
                    driver,
                    alike,
                    findings: &mut findings,
                }
                .driver(old);
            }
        }
    }
    let measured = |facts: &KernelFacts| now.kernels.iter().any(|kernel| kernel.name == facts.name);
    for old in then.drivers.iter().filter(|_| all) {
        let known = now
            .drivers
            .iter()
            .any(|driver| same(now, driver, then, old));
        if !known && then.facts(&old.kernel).is_some_and(measured) {
            let gone = format!(
                "{} on {} is in {FILE} and was not measured",
                old.name, old.kernel
            );
            findings.worse.push(gone);
        }
    }
    findings
}

/// The comparison of one driver.
struct Comparison<'a> {
    driver: &'a DriverFigures,
    /// Whether kernel and compilers are those of the committed figures.
    alike: bool,
    findings: &'a mut Findings,
}

impl Comparison<'_> {
    fn driver(&mut self, old: &DriverFigures) {
        let sizes = |driver: &DriverFigures| Pair {
            rust: driver.driver() as f64,
            c: driver.size.c.total() as f64,
        };
        let (now, then) = (sizes(self.driver), sizes(old));
        self.figure("the driver's size", now, then, &SIZE_RATIO, &BYTES);
        let (now, then) = (self.driver.runtime as f64, old.runtime as f64);
        if self.alike && !BYTES.allows(now, then) {
            self.worse(
                "what panics have",
                format!("{now} bytes now, {then} before"),
            );
        }
        for case in &old.cases {
            let name = format!("`{}`", case.name);
            let mut cases = self.driver.cases.iter();
            let Some(new) = cases.find(|new| new.name == case.name) else {
                self.worse(&name, "it was measured before and is not now".to_owned());
                continue;
            };
            for (what, now, then) in [
                ("", new.insns_per_op, case.insns_per_op),
                (" net of the system call", new.net, case.net),
            ] {
                let what = format!("{name}{what}");
                match (now, then) {
                    (Some(now), Some(then)) => self.figure(&what, now, then, &RATIO, &INSTRUCTIONS),
                    (None, Some(_)) if new.unsteady => {
                        let why = new.unusable.join("; ");
                        let place = self.place();
                        self.findings
                            .unsteady
                            .push(format!("{place}: {what}: {why}"));
                    }
                    (None, Some(_)) => {
                        let why = new.unusable.join("; ");
                        self.worse(&what, format!("it could not be measured: {why}"));
                    }
                    _ => {}
                }
            }
        }
        let (driver, cases) = (self.driver, &old.cases);
        for new in driver.cases.iter().filter(|new| new.insns_per_op.is_some()) {
            if !cases.iter().any(|case| case.name == new.name) {
                self.worse(&format!("`{}`", new.name), format!("it is not in {FILE}"));
            }
        }
    }

    /// A figure is worse when its ratio to C is, or it itself where that can be compared.
    fn figure(
        &mut self,
        what: &str,
        now: Pair<f64>,
        then: Pair<f64>,
        of_ratio: &Tolerance,
        of_figure: &Tolerance,
    ) {
        // What differs by less than the figures' own tolerance says nothing as a ratio, either: net figures are small.
        let counts = |a: Pair<f64>, b: Pair<f64>| {
            let scale = b.c / a.c;
            !of_figure.allows(a.rust * scale, b.rust)
        };
        let ratio = |a: Pair<f64>, b: Pair<f64>| {
            let usable = a.c > 0.0 && b.c > 0.0;
            usable && !of_ratio.allows(a.ratio(), b.ratio()) && counts(a, b)
        };
        // What C's figure has grown by as well is the kernel's: how long it looks for memory, for example.
        let absolute = |a: Pair<f64>, b: Pair<f64>| {
            let of_both = f64::max(a.c - b.c, 0.0);
            self.alike && !of_figure.allows(a.rust - of_both, b.rust)
        };
        let beside = |pair: Pair<f64>| {
            let (rust, c) = (number(pair.rust), number(pair.c));
            match pair.ratio() {
                ratio if ratio.is_finite() => format!("{ratio:.3} times C ({rust} to {c})"),
                // Of a net figure C may have nothing, where the handler that returns at once has one more call.
                _ => format!("{rust} to {c} in C"),
            }
        };
        let figures = format!("{} now, {} before", beside(now), beside(then));
        // Where figures can be compared, a twin that became better does not make the driver worse.
        let grown = !self.alike || now.rust > then.rust;
        if absolute(now, then) || ratio(now, then) && grown {
            self.worse(what, figures);
        } else if ratio(then, now) || absolute(then, now) {
            let better = format!("{}: {what}: {figures}", self.place());
            self.findings.better.push(better);
        }
    }

    fn worse(&mut self, what: &str, why: String) {
        let worse = format!("{}: {what}: {why}", self.place());
        self.findings.worse.push(worse);
    }

    fn place(&self) -> String {
        format!("{} on {}", self.driver.name, self.driver.kernel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;

    /// What a comparison with the sample says after a change.
    fn after(change: impl FnOnce(&mut Report)) -> Findings {
        let then = sample::report();
        let mut now = then.clone();
        change(&mut now);
        compare(&now, &then, true)
    }

    #[test]
    fn what_is_the_same_is_not_worse() {
        assert_eq!(after(|_| {}), Findings::default());
    }

    #[test]
    fn a_larger_driver_is_worse_and_named_with_both_figures() {
        let findings = after(|now| now.drivers[0].size.rust.rodata += 100);
        assert_eq!(
            findings.worse,
            [
                "scull on 6.1.0: the driver's size: 1.120 times C (5,600 to 5,000) now, \
                 1.100 times C (5,500 to 5,000) before"
            ]
        );
        // A few bytes say nothing.
        assert_eq!(
            after(|now| now.drivers[0].size.rust.rodata += 8),
            Findings::default()
        );
        // What panics have is not the driver's.
        let findings = after(|now| {
            now.drivers[0].size.rust.text += 100;
            now.drivers[0].runtime += 100;
        });
        assert!(findings.worse[0].contains("what panics have: 400 bytes now, 300 before"));
    }

    #[test]
    fn more_instructions_are_worse_whole_and_net() {
        let more = |instructions: f64| {
            after(|now| {
                let case = &mut now.drivers[1].cases[1];
                case.insns_per_op.as_mut().unwrap().rust += instructions;
                case.net.as_mut().unwrap().rust += instructions;
            })
        };
        assert_eq!(more(5.0), Findings::default());
        let worse = more(8.0).worse;
        assert_eq!(worse.len(), 1, "{worse:?}");
        assert!(worse[0].starts_with("yes_chardev on 6.1.0: `read 64` net of"));
        assert_eq!(more(20.0).worse.len(), 2);
        assert_eq!(more(-20.0).better.len(), 2);
    }

    #[test]
    fn another_kernel_or_compiler_leaves_ratios_only() {
        let larger = |now: &mut Report| {
            now.drivers[0].size.rust.text += 1100;
            now.drivers[0].size.c.text += 1000;
        };
        assert_eq!(after(larger).worse.len(), 1);
        let other = |now: &mut Report| {
            larger(now);
            now.rustc += " (another)";
        };
        assert_eq!(after(other), Findings::default());
        let other = |now: &mut Report| {
            other(now);
            now.drivers[0].size.rust.text += 200;
        };
        assert_eq!(after(other).worse.len(), 1);
    }

    #[test]
    fn what_takes_longer_in_both_makes_no_driver_worse() {
        let both = |more: f64| {
            after(|now| {
                let case = now.drivers[0].cases[1].insns_per_op.as_mut().unwrap();
                (case.rust, case.c) = (case.rust + 20.0 + more, case.c + 20.0);
            })
        };
        assert_eq!(both(0.0), Findings::default());
        assert_eq!(both(12.0).worse.len(), 1);
    }

    #[test]
    fn a_better_twin_makes_no_driver_worse() {
        let better = |now: &mut Report| {
            now.drivers[0].size.c.text -= 1000;
            now.drivers[0].cases[1].insns_per_op.as_mut().unwrap().c -= 100.0;
        };
        assert_eq!(after(better), Findings::default());
        // Where nothing but ratios can be compared it does: nobody knows which of the two changed.
        let other = |now: &mut Report| {
            better(now);
            now.rustc += " (another)";
        };
        assert_eq!(after(other).worse.len(), 2);
    }

    #[test]
    fn what_is_missing_is_worse() {
        let gone = after(|now| drop(now.drivers.remove(0)));
        assert_eq!(
            gone.worse,
            ["scull on 6.1.0 is in benchmarks.json and was not measured"]
        );
        let gone = after(|now| drop(now.drivers[0].cases.remove(0)));
        assert!(gone.worse[0].contains("`open/close`: it was measured before"));
        let new = after(|now| now.drivers[0].name = "other".to_owned());
        assert!(new.worse[0].starts_with("other on 6.1.0 is not in benchmarks.json"));
        let unusable = after(|now| {
            let case = &mut now.drivers[0].cases[0];
            (case.insns_per_op, case.net) = (None, None);
            case.unusable = vec!["it sleeps".to_owned()];
        });
        assert_eq!(unusable.worse.len(), 2);
        assert!(unusable.worse[0].contains("it sleeps"), "{unusable:?}");
    }

    #[test]
    fn what_cannot_be_compared_is_named_and_is_not_worse() {
        let unsteady = |report: &mut Report| {
            let case = &mut report.drivers[0].cases[0];
            (case.insns_per_op, case.net) = (None, None);
            case.unsteady = true;
            case.unusable = vec!["two counts differ by 0.6%".to_owned()];
        };
        let findings = after(unsteady);
        assert_eq!(findings.worse, Vec::<String>::new());
        assert!(findings.unsteady[0].contains("`open/close`: two counts differ by 0.6%"));
        // Nor is it new when it can be compared again.
        let mut then = sample::report();
        unsteady(&mut then);
        assert_eq!(compare(&sample::report(), &then, true), Findings::default());
    }
}
