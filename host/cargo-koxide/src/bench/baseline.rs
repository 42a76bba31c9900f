// SPDX-License-Identifier: MIT OR Apache-2.0

//! The figures that the repository has: `benchmarks.json`, in the shape of `--json` without what differs from one time
//! to the next.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::{Case, DriverFigures, Pair, Report};
use crate::exit::{Exit, because};

/// The file's name, in the root of the workspace.
pub(crate) const FILE: &str = "benchmarks.json";

/// How wide a line of the file may be.
const WIDTH: usize = 160;

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
    if let Some(old) = old.map(|old| kept(&old)) {
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
    lay_out(&serde_json::to_value(&new)?, 0, 0, &mut text);
    text.push('\n');
    Ok(text)
}

/// What is the same each time it is measured.
fn kept(report: &Report) -> Report {
    let mut kept = report.clone();
    kept.code.clear();
    for driver in &mut kept.drivers {
        (driver.origins, driver.tables) = (Pair::default(), Pair::default());
        for case in &mut driver.cases {
            (case.ns_per_op, case.time) = (None, None);
            case.insns_per_op = case.insns_per_op.map(rounded);
            case.net = case.net.map(rounded);
            case.unusable.clear();
        }
        // What could not be counted this time is known, too: it is not new when it can be.
        let measured = |case: &Case| case.insns_per_op.is_some() || case.unsteady;
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

/// Writes JSON with what fits on a line in one line, so that a change of one figure is a change of one line;
/// `before` is how much the line has already.
fn lay_out(value: &Value, depth: usize, before: usize, out: &mut String) {
    let compact = value.to_string();
    let inner = "  ".repeat(depth + 1);
    let outer = &inner[2..];
    let (ends, items): (_, Vec<(String, &Value)>) = match value {
        _ if outer.len() + before + compact.len() <= WIDTH && depth > 0 => {
            return out.push_str(&compact);
        }
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
        lay_out(item, depth + 1, key.len(), out);
    }
    out.push('\n');
    out.push_str(outer);
    out.push_str(&ends[1..]);
}

/// Whether two are of the same driver, on kernels of the same name.
pub(super) fn same(a: &Report, of_a: &DriverFigures, b: &Report, of_b: &DriverFigures) -> bool {
    let name = |report: &Report, driver: &DriverFigures| {
        report.facts(&driver.kernel).map(|facts| facts.name.clone())
    };
    of_a.name == of_b.name && name(a, of_a) == name(b, of_b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;

    #[test]
    fn what_is_kept_is_what_is_the_same_each_time() {
        let report = sample::report();
        let read: Report = serde_json::from_str(&text(&report, None).unwrap()).unwrap();
        assert_eq!(read.kernels, report.kernels);
        assert_eq!(read.drivers[0].size, report.drivers[0].size);
        let (kept, measured) = (&read.drivers[0].cases[1], &report.drivers[0].cases[1]);
        assert_eq!((kept.net, kept.time), (measured.net, None));
    }

    #[test]
    fn figures_of_others_stay_unless_they_would_be_mixed() {
        let all = sample::report();
        let mut one = all.clone();
        one.drivers.truncate(1);
        one.kernels.truncate(1);
        assert_eq!(
            text(&one, Some(all.clone())).unwrap(),
            text(&all, None).unwrap()
        );
        one.kernels[0].release = "6.1.1".to_owned();
        one.drivers[0].kernel = "6.1.1".to_owned();
        let error = text(&one, Some(all)).unwrap_err().to_string();
        assert!(
            error.contains("yes_chardev on debian:bookworm by other compilers"),
            "{error}"
        );
    }

    #[test]
    fn a_case_is_a_line_of_the_file() {
        let text = text(&sample::report(), None).unwrap();
        let cases = text.lines().filter(|line| line.contains("\"read 64\""));
        assert_eq!(cases.count(), 4, "{text}");
        assert!(text.lines().all(|line| line.len() <= WIDTH + 1), "{text}");
    }
}
