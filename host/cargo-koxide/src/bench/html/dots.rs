// SPDX-License-Identifier: MIT OR Apache-2.0

//! Dots on an axis of multiples: what an operation costs beside C.

use maud::{Markup, html};

use super::{Mark, WIDTH, at, plot};
use crate::bench::goal::Goal;
use crate::bench::{Case, DriverFigures, Pair, Report, table};

/// Where the axis begins: left of that are names.
const LEFT: f64 = 240.0;
/// Where it ends: right of that are figures.
const RIGHT: f64 = WIDTH - 130.0;
/// The room of an operation.
const ROW: f64 = 22.0;
/// The room of a driver's name.
const HEAD: f64 = 26.0;

/// An axis on which twice and half are equally far from once.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// An axis for all of these, and a little more than once at least.
    fn of(ratios: impl Iterator<Item = f64>) -> Self {
        let mut scale = Self {
            low: 0.9,
            high: 1.25,
        };
        // What is further away stands at the edge, with its figure beside it.
        for ratio in ratios.filter(|ratio| *ratio > 0.0 && ratio.is_finite()) {
            scale.low = scale.low.min(ratio * 0.95).max(0.25);
            scale.high = scale.high.max(ratio * 1.05).min(8.0);
        }
        scale
    }

    fn x(&self, ratio: f64) -> f64 {
        let part = |ratio: f64| (ratio / self.low).log2() / (self.high / self.low).log2();
        LEFT + (RIGHT - LEFT) * part(ratio.clamp(self.low, self.high))
    }

    /// The zone that is wanted.
    fn zone(&self, height: f64) -> Markup {
        let (_, limit) = Goal::Net.limits();
        html! {
            rect.zone x=(at(LEFT)) y="0" width=(at(self.x(limit) - LEFT)) height=(at(height)) {}
        }
    }

    /// The round multiples.
    fn marks(&self) -> impl Iterator<Item = Mark> {
        const MARKS: [f64; 15] = [
            0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0,
        ];
        let marks = MARKS
            .into_iter()
            .filter(|mark| (self.low..=self.high).contains(mark));
        marks.map(|mark| Mark {
            x: self.x(mark),
            text: format!("{mark}×"),
            strong: mark == 1.0,
        })
    }
}

/// A row for each operation of each driver.
pub(super) fn costs(report: &Report, kernel: &str) -> Markup {
    let drivers: Vec<&DriverFigures> = report
        .on(kernel)
        .filter(|driver| !driver.cases.is_empty())
        .collect();
    let cases = drivers.iter().flat_map(|driver| &driver.cases);
    let scale = Scale::of(cases.flat_map(ratios));
    let rows = drivers
        .iter()
        .map(|driver| driver.cases.len() as f64 * ROW + HEAD);
    let height = rows.sum();
    let mut y = 0.0;
    let rows = html! {
        @for driver in drivers {
            text.name x="0" y=(at(y + HEAD - 8.0)) { (driver.name) }
            ({ y += HEAD; "" })
            @for case in &driver.cases {
                (row(case, y, &scale))
                ({ y += ROW; "" })
            }
        }
    };
    let label = format!("cost of operations on {kernel}");
    plot(&label, height, &scale.zone(height), scale.marks(), &rows)
}

fn ratios(case: &Case) -> impl Iterator<Item = f64> {
    let figures = [case.insns_per_op, case.net];
    let figures = figures.into_iter().flatten().map(Pair::ratio);
    let interval = case.time.map(|time| [time.low, time.high]);
    figures.chain(interval.into_iter().flatten())
}

fn row(case: &Case, y: f64, scale: &Scale) -> Markup {
    let middle = y + ROW / 2.0;
    let (_, limit) = Goal::Net.limits();
    let dot = |class: &str, what: &str, pair: Pair<f64>| {
        let title = format!(
            "{}: {what}, {} in Rust, {} in C",
            case.name,
            table::number(pair.rust),
            table::number(pair.c)
        );
        html! {
            @if pair.c > 0.0 {
                circle.(class) cx=(at(scale.x(pair.ratio()))) cy=(at(middle)) r="5" { title { (title) } }
            }
        }
    };
    html! {
        text.axis x=(at(LEFT - 10.0)) y=(at(middle + 4.0)) text-anchor="end" { (case.name) }
        @if let Some(time) = case.time {
            @let (low, high) = (scale.x(time.low), scale.x(time.high));
            rect.time x=(at(low)) y=(at(middle - 3.0)) width=(at(f64::max(high - low, 1.0))) height="6" rx="3" {
                title { (case.name) ": time, " (table::interval(time)) }
            }
        }
        @if let Some(pair) = case.insns_per_op { (dot("whole", "instructions with the system call", pair)) }
        @if let Some(pair) = case.net { (dot("net", "instructions net of the system call", pair)) }
        @let shown = case.net.or(case.insns_per_op).map(Pair::ratio);
        @let missed = shown.is_some_and(|ratio| ratio > limit);
        text.ratio.missed[missed] x=(at(WIDTH)) y=(at(middle + 4.0)) text-anchor="end" {
            @if let Some(ratio) = shown { (table::multiple(ratio)) "×" }
            @else if let Some(time) = case.time { (table::multiple(time.median)) "×" }
            @else { "unusable" }
        }
    }
}
