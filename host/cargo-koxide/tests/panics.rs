// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a driver is not stopped from writing, and what then stops it: a check of the compiler's, which panics. In a module's init
//! that is an error of loading it. In some of these tests the machine goes down, so that they are not among those of the driver.

mod support;

use support::{
    CRASHED, Ended, FAILED, KERNEL, Package, koxide, koxide_in, left_out, repository, run, scratch,
    shared_target,
};

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
fn a_message_has_its_values_where_they_are_asked_for() {
    let words = [
        "run",
        "-p",
        "koxide_selftest",
        "--kernel",
        KERNEL,
        "--debug",
    ];
    let index = ["--param", "index=4", "--", "true"];
    koxide_in(&repository(), &[&words[..], &index].concat())
        .with(FAILED)
        .saying(": index out of bounds: the len is 4 but the index is 4; contained, returned EIO")
        .saying("error: koxide_selftest: init failed: EIO (5)");
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

/// A thread whose function is not the library's: the shim calls what panics.
const NO_BORDER: &str = r#"// SPDX-License-Identifier: GPL-2.0-only
use core::ffi::{c_char, c_int, c_void};
use core::hint::black_box;
use kernel::prelude::*;

module! { type: NoBorder, name: "no_border", license: "GPL" }

unsafe extern "C-unwind" {
    fn kx_kthread_create(name: *const c_char, out: *mut *mut c_void) -> c_int;
    fn kx_kthread_start(
        thread: *mut c_void,
        body: unsafe extern "C-unwind" fn(*mut c_void),
        data: *mut c_void,
    );
}

struct Told;

impl Drop for Told {
    fn drop(&mut self) {
        pr_info!("it was dropped
");
    }
}

unsafe extern "C-unwind" fn body(_: *mut c_void) {
    let _told = Told;
    let numbers = black_box([1, 2]);
    pr_info!("{}
", numbers[black_box(2)]);
}

struct NoBorder;

impl kernel::Module for NoBorder {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut thread = core::ptr::null_mut();
        // SAFETY: the name is a string, and there is room for the thread, which is started.
        unsafe {
            kx_kthread_create(c"no_border".as_ptr(), &mut thread);
            kx_kthread_start(thread, body, core::ptr::null_mut());
        }
        Ok(NoBorder)
    }
}
"#;

#[test]
fn a_panic_without_a_border_is_the_end_before_anything_is_dropped() {
    let folder = scratch("no border ");
    std::fs::write(folder.path().join("no_border.rs"), NO_BORDER).unwrap();
    let words = ["run", "--source", "no_border.rs", "--kernel", KERNEL];
    run(koxide(folder.path())
        .args(words)
        .args(["--", "sleep", "20"])
        .env("CARGO_TARGET_DIR", shared_target()))
    .with(CRASHED)
    .saying("no_border: panicked at no_border.rs:30: index out of bounds: the len is {}")
    .not_saying("it was dropped")
    .not_saying("; contained");
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

#[test]
fn the_author_of_a_module_says_what_becomes_of_a_panic() {
    let package = Package::new("strict", "koxide-");
    let licence = "license: \"GPL\",";
    package.edit(
        "src/lib.rs",
        licence,
        &format!("{licence}\n    on_panic: bug,"),
    );
    package.edit(
        "src/lib.rs",
        "capitalise(&mut written);",
        "assert!(!written.starts_with(b\"!\"), \"it cries\");\n        capitalise(&mut written);",
    );
    let write = |text: &str| {
        let write = format!("echo '{text}' >/dev/strict && echo it was written");
        package.run(&["run", "--kernel", KERNEL, "--", "sh", "-c", &write])
    };
    write("!")
        .with(CRASHED)
        .saying("strict: panicked at src/lib.rs:")
        .saying("it cries")
        .not_saying("contained")
        .not_saying("it was written");
    write("?").with(0).saying("it was written");
    package.edit("src/lib.rs", "on_panic: bug", "on_panic: restart");
    let script = "echo '!' >/dev/strict || sleep 1; echo '?' >/dev/strict && echo it was written";
    package
        .run(&["run", "--kernel", KERNEL, "--", "sh", "-c", script])
        .with(0)
        .saying("it cries; contained, returned EIO, device poisoned")
        .saying("strict: restarted after a panic (1 of at most 5 a minute)")
        .saying("it was written");
}
