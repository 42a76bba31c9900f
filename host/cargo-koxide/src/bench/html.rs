// SPDX-License-Identifier: MIT OR Apache-2.0

//! The figures as one page that needs nothing else: no network, no script, no file beside it.

mod bars;
mod dots;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::goal::Goal;
use super::origin::Origin;
use super::{KernelFacts, Report, table};

/// How the page looks, by day and by night.
const STYLE: &str = include_str!("html/style.css");

/// How wide a plot is, in units of its own; the page scales it.
const WIDTH: f64 = 960.0;

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Koxide beside C" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (bars::hatch())
                h1 { "Koxide beside C" }
                p.lead {
                    "Drivers in Rust, and the same drivers in C, built for the same kernels and measured in one run. "
                    "Less is better everywhere."
                }
                @for kernel in &report.kernels { (section(report, kernel)) }
                @if !report.code.is_empty() {
                    section {
                        h2 { "Lines of code" }
                        p.note { "Without comments, blank lines and tests. No driver has an " code { "unsafe" } " block." }
                        (bars::code(&report.code))
                    }
                }
                details {
                    summary { "All figures" }
                    pre { (table::of(report)) }
                }
                footer { "Made by " code { "cargo koxide bench --html" } " with " (report.rustc) "." }
            }
        }
    };
    page.into_string()
}

fn section(report: &Report, kernel: &KernelFacts) -> Markup {
    let release = &*kernel.release;
    let measured = report.on(release).any(|driver| !driver.cases.is_empty());
    html! {
        section {
            h2 { (release) }
            p.note { (kernel.name) ", C compiled by " (kernel.compiler) }
            div.cards { @for goal in Goal::ALL { (card(report, release, goal)) } }
            h3 { "Bytes of the module" }
            p.note {
                "Above Rust, below C. The dashed line is the most that a driver should have, the hatched end is "
                "what is there only for panics, which is not counted as the driver's."
            }
            (legend())
            (bars::sizes(report, release))
            @if measured {
                h3 { "An operation, as a multiple of C" }
                p.note {
                    span.key.net {} "instructions net of the system call  "
                    span.key.whole {} "with it  "
                    span.key.time {} "time, with its 95% interval"
                }
                (dots::costs(report, release))
            }
        }
    }
}

/// One goal, and what was reached.
fn card(report: &Report, kernel: &str, goal: Goal) -> Markup {
    let Some(reached) = goal.reached(report, kernel) else {
        return html! {};
    };
    let (median, worst) = goal.limits();
    html! {
        div.card.good[reached.good].missed[!reached.good] {
            div.what { (goal.shown()) }
            div.figure { (table::multiple(reached.median)) "×" }
            div.wanted {
                "median"
                @if let Some(median) = median { ", at most " (table::multiple(median)) " wanted" }
            }
            div.wanted {
                "worst " (table::multiple(reached.worst)) " (" (reached.of) "), "
                (table::multiple(worst)) " wanted"
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        p.legend {
            @for origin in Origin::ALL {
                span { svg viewBox="0 0 10 10" { rect.(class(origin)) width="10" height="10" rx="2" {} } (origin.shown()) }
            }
        }
    }
}

/// The class of an origin's colour.
fn class(origin: Origin) -> &'static str {
    match origin {
        Origin::Driver => "driver",
        Origin::Library => "library",
        Origin::Shims => "shims",
        Origin::CoreFmt => "fmt",
        Origin::Core => "core",
        Origin::Runtime => "runtime",
        Origin::Constants => "constants",
        Origin::Entries => "entries",
        Origin::Unwinding => "unwinding",
        Origin::Places => "places",
        Origin::Versions => "versions",
        Origin::Module => "module",
    }
}

/// The room of an axis.
const AXIS: f64 = 24.0;

/// A place on an axis.
struct Mark {
    x: f64,
    text: String,
    /// Whether its line stands out.
    strong: bool,
}

/// A plot so high above its axis, of which each mark is a thin line with its text at the foot; `ground` lies below them.
fn plot(
    label: &str,
    height: f64,
    ground: &Markup,
    marks: impl Iterator<Item = Mark>,
    rows: &Markup,
) -> Markup {
    html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (at(height + AXIS)) } role="img" aria-label=(label) {
            (ground)
            @for mark in marks {
                @let x = at(mark.x);
                line.grid.once[mark.strong] x1=(x) x2=(x) y1="0" y2=(at(height)) {}
                text.axis x=(x) y=(at(height + 16.0)) text-anchor="middle" { (mark.text) }
            }
            (rows)
        }
    }
}

/// A coordinate: a tenth of a unit is less than a pixel.
fn at(coordinate: f64) -> String {
    format!("{coordinate:.1}")
}

/// A step between the marks of an axis of which not more than about eight fit.
fn step(most: f64) -> f64 {
    let rough = f64::max(most / 8.0, f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].map(|digit| digit * power);
    step.into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;
    use crate::page::assert_needs_nothing_else;

    #[test]
    fn the_page_has_every_figure_and_needs_nothing_else() {
        let report = sample::report();
        let page = page(&report);
        for driver in &report.drivers {
            let bytes = table::count(driver.driver());
            let title = format!("{} in Rust: driver, {bytes} bytes", driver.name);
            assert!(page.contains(&title), "{title}");
        }
        for part in [
            "read 64: time, 1.00 (0.99 to 1.02)",
            "1.10×",
            "<h2>6.12.9</h2>",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert_needs_nothing_else(&page);
    }

    #[test]
    fn steps_are_round_and_few() {
        for (most, wanted) in [(11_689.0, 2_000.0), (8.0, 1.0), (42_800.0, 10_000.0)] {
            assert!((step(most) - wanted).abs() < 1e-6, "{most}: {}", step(most));
        }
    }
}
