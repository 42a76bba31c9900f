// SPDX-License-Identifier: MIT OR Apache-2.0

//! `--host`: this machine's own kernel. That a module comes and goes there is tested in a virtual machine, by the package
//! that does it.

mod support;

use std::path::Path;

use koxide_host::Machine;
use support::{MISSING, USAGE, koxide_in, repository};

#[test]
fn nothing_is_loaded_unless_somebody_says_so() {
    let run = ["run", "-p", "hello_world", "--host", "--", "true"];
    let ended = koxide_in(&repository(), &run).not_saying("Compiling");
    let refusals = Machine::default().refusals();
    if refusals.is_empty() {
        // There is no terminal to ask at.
        ended.with(USAGE).saying("add --yes if you mean it");
        return;
    }
    let ended = refusals.iter().fold(ended.with(MISSING), |ended, refusal| {
        ended.saying(&refusal.to_string())
    });
    ended.saying("Without --host the driver runs in a virtual machine.");
    // Not even with consent.
    let run = ["run", "-p", "hello_world", "--host", "--yes", "--", "true"];
    koxide_in(&repository(), &run)
        .with(MISSING)
        .not_saying("Compiling");
}

#[test]
fn headers_that_this_machine_lacks_are_named() {
    let uts = nix::sys::utsname::uname().unwrap();
    let release = uts.release().to_string_lossy();
    if Path::new("/lib/modules").join(&*release).exists() {
        eprintln!("not tested: this machine may have the headers of its kernel");
        return;
    }
    koxide_in(&repository(), &["build", "-p", "hello_world", "--host"])
        .with(MISSING)
        .saying(&format!("headers of the kernel {release}: "))
        .not_saying("Compiling");
}

#[test]
fn one_machine_is_meant() {
    for words in [
        ["run", "--host", "--kernel", "6.1"],
        ["build", "--host", "--kernel", "6.1"],
    ] {
        koxide_in(&repository(), &words)
            .with(USAGE)
            .saying("cannot be used with");
    }
    koxide_in(&repository(), &["run", "--yes"]).with(USAGE);
}
