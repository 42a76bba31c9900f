// SPDX-License-Identifier: MIT OR Apache-2.0

//! The figures as tables: in Markdown that is as good to read in a terminal as in a book.

use std::collections::BTreeMap;

use indicatif::HumanCount;

use super::goal::Goal;
use super::origin::Origin;
use super::{Case, DriverFigures, Interval, Pair, Report, Size};

/// All tables.
pub(crate) fn of(report: &Report) -> String {
    let mut text = format!("{}\n", report.rustc);
    for kernel in &report.kernels {
        let release = &kernel.release;
        text += &format!("\n## {release} ({}, {})\n", kernel.name, kernel.compiler);
        text += &format!("\nBytes\n\n{}", sizes(report, release));
        text += &format!(
            "\nWhere they come from: Rust / C\n\n{}",
            origins(report, release)
        );
        text += &format!(
            "\nWhose code the tables and the room before functions are for: Rust / C\n\n{}",
            tables(report, release)
        );
        let costs = costs(report, release);
        if !costs.rows.is_empty() {
            text += &format!("\nAn operation: Rust / C\n\n{costs}");
        }
        for (driver, case, why) in unusable(report, release) {
            text += &format!("\nunusable: {driver}, {}: {why}\n", case.name);
        }
        text += &format!("\nMultiples of C\n\n{}", goals(report, release));
    }
    if !report.code.is_empty() {
        text += &format!("\n## Lines of code\n\n{}", code(report));
    }
    text
}

fn sizes(report: &Report, kernel: &str) -> Table {
    let mut table = Table::new([
        "module", "in", "text", "rodata", "data", "bss", "total", "loaded", "runtime", "driver",
        "of C's",
    ]);
    for driver in report.on(kernel) {
        let row = |name: &str, language: &str, size: Size, runtime: u64, ratio: String| {
            let Size {
                text,
                rodata,
                data,
                bss,
                loaded,
            } = size;
            let total = size.total();
            let numbers = [
                text,
                rodata,
                data,
                bss,
                total,
                loaded,
                runtime,
                total - runtime,
            ];
            let numbers = numbers.map(count);
            [name.to_owned(), language.to_owned()]
                .into_iter()
                .chain(numbers)
                .chain([ratio])
                .collect()
        };
        let Pair { rust, c } = driver.size;
        let ratio = multiple(driver.ratio());
        table.row(row(&driver.name, "Rust", rust, driver.runtime, ratio));
        table.row(row("", "C", c, 0, String::new()));
    }
    table
}

fn origins(report: &Report, kernel: &str) -> Table {
    by_origin(report, kernel, &Origin::ALL, |driver| &driver.origins)
}

fn tables(report: &Report, kernel: &str) -> Table {
    by_origin(report, kernel, &Origin::OF_CODE, |driver| &driver.tables)
}

/// A row for each origin, a column for each driver.
fn by_origin(
    report: &Report,
    kernel: &str,
    rows: &[Origin],
    bytes: impl Fn(&DriverFigures) -> &Pair<BTreeMap<Origin, u64>>,
) -> Table {
    let drivers: Vec<&DriverFigures> = report.on(kernel).collect();
    let names = drivers.iter().map(|driver| driver.name.clone());
    let mut table = Table::new(["".to_owned()].into_iter().chain(names));
    for origin in rows {
        let figures = drivers.iter().map(|driver| {
            let of = |bytes: &BTreeMap<Origin, u64>| count(bytes.get(origin).copied().unwrap_or(0));
            let Pair { rust, c } = bytes(driver);
            format!("{} / {}", of(rust), of(c))
        });
        table.row(
            [origin.shown().to_owned()]
                .into_iter()
                .chain(figures)
                .collect(),
        );
    }
    table
}

fn costs(report: &Report, kernel: &str) -> Table {
    let mut table = Table::new([
        "driver",
        "operation",
        "instructions",
        "of C's",
        "net",
        "of C's",
        "nanoseconds",
        "of C's",
    ]);
    for driver in report.on(kernel) {
        for (at, case) in driver.cases.iter().enumerate() {
            let name = if at == 0 { &*driver.name } else { "" };
            let [whole, whole_ratio] = pair(case.insns_per_op);
            let [net, net_ratio] = pair(case.net);
            let [time, _] = pair(case.ns_per_op);
            let interval = case.time.map_or_else(dash, interval);
            let cells = [whole, whole_ratio, net, net_ratio, time, interval];
            let names = [name.to_owned(), case.name.clone()];
            table.row(names.into_iter().chain(cells).collect());
        }
    }
    table
}

