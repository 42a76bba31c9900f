// SPDX-License-Identifier: MIT OR Apache-2.0

//! Miri has nothing to say of the tests that need no kernel.

#[test]
fn miri_is_silent() {
    if !xtask::miri::is_installed() {
        println!(
            "NOTE: nothing was tried, since Miri is not installed: `cargo xtask miri` does it"
        );
        return;
    }
    xtask::miri::run(&xtask::root(), &[], None).unwrap();
}
