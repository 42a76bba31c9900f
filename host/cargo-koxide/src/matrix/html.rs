// SPDX-License-Identifier: MIT OR Apache-2.0

//! The matrix as one page that needs nothing else: no network, no script, no file beside it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::table::words;
use super::{Cell, Counts, Grid, Row, Tried};
use crate::results::{Case, Verdict};

/// How the page looks, by day and by night.
const STYLE: &str = include_str!("html/style.css");

/// The page.
pub(crate) fn page(grid: &Grid) -> String {
    let counts = total(grid);
    let title = match grid.shard {
        Some(shard) => format!("Drivers on kernels, part {shard}"),
        None => "Drivers on kernels".to_owned(),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p.lead {
                    (counts.passed) " tests passed, " (counts.failed) " failed, on "
                    (grid.rows.len()) " kernels in virtual machines."
                }
                section { (table(grid)) (reasons(grid)) }
                (failures(grid))
                (objects(grid))
                footer { "Made by " code { "cargo koxide test --matrix --html" } "." }
            }
        }
    };
    page.into_string()
}

fn total(grid: &Grid) -> Counts {
    let all = grid.rows.iter().flat_map(Row::tried).map(Tried::counts);
    all.fold(Counts::default(), |sum, counts| Counts {
        passed: sum.passed + counts.passed,
        failed: sum.failed + counts.failed,
        crashed: sum.crashed + counts.crashed,
    })
}

fn table(grid: &Grid) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr { th {} @for driver in &grid.drivers { th scope="col" { (driver) } } }
                }
                tbody {
                    @for row in &grid.rows {
                        tr {
                            th scope="row" {
                                (row.name)
                                @if let Some(release) = &row.release { div.release { (release) } }
                            }
                            @for (driver, cell) in grid.drivers.iter().zip(&row.cells) {
                                (self::cell(row, driver, cell))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(row: &Row, driver: &str, cell: &Cell) -> Markup {
    match cell {
        Cell::Elsewhere => html! { td.elsewhere title="not in this part" { "–" } },
        Cell::Unavailable(_) => html! {
            td.bad { a href={ "#" (anchor(&[&row.name])) } { "unavailable" } }
        },
        Cell::Tried(tried) => {
            let counts = tried.counts();
            let text = words(counts, tried.time);
            html! {
                @if counts.failed == 0 { td.good { (text) } }
                @else { td.bad { a href={ "#" (anchor(&[&row.name, driver])) } { (text) } } }
            }
        }
    }
}

/// Why kernels have no results.
fn reasons(grid: &Grid) -> Markup {
    html! {
        @for row in grid.rows.iter().filter(|row| !row.reasons().is_empty()) {
            p.note id=(anchor(&[&row.name])) {
                b { (row.name) } ": " (row.reasons().join("\n"))
            }
        }
    }
}

/// What failed tests said, by the cells of the table.
fn failures(grid: &Grid) -> Markup {
    let cells = grid.rows.iter().flat_map(|row| {
        let cells = grid.drivers.iter().zip(&row.cells);
        cells.map(move |(driver, cell)| (row, driver, cell))
    });
    html! {
        @for (row, driver, cell) in cells {
            @if let Cell::Tried(tried) = cell && tried.counts().failed > 0 {
                section id=(anchor(&[&row.name, driver])) {
                    h2 { (driver) " on " (row.name) }
                    @for case in &tried.cases { (failure(case)) }
                }
            }
        }
    }
}

fn failure(case: &Case) -> Markup {
    let (Verdict::Failed(why) | Verdict::Crashed(why)) = &case.verdict else {
        return html! {};
    };
    html! {
        details open[true] {
            summary { (case.suite) "::" (case.name) ": " (why) }
            pre { (case.output) }
        }
    }
}

/// The objects that the modules were linked from.
fn objects(grid: &Grid) -> Markup {
    let objects = grid.objects();
    html! {
        @if !objects.is_empty() {
            section {
                h2 { "Objects" }
                p.note { @for line in grid.shared() { (line) ".\n" } }
                div.wide {
                    table {
                        thead { tr { th { "object" } th { "SHA-256" } } }
                        tbody {
                            @for (name, hashes) in &objects {
                                tr.bad[hashes.len() > 1] {
                                    th scope="row" { (name) }
                                    td { @for hash in hashes { div { code { (hash) } } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A name of a place in the page.
fn anchor(words: &[&str]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    words.join("--").chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::page::assert_needs_nothing_else;

    #[test]
    fn the_page_has_every_cell_and_needs_nothing_else() {
        let page = page(&sample::grid());
        for part in [
            "<td class=\"good\">2 ok 75s</td>",
            "1 ok 2 FAILED 75s</a>",
            "1 ok 1 CRASHED 75s</a>",
            "it said &lt;this&gt;",
            "the network cannot be reached",
            "part 1/2",
            "x86_64/scull.o",
            "6 tests passed, 3 failed, on 4 kernels",
        ] {
            assert!(page.contains(part), "{part}:\n{page}");
        }
        assert_needs_nothing_else(&page);
    }

    #[test]
    fn every_link_leads_somewhere() {
        let page = page(&sample::grid());
        let links: Vec<&str> = page
            .split("href=\"#")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        // Two cells of the kernel that is unavailable, one with failures, one with a crash.
        assert_eq!(links.len(), 4, "{links:?}");
        for link in links {
            let target = format!("id=\"{link}\"");
            assert_eq!(page.matches(&target).count(), 1, "{link}");
        }
    }
}
