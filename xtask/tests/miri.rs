// SPDX-License-Identifier: MIT OR Apache-2.0

//! Miri has nothing to say of the tests that need no kernel.

#[test]
fn miri_is_silent() {
    if xtask::miri::is_installed() {
        xtask::miri::run(&xtask::root(), &[], None).unwrap();
    } else {
        eprintln!("Miri is not there, and nothing was tried: `cargo xtask miri` installs it");
    }
}
