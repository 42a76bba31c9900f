// SPDX-License-Identifier: MIT OR Apache-2.0

//! Bars: the bytes of modules by what brought them, and lines of code.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Mark, WIDTH, at, class, plot, step};
use crate::bench::code::Code;
use crate::bench::goal::Goal;
use crate::bench::origin::Origin;
use crate::bench::{DriverFigures, Report, table};

/// Where bars begin: left of that are names.
const LEFT: f64 = 150.0;
/// Where the longest one ends: right of that are figures.
const RIGHT: f64 = WIDTH - 110.0;
/// The room of one row of two bars.
const ROW: f64 = 46.0;
/// The height of a bar.
const BAR: f64 = 16.0;

/// An axis from zero.
struct Scale {
    most: f64,
}

impl Scale {
    fn x(&self, value: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * value / self.most.max(1.0)
    }

    /// Round numbers, a few.
    fn marks(&self) -> impl Iterator<Item = Mark> {
        let step = step(self.most);
        let marks = (0..).map(move |n| f64::from(n) * step);
        marks
            .take_while(|mark| *mark <= self.most)
            .map(|mark| Mark {
                x: self.x(mark),
                text: table::count(mark as u64),
                strong: false,
            })
    }
}

/// The hatch of what does not count, which plots refer to.
pub(super) fn hatch() -> Markup {
    html! {
        svg.hatch aria-hidden="true" {
            pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect.runtime-ground width="6" height="6" {}
                rect.runtime-line width="3" height="6" {}
            }
        }
    }
}

/// For each driver a bar for Rust and one for C, in the colours of what brought the bytes.
pub(super) fn sizes(report: &Report, kernel: &str) -> Markup {
    let drivers: Vec<&DriverFigures> = report.on(kernel).collect();
    let sizes = drivers
        .iter()
        .flat_map(|driver| [driver.size.rust.total(), driver.size.c.total()]);
    let scale = Scale {
        most: sizes.max().unwrap_or(0) as f64,
    };
    let height = drivers.len() as f64 * ROW;
    let rows = html! {
        @for (row, driver) in drivers.iter().enumerate() {
            (size(driver, row as f64 * ROW + 5.0, &scale))
        }
    };
    let label = format!("bytes of modules for {kernel}");
    plot(&label, height, &html! {}, scale.marks(), &rows)
}

fn size(driver: &DriverFigures, y: f64, scale: &Scale) -> Markup {
    let most = scale.x(limit(driver));
    let good = driver.driver() as f64 <= limit(driver);
    html! {
        text.name x=(at(LEFT - 10.0)) y=(at(y + BAR + 5.0)) text-anchor="end" { (driver.name) }
        (stack(&driver.name, "Rust", &driver.origins.rust, y, most, scale))
        (stack(&driver.name, "C", &driver.origins.c, y + BAR + 2.0, 0.0, scale))
        line.limit x1=(at(most)) x2=(at(most)) y1=(at(y - 3.0)) y2=(at(y + BAR + 1.0)) {}
        text.ratio.missed[!good] x=(at(WIDTH)) y=(at(y + BAR + 5.0)) text-anchor="end" {
            (table::multiple(driver.ratio())) "×"
        }
    }
}

/// The most bytes that a driver should have.
fn limit(driver: &DriverFigures) -> f64 {
    let (_, limit) = Goal::Size.limits();
    driver.size.c.total() as f64 * limit
}

/// The parts of one module, side by side, what panics have at the end; what they sum up to is not written over `limit`.
fn stack(
    driver: &str,
    language: &str,
    origins: &BTreeMap<Origin, u64>,
    y: f64,
    limit: f64,
    scale: &Scale,
) -> Markup {
    let own = Origin::ALL
        .into_iter()
        .filter(|origin| *origin != Origin::Runtime);
    let mut done = 0;
    let parts: Vec<(Origin, u64, u64)> = own
        .chain([Origin::Runtime])
        .filter_map(|origin| {
            let bytes = origins.get(&origin).copied().filter(|bytes| *bytes > 0)?;
            done += bytes;
            Some((origin, done - bytes, bytes))
        })
        .collect();
    let end = scale.x(done as f64);
    let free = if (end..end + 50.0).contains(&limit) {
        limit
    } else {
        end
    };
    html! {
        @for (origin, from, bytes) in parts {
            @let (start, end) = (scale.x(from as f64), scale.x((from + bytes) as f64));
            rect.(class(origin)) x=(at(start)) y=(at(y)) width=(at(end - start)) height=(BAR) {
                title { (driver) " in " (language) ": " (origin.shown()) ", " (table::count(bytes)) " bytes" }
            }
        }
        text.axis x=(at(free + 5.0)) y=(at(y + 12.0)) { (table::count(done)) }
    }
}

/// Lines of Rust and C of each part.
pub(super) fn code(rows: &[Code]) -> Markup {
    let lines = rows.iter().flat_map(|row| [row.rust, row.c]);
    let scale = Scale {
        most: lines.max().unwrap_or(0) as f64,
    };
    let height = rows.len() as f64 * ROW;
    let rows = html! {
        @for (row, code) in rows.iter().enumerate() {
            @let y = row as f64 * ROW + 5.0;
            text.name x=(at(LEFT - 10.0)) y=(at(y + BAR + 5.0)) text-anchor="end" { (code.name) }
            (lines_bar("driver", "Rust", code.rust, y, &scale))
            (lines_bar("module", "C", code.c, y + BAR + 2.0, &scale))
            @if code.unsafe_blocks > 0 {
                text.ratio x=(at(WIDTH)) y=(at(y + BAR + 5.0)) text-anchor="end" {
                    (code.unsafe_blocks) " unsafe"
                }
            }
        }
    };
    plot("lines of code", height, &html! {}, scale.marks(), &rows)
}

fn lines_bar(class: &str, language: &str, lines: usize, y: f64, scale: &Scale) -> Markup {
    let end = scale.x(lines as f64);
    html! {
        rect.(class) x=(at(LEFT)) y=(at(y)) width=(at(end - LEFT)) height=(BAR) {}
        text.axis x=(at(end + 5.0)) y=(at(y + 12.0)) { (table::count(lines as u64)) " " (language) }
    }
}
