// SPDX-License-Identifier: GPL-2.0-only

//! What `hello_world` writes to the kernel log, with which parameters.
#![forbid(unsafe_code)]

use koxide_guest::{Errno, KernelLog, Module};

const NAME: &str = "hello_world";

/// How many of the messages contain `text`.
fn count(log: &mut KernelLog, text: &str) -> usize {
    log.lines()
        .iter()
        .filter(|line| line.contains(text))
        .count()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_greets_and_takes_leave() {
    let mut log = KernelLog::since_now();
    let module = Module::load(NAME, "").unwrap();
    assert!(Module::is_loaded(NAME));
    let greeting = log.wait_for("Hello, world!");
    assert_eq!(greeting, "hello_world: Hello, world! (1 of 1)");
    assert!(!log.contains("Goodbye"));
    module.unload().unwrap();
    log.wait_for("hello_world: Goodbye, world! I greeted 1 times");
    assert!(!Module::is_loaded(NAME));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_greets_as_often_as_it_is_told_to() {
    for repeat in [2, 100] {
        let mut log = KernelLog::since_now();
        let module = Module::load(NAME, &format!("repeat={repeat}")).unwrap();
        log.wait_for(&format!("Hello, world! ({repeat} of {repeat})"));
        module.unload().unwrap();
        log.wait_for(&format!("I greeted {repeat} times"));
        assert_eq!(count(&mut log, "Hello, world!"), repeat);
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_can_be_quiet() {
    for params in ["quiet", "quiet=1", "quiet=y", "repeat=3 quiet=Y"] {
        let mut log = KernelLog::since_now();
        Module::load(NAME, params).unwrap().unload().unwrap();
        log.wait_for("I greeted 0 times");
        assert_eq!(count(&mut log, "Hello, world!"), 0, "{params}");
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_number_of_greetings_out_of_range_is_refused() {
    for repeat in ["0", "101", "4294967295"] {
        let mut log = KernelLog::since_now();
        let refused = Module::load(NAME, &format!("repeat={repeat}"));
        assert_eq!(refused.unwrap_err(), Errno::EINVAL);
        log.wait_for(&format!("repeat={repeat} is not from 1 to 100"));
        assert!(!Module::is_loaded(NAME));
        assert!(!log.contains("Hello") && !log.contains("Goodbye"));
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_parameter_that_is_no_value_of_its_type_is_refused() {
    for (params, errno) in [
        ("repeat=often", Errno::EINVAL),
        ("repeat=-1", Errno::EINVAL),
        ("repeat=4294967296", Errno::ERANGE),
        ("repeat", Errno::EINVAL),
        ("quiet=maybe", Errno::EINVAL),
    ] {
        let refused = Module::load(NAME, params);
        assert_eq!(refused.unwrap_err(), errno, "{params}");
        assert!(!Module::is_loaded(NAME));
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_is_loaded_once() {
    let module = Module::load(NAME, "").unwrap();
    assert_eq!(Module::load(NAME, "").unwrap_err(), Errno::EEXIST);
    module.unload().unwrap();
    Module::load(NAME, "").unwrap().unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_comes_and_goes_many_times() {
    for _ in 0..20 {
        Module::load(NAME, "quiet").unwrap().unload().unwrap();
    }
}
