// SPDX-License-Identifier: MIT OR Apache-2.0

//! The figures that the repository has: `benchmarks.json`, in the shape of `--json` without what differs from one time
//! to the next.
//!
//! Ratios to C hold on any machine with kernels of these names. How large a module is and how many instructions an
//! operation takes is compared only where the kernel's release and the compilers are the same.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::table::number;
use super::{Case, DriverFigures, Pair, Report};
use crate::exit::{Exit, because};

/// The file's name, in the root of the workspace.
pub(crate) const FILE: &str = "benchmarks.json";

/// How wide a line of the file may be.
const WIDTH: usize = 160;

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
    least: 4.0,
};

impl Tolerance {
    fn allows(&self, now: f64, then: f64) -> bool {
        now <= then + f64::max(then * self.part, self.least)
    }
}

/// Reads the committed figures.
///
/// # Errors
/// There are none, or they cannot be understood.
pub(crate) fn read(root: &Path) -> anyhow::Result<Report> {
    let file = root.join(FILE);
    let text = std::fs::read(&file).with_context(|| {
        let message = format!(
            "there are no figures to compare with in {}\nTo write them: cargo koxide bench --update",
            file.display()
        );
        because(Exit::Usage, message)
    })?;
    serde_json::from_slice(&text).with_context(|| {
        let message = format!(
            "the figures in {} cannot be understood\nTo write them anew: cargo koxide bench --update",
            file.display()
        );
        because(Exit::Usage, message)
    })
}

/// The file's text for these figures; those of drivers that were not measured now are `old`'s.
///
/// # Errors
/// Figures of another kernel or compiler than these would be mixed with them.
pub(crate) fn text(report: &Report, old: Option<Report>) -> anyhow::Result<String> {
    let mut new = kept(report);
    if let Some(old) = old {
        for driver in &old.drivers {
            let measured = |new: &Report| {
                let mut all = new.drivers.iter();
                all.any(|other| same(&old, driver, new, other))
            };
            if measured(&new) {
                continue;
            }
            let Some(facts) = old.facts(&driver.kernel) else {
                continue;
            };
            let known = new.kernels.iter().find(|kernel| kernel.name == facts.name);
            if old.rustc != new.rustc || known.is_some_and(|kernel| kernel != facts) {
                let message = format!(
                    "{FILE} has figures of {} on {} by other compilers or of another release, which these must not be mixed with\n\
                     To measure all again: cargo koxide bench --update",
                    driver.name, facts.name
                );
                return Err(because(Exit::Usage, message).into());
            }
            if known.is_none() {
                new.kernels.push(facts.clone());
            }
            new.drivers.push(driver.clone());
        }
    }
    // In an order that does not depend on what was measured last.
    new.kernels.sort_by(|a, b| a.name.cmp(&b.name));
    new.drivers
        .sort_by(|a, b| (&a.name, &a.kernel).cmp(&(&b.name, &b.kernel)));
    let mut text = String::new();
    lay_out(&serde_json::to_value(&new)?, 0, &mut text);
    text.push('\n');
    Ok(text)
}

/// What is the same each time it is measured.
fn kept(report: &Report) -> Report {
    let mut kept = report.clone();
    kept.code.clear();
    for driver in &mut kept.drivers {
        driver.origins = Pair::default();
        for case in &mut driver.cases {
            (case.ns_per_op, case.time) = (None, None);
            case.insns_per_op = case.insns_per_op.map(rounded);
            case.net = case.net.map(rounded);
        }
        let measured = |case: &Case| case.insns_per_op.is_some() || case.net.is_some();
        driver.cases.retain(measured);
    }
    kept
}

fn rounded(pair: Pair<f64>) -> Pair<f64> {
    let round = |figure: f64| (figure * 10.0).round() / 10.0;
    Pair {
        rust: round(pair.rust),
        c: round(pair.c),
    }
}

/// Writes JSON with what fits on a line in one line, so that a change of one figure is a change of one line.
fn lay_out(value: &Value, depth: usize, out: &mut String) {
    let compact = value.to_string();
    let inner = "  ".repeat(depth + 1);
    let outer = &inner[2..];
    let (ends, items): (_, Vec<(String, &Value)>) = match value {
        _ if compact.len() + outer.len() <= WIDTH && depth > 0 => return out.push_str(&compact),
        Value::Array(items) => (
            "[]",
            items.iter().map(|item| (String::new(), item)).collect(),
        ),
        Value::Object(items) => {
            let named = items
                .iter()
                .map(|(key, item)| (format!("{}: ", Value::from(&**key)), item));
            ("{}", named.collect())
        }
        _ => return out.push_str(&compact),
    };
    out.push_str(&ends[..1]);
    for (at, (key, item)) in items.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&inner);
        out.push_str(key);
        lay_out(item, depth + 1, out);
    }
    out.push('\n');
    out.push_str(outer);
    out.push_str(&ends[1..]);
}

/// Whether two are of the same driver, on kernels of the same name.
fn same(a: &Report, of_a: &DriverFigures, b: &Report, of_b: &DriverFigures) -> bool {
    let name = |report: &Report, driver: &DriverFigures| {
        report.facts(&driver.kernel).map(|facts| facts.name.clone())
    };
    of_a.name == of_b.name && name(a, of_a) == name(b, of_b)
}

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// What is worse than it was.
    pub(crate) worse: Vec<String>,
    /// What is better.
    pub(crate) better: Vec<String>,
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
    let measured =
        |facts: &super::KernelFacts| now.kernels.iter().any(|kernel| kernel.name == facts.name);
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
                "the panic handler",
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
        let absolute = |a: Pair<f64>, b: Pair<f64>| self.alike && !of_figure.allows(a.rust, b.rust);
        let figures = format!(
            "{} of C now ({} and {}), {} before ({} and {})",
            times(now),
            number(now.rust),
            number(now.c),
            times(then),
            number(then.rust),
            number(then.c)
        );
        if ratio(now, then) || absolute(now, then) {
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

fn times(pair: Pair<f64>) -> String {
    format!("{:.3} times that", pair.ratio())
}
