// SPDX-License-Identifier: MIT OR Apache-2.0

//! A small matrix for tests, with one cell of each kind.

use std::time::Duration;

use super::{Cell, Grid, Row, Tried};
use crate::results::{Case, Object, Verdict};

fn tried(driver: &str, (arch, release): (&str, &str), verdicts: &[Verdict]) -> Cell {
    let case = |(index, verdict): (usize, &Verdict)| Case {
        place: release.to_owned(),
        suite: format!("{driver}::tests"),
        name: format!("test_{index}"),
        verdict: verdict.clone(),
        duration: Some(Duration::from_millis(120)),
        output: "it said <this>".to_owned(),
        object: None,
    };
    Cell::Tried(Tried {
        cases: verdicts.iter().enumerate().map(case).collect(),
        time: Duration::from_secs(75),
        objects: vec![Object {
            name: format!("{arch}/{driver}.o"),
            sha256: format!("{arch}-{driver}-{}", "0".repeat(50)),
        }],
    })
}

fn row(name: &str, release: Option<&str>, cells: [Cell; 2]) -> Row {
    Row {
        name: name.to_owned(),
        release: release.map(str::to_owned),
        cells: cells.to_vec(),
    }
}

/// Two drivers on four kernels.
pub(crate) fn grid() -> Grid {
    let passed = || Verdict::Passed;
    let failed = || Verdict::Failed("it is wrong".to_owned());
    let crashed = || Verdict::Crashed("an oops".to_owned());
    let (old, new) = (
        ("x86_64", "6.1.0-56-amd64"),
        ("x86_64", "6.12.95+deb12-amd64"),
    );
    let arm = ("arm64", "6.1.0-56-arm64");
    let unavailable = Cell::Unavailable("the network cannot be reached".to_owned());
    Grid {
        drivers: vec!["hello_world".to_owned(), "scull".to_owned()],
        rows: vec![
            row(
                "debian:bookworm",
                Some(old.1),
                [
                    tried("hello_world", old, &[passed(), passed()]),
                    tried("scull", old, &[passed(), failed(), failed()]),
                ],
            ),
            row(
                "debian:bookworm-backports",
                Some(new.1),
                [
                    tried(
                        "hello_world",
                        new,
                        &[passed(), Verdict::Skipped("no".to_owned())],
                    ),
                    tried("scull", new, &[passed(), crashed()]),
                ],
            ),
            row("debian:trixie", None, [unavailable.clone(), unavailable]),
            row(
                "debian:bookworm/arm64",
                Some(arm.1),
                [tried("hello_world", arm, &[passed()]), Cell::Elsewhere],
            ),
        ],
        shard: Some("1/2".parse().unwrap()),
    }
}