fn unusable<'a>(
    report: &'a Report,
    kernel: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Case, &'a str)> {
    report.on(kernel).flat_map(|driver| {
        driver.cases.iter().flat_map(move |case| {
            let reasons = case.unusable.iter();
            reasons.map(move |why| (&*driver.name, case, &**why))
        })
    })
}

fn goals(report: &Report, kernel: &str) -> Table {
    let mut table = Table::new(["", "median", "wanted", "worst", "wanted", "of", "above it"]);
    for goal in Goal::ALL {
        let Some(reached) = goal.reached(report, kernel) else {
            continue;
        };
        let (median, worst) = goal.limits();
        table.row(vec![
            goal.shown().to_owned(),
            multiple(reached.median),
            median.map_or_else(dash, multiple),
            multiple(reached.worst),
            multiple(worst),
            reached.of,
            format!("{} of {}", reached.missed, reached.count),
        ]);
    }
    table
}

fn code(report: &Report) -> Table {
    let mut table = Table::new(["", "Rust", "C", "unsafe blocks", "lines in them"]);
    for code in &report.code {
        let numbers = [code.rust, code.c, code.unsafe_blocks, code.unsafe_lines];
        let numbers = numbers.map(|number| count(number as u64));
        table.row([code.name.clone()].into_iter().chain(numbers).collect());
    }
    table
}

/// A number with commas.
pub(super) fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// A multiple of C's figure.
pub(super) fn multiple(ratio: f64) -> String {
    if ratio.is_finite() {
        format!("{ratio:.2}")
    } else {
        dash()
    }
}

/// An interval, and where it was measured when that was no processor.
pub(super) fn interval(interval: Interval) -> String {
    let Interval {
        median,
        low,
        high,
        kvm,
    } = interval;
    let emulated = if kvm { "" } else { ", emulated" };
    format!("{median:.2} ({low:.2} to {high:.2}{emulated})")
}

fn pair(figures: Option<Pair<f64>>) -> [String; 2] {
    figures.map_or_else(
        || [dash(), dash()],
        |figures| {
            let both = format!("{} / {}", number(figures.rust), number(figures.c));
            [both, multiple(figures.ratio())]
        },
    )
}

/// A figure with as many digits as say something.
pub(super) fn number(figure: f64) -> String {
    if figure >= 1000.0 || (figure >= 0.0 && figure.fract() == 0.0) {
        count(figure.round() as u64)
    } else {
        format!("{figure:.1}")
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// A table in Markdown whose columns are as wide as they have to be.
#[derive(Debug)]
struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new<T: Into<String>>(head: impl IntoIterator<Item = T>) -> Self {
        Self {
            head: head.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Whether a column is of numbers, which stand at its right.
    fn is_of_numbers(&self, column: usize) -> bool {
        let first = self.rows.iter().find_map(|row| row[column].chars().next());
        first.is_some_and(|c| c.is_ascii_digit() || c == '-')
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| lines().map(|line| line[column].len()).max().unwrap_or(0))
            .collect();
        let right: Vec<bool> = (0..widths.len()).map(|at| self.is_of_numbers(at)).collect();
        for (at, line) in lines().enumerate() {
            for ((cell, &width), &right) in line.iter().zip(&widths).zip(&right) {
                if right {
                    write!(f, "| {cell:>width$} ")?;
                } else {
                    write!(f, "| {cell:width$} ")?;
                }
            }
            writeln!(f, "|")?;
            if at == 0 {
                for (&width, &right) in widths.iter().zip(&right) {
                    let (line, end) = ("-".repeat(width + 1), if right { ":" } else { "-" });
                    write!(f, "|{line}{end}")?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_have_to_be() {
        let mut table = Table::new(["", "bytes"]);
        table.row(vec!["hello_world".to_owned(), "1,234".to_owned()]);
        table.row(vec!["yes".to_owned(), "7".to_owned()]);
        let wanted = "\
|             | bytes |
|-------------|------:|
| hello_world | 1,234 |
| yes         |     7 |
";
        assert_eq!(table.to_string(), wanted);
    }
}
