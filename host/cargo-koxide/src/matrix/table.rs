// SPDX-License-Identifier: MIT OR Apache-2.0

//! The matrix as text: a row for each kernel, a column for each driver, folded where the terminal is narrow.

use std::time::Duration;

use console::{Alignment, measure_text_width, pad_str, style};

use super::{Cell, Counts, Grid, Row};

/// What stands between two columns.
const GAP: usize = 2;

/// The table as lines of at most `width` characters, and what explains it.
pub(crate) fn lines(grid: &Grid, width: usize) -> Vec<String> {
    let names: Vec<String> = grid.rows.iter().map(|row| row.name.clone()).collect();
    let heads = column("", names);
    let columns = grid.drivers.iter().enumerate().map(|(index, driver)| {
        let cells = grid.rows.iter().map(|row| text(&row.cells[index]));
        column(&style(driver).bold().to_string(), cells.collect())
    });
    let mut lines = Vec::new();
    for block in fold(columns.collect(), width.saturating_sub(heads.width)) {
        for line in 0..=grid.rows.len() {
            let columns = std::iter::once(&heads).chain(&block);
            let cells = columns.map(|column| {
                pad_str(&column.cells[line], column.width, Alignment::Left, None).into_owned()
            });
            let cells: Vec<String> = cells.collect();
            lines.push(cells.join(&" ".repeat(GAP)).trim_end().to_owned());
        }
        lines.push(String::new());
    }
    lines.extend(grid.rows.iter().flat_map(reasons));
    if let Some(shard) = grid.shard {
        lines.push(format!("-: not in the part {shard}"));
    }
    lines.extend(grid.shared());
    lines
}

/// A column, its head first.
struct Column {
    cells: Vec<String>,
    width: usize,
}

fn column(head: &str, mut cells: Vec<String>) -> Column {
    cells.insert(0, head.to_owned());
    let width = cells.iter().map(|cell| measure_text_width(cell)).max();
    Column {
        width: width.unwrap_or_default(),
        cells,
    }
}

/// The columns in blocks that fit below each other; each block has one column at least.
fn fold(columns: Vec<Column>, width: usize) -> Vec<Vec<Column>> {
    let mut blocks: Vec<Vec<Column>> = Vec::new();
    let mut left = 0;
    for column in columns {
        let needed = GAP + column.width;
        match blocks.last_mut() {
            Some(block) if needed <= left => {
                left -= needed;
                block.push(column);
            }
            _ => {
                left = width.saturating_sub(needed);
                blocks.push(vec![column]);
            }
        }
    }
    blocks
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Elsewhere => style("-").dim().to_string(),
        Cell::Unavailable(_) => style("unavailable").red().to_string(),
        Cell::Tried(tried) => {
            let counts = tried.counts();
            let text = words(counts, tried.time);
            let text = style(text);
            match counts.failed {
                0 => text.green().to_string(),
                _ => text.red().bold().to_string(),
            }
        }
    }
}

/// What came of a driver, in a few words: `12 ok 6s`, `11 ok 1 FAILED 8s`, `11 ok 1 CRASHED 70s`.
pub(super) fn words(counts: Counts, time: Duration) -> String {
    let failed = match (counts.failed, counts.crashed) {
        (0, _) => String::new(),
        (failed, 0) => format!(" {failed} FAILED"),
        (failed, _) => format!(" {failed} CRASHED"),
    };
    format!("{} ok{failed} {:.0}s", counts.passed, time.as_secs_f64())
}

/// Why a kernel has no results, indented below its name.
fn reasons(row: &Row) -> Vec<String> {
    let mut lines = Vec::new();
    for why in row.reasons() {
        let name = style(&row.name).bold();
        lines.push(format!("{name}: {}", why.replace('\n', "\n    ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn plain(width: usize) -> Vec<String> {
        let lines = lines(&sample::grid(), width);
        let plain = lines.iter().map(|line| console::strip_ansi_codes(line));
        plain.map(std::borrow::Cow::into_owned).collect()
    }

    #[test]
    fn each_cell_says_what_came_of_it() {
        assert_eq!(
            plain(200),
            [
                "                           hello_world  scull",
                "debian:bookworm            2 ok 75s     1 ok 2 FAILED 75s",
                "debian:bookworm-backports  1 ok 75s     1 ok 1 CRASHED 75s",
                "debian:trixie              unavailable  unavailable",
                "debian:bookworm/arm64      1 ok 75s     -",
                "",
                "debian:trixie: the network cannot be reached",
                "-: not in the part 1/2",
                "arm64: one object of each driver for its kernel",
                "x86_64: one object of each driver for its 2 kernels",
            ]
        );
    }

    #[test]
    fn a_narrow_terminal_has_the_columns_below_each_other() {
        let lines = plain(46);
        assert_eq!(lines[0], "                           hello_world");
        assert_eq!(lines[6], "                           scull");
        assert_eq!(lines[8], "debian:bookworm-backports  1 ok 1 CRASHED 75s");
        let table = &lines[..lines.len() - 4];
        assert!(table.iter().all(|line| line.len() <= 46), "{table:#?}");
        // Where nothing fits, nothing is lost either.
        assert_eq!(plain(1), lines);
    }
}
