// SPDX-License-Identifier: MIT OR Apache-2.0

//! From source to module on fetched kernels: needs a compiler, make and, the first time, the network.

mod common;

use koxide_build::{Silent, module};

#[test]
fn a_driver_becomes_a_module_for_each_kernel() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| text);
    let artefact = common::object(&project).unwrap();
    assert_eq!(artefact.name, "toy");
    for name in ["debian:bookworm", "debian:bookworm-backports"] {
        let kernel = common::kernel(name);
        let build = || {
            module::build(
                project.abi_dir(),
                &artefact,
                &kernel,
                &project.koxide_dir(),
                &Silent,
            )
        };
        let built = build().unwrap();
        let place = format!("target/koxide/{}/toy.ko", kernel.release);
        assert!(built.path.ends_with(place), "{:?}", built.path);
        assert!(!built.fresh);
        assert!(build().unwrap().fresh);
    }
}
