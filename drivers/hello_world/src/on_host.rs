// SPDX-License-Identifier: GPL-2.0-only

//! Tests on the fake kernel.

use kernel::{fake, prelude::*};

use super::HelloWorld;

#[test]
fn it_greets_and_takes_leave() {
    let module = fake::load::<HelloWorld>().unwrap();
    assert_eq!(module.log(), ["hello_world: Hello, world! (1 of 1)"]);
    module.unload();
    let goodbye = "hello_world: Goodbye, world! I greeted 1 times";
    assert_eq!(fake::log(), [goodbye]);
    let module = fake::load_with::<HelloWorld>(&[("repeat", "2")]).unwrap();
    assert_eq!(module.log()[1], "hello_world: Hello, world! (2 of 2)");
}

#[test]
fn parameters_are_checked() {
    for (given, error) in [("0", EINVAL), ("101", EINVAL), ("x", EINVAL)] {
        let loaded = fake::load_with::<HelloWorld>(&[("repeat", given)]);
        assert_eq!(loaded.err(), Some(error));
    }
    // A text that is no number does not come as far as to the driver.
    assert!(fake::load_with::<HelloWorld>(&[("repeat", "101")]).is_err());
    assert_eq!(
        fake::log(),
        ["hello_world: repeat=101 is not from 1 to 100"]
    );
    let quiet = fake::load_with::<HelloWorld>(&[("quiet", "y"), ("repeat", "5")]).unwrap();
    assert!(quiet.log().is_empty());
}

#[test]
fn it_needs_no_memory() {
    fake::fail_allocation(1);
    assert!(fake::load::<HelloWorld>().is_ok());
}
