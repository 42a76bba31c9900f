// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the log says of panics.

use koxide_guest::protocol::Site;

/// How a trace begins.
const TRACE: &str = ": panic, called from:";

/// What the line of each panic has that was contained.
const CONTAINED: [&str; 2] = [": panic in ", "; contained, "];

/// A panic that was contained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Panic {
    /// Where it began, by its place in the list of sites, when there is a trace.
    pub(crate) site: Option<usize>,
    /// The function that the kernel called.
    pub(crate) callback: String,
}

/// Whether a line of the log tells of a panic that was contained.
pub(crate) fn is_contained(line: &str) -> bool {
    CONTAINED.iter().all(|words| line.contains(words))
}

/// All panics in these lines. The trace of each comes before what was made of it.
pub(crate) fn panics(lines: &[String], sites: &[Site]) -> Vec<Panic> {
    let (mut panics, mut site, mut is_trace) = (Vec::new(), None, false);
    for line in lines {
        if line.ends_with(TRACE) {
            (site, is_trace) = (None, true);
        } else if is_contained(line) {
            panics.push(Panic {
                site: site.take(),
                callback: callback(line).to_owned(),
            });
            is_trace = false;
        } else if is_trace && site.is_none() {
            // The innermost call that is one of them; what it calls has others.
            let call = line.trim_start().split_once('/').map(|(call, _)| call);
            site = call.and_then(|call| sites.iter().position(|site| site.call == call));
        }
    }
    panics
}

/// The function that the kernel called: `module: panic in <callback> at <file>`.
fn callback(line: &str) -> &str {
    let named = line
        .split_once(CONTAINED[0])
        .and_then(|(_, rest)| rest.split_once(" at "));
    named.map_or("", |(callback, _)| callback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_panic_is_of_the_trace_before_it() {
        let lines = [
            "scull: panic, called from:",
            "  core_panic+0x9/0x9 [scull]",
            "  write+0x1f/0x100 [scull]",
            "  read+0x2/0x100 [scull]",
            "scull: panic in write_iter at a.rs:131: overflow; contained, returned EIO, device poisoned",
            "scull: panic in release at b.rs:2: index; contained, returned 0, device poisoned",
        ];
        let site = |call: &str| Site {
            call: call.to_owned(),
            patch: Vec::new(),
        };
        let panic = |site, callback: &str| Panic {
            site,
            callback: callback.to_owned(),
        };
        assert_eq!(
            panics(
                &lines.map(str::to_owned),
                &[site("read+0x2"), site("write+0x1f")]
            ),
            [panic(Some(1), "write_iter"), panic(None, "release")]
        );
    }
}
