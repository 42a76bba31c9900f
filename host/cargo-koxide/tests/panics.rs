// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a driver is not stopped from writing, and what then stops it: a check of the compiler's, which panics. In a module's init
//! that is an error of loading it. In some of these tests the machine goes down, so that they are not among those of the driver.

mod support;

use support::{CRASHED, Ended, FAILED, KERNEL, koxide_in, left_out, repository};

/// Loads `koxide_selftest` with a parameter, and runs a command.
fn provoke(parameter: &str, command: &[&str]) -> Ended {
    provoke_on(KERNEL, parameter, command)
}

/// The same on a certain kernel.
fn provoke_on(kernel: &str, parameter: &str, command: &[&str]) -> Ended {
    let words = ["run", "-p", "koxide_selftest", "--kernel", kernel];
    koxide_in(
        &repository(),
        &[&words[..], &["--param", parameter, "--"], command].concat(),
    )
}

#[test]
fn an_index_out_of_bounds_is_stopped_and_named() {
    provoke("index=4", &["true"])
        .with(FAILED)
        .saying("koxide_selftest: panic in init at drivers/koxide_selftest/src/lib.rs:")
        .saying("contained, returned EIO, module poisoned")
        .saying("error: koxide_selftest: init failed: EIO (5)")
        .saying("index out of bounds: the len is {} but the index is {}");
    // An index within is no fault.
    provoke("index=3", &["echo", "it ran"])
        .with(0)
        .saying("it ran");
}

#[test]
fn a_sum_that_is_too_large_is_stopped_and_named() {
    provoke("provoke=7", &["true"])
        .with(FAILED)
        .saying("koxide_selftest: panic in init at drivers/koxide_selftest/src/lib.rs:")
        .saying("contained, returned EIO, module poisoned")
        .saying("error: koxide_selftest: init failed: EIO (5)")
        .saying("attempt to add with overflow");
}

#[test]
fn a_division_by_zero_is_stopped_and_named() {
    provoke("provoke=8", &["true"])
        .with(FAILED)
        .saying("koxide_selftest: panic in init at drivers/koxide_selftest/src/lib.rs:")
        .saying("contained, returned EIO, module poisoned")
        .saying("error: koxide_selftest: init failed: EIO (5)")
        .saying("attempt to divide by zero");
}

#[test]
fn a_panic_says_its_message() {
    provoke("provoke=1", &["true"])
        .with(FAILED)
        .saying("koxide_selftest: panic in init at drivers/koxide_selftest/src/lib.rs:")
        .saying("contained, returned EIO, module poisoned")
        .saying("error: koxide_selftest: init failed: EIO (5)")
        .saying("provoked with 42");
}

#[test]
fn a_panic_in_what_another_one_drops_is_the_end() {
    provoke("provoke=9", &["true"])
        .with(CRASHED)
        .saying("koxide_selftest: panic at drivers/koxide_selftest/src/panics.rs:")
        .saying("the first one; while it unwound, another one came:")
        .saying("panicked at drivers/koxide_selftest/src/panics.rs:")
        .saying("the second one")
        // Nothing else is dropped.
        .not_saying("it was dropped all the same");
}

/// There the kernel finds its way by what each function has saved, and one that does not return need save nothing.
#[test]
fn a_panic_on_32_bit_arm_is_traced_to_the_driver() {
    let kernel = "debian:bookworm/armmp";
    let ended = provoke_on(kernel, "provoke=1", &["true"]);
    if left_out(&ended, kernel) {
        return;
    }
    ended
        .with(CRASHED)
        .saying(" in init\n")
        .saying(" in init_module\n");
}

#[test]
fn a_module_does_not_go_when_a_registration_was_leaked() {
    provoke("provoke=2", &["rmmod", "koxide_selftest"])
        .with(CRASHED)
        .saying("koxide_selftest: a registration was leaked: the module cannot be unloaded");
    // As long as it stays, all is well.
    provoke("provoke=2", &["echo", "it ran"])
        .with(0)
        .saying("it ran");
}
