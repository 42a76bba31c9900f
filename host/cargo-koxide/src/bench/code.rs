// SPDX-License-Identifier: MIT OR Apache-2.0

//! How much code there is: of each driver, its twin, the library and the shims.

use koxide_audit::{Audit, Part, Role};
use koxide_build::{Driver, Project, module};
use serde::{Deserialize, Serialize};

use crate::machine::explained;
use crate::verbs::audit;

/// Lines without comments, blank lines and tests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    /// What it is the code of.
    pub(crate) name: String,
    /// Lines of Rust.
    pub(crate) rust: usize,
    /// Lines of C: a driver's twin, or the shims.
    pub(crate) c: usize,
    /// `unsafe` blocks.
    pub(crate) unsafe_blocks: usize,
    /// Lines in them.
    pub(crate) unsafe_lines: usize,
}

/// The code of each driver, and of what all of them stand on.
pub(crate) fn of(project: &Project, drivers: &[Driver]) -> anyhow::Result<Vec<Code>> {
    let audit = koxide_audit::audit(project.root(), &audit::folders(project))?;
    let mut rows = Vec::new();
    for driver in drivers {
        let own = |part: &&Part| part.role == Role::Driver && part.name == driver.package;
        let mut row = sum(&driver.package, &audit, own);
        if let Some(twin) = explained(module::twin_source(driver))? {
            row.c = koxide_audit::lines_of_c(&twin)?;
        }
        rows.push(row);
    }
    let library = |part: &&Part| matches!(part.role, Role::Library | Role::Macros);
    rows.push(sum("the library", &audit, library));
    let mut shims = sum("the shims", &audit, |part| {
        // Twins of the shims on the host are in no module.
        part.role == Role::Abi && part.name != "koxide-abi/host"
    });
    shims.c = audit.shims.iter().map(|file| file.lines).sum();
    rows.push(shims);
    Ok(rows)
}

fn sum(name: &str, audit: &Audit, wanted: impl Fn(&&Part) -> bool) -> Code {
    let mut row = Code {
        name: name.to_owned(),
        ..Code::default()
    };
    for part in audit.parts.iter().filter(wanted) {
        row.rust += part.lines;
        row.unsafe_blocks += part.counts.blocks;
        row.unsafe_lines += part.unsafe_lines;
    }
    row
}
