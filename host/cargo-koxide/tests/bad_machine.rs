// SPDX-License-Identifier: MIT OR Apache-2.0

//! Machines that lack a program, and users that are not themselves.

mod support;

use support::sandbox::Programs;
use support::{Ended, KERNEL, MISSING, Package, USAGE, koxide, repository, run, scratch};

/// What every verb ends with that lacks something which the doctor can install.
const REMEDY: &str = "or let `cargo koxide doctor --install` do so";

/// The names of the C compiler; those with a version begin with them.
const COMPILERS: [&str; 4] = ["gcc", "cc", "x86_64-linux-gnu-gcc", "clang"];

/// Runs the command on a machine without programs whose names begin so.
fn without(programs: &[&str], package: &Package, words: &[&str]) -> Ended {
    let programs = Programs::without(programs);
    let mut command = package.koxide();
    run(command.args(words).env("PATH", programs.path()))
}

/// Fails unless the command ended with the doctor's words about a need.
#[track_caller]
fn lacks(ended: Ended, need: &str) -> Ended {
    ended
        .with(MISSING)
        .saying("something that this needs is missing:")
        .saying(need)
        .saying("To install it:")
}

#[test]
fn programs_that_a_build_needs() {
    let package = Package::new("lacks_programs", "koxide-");
    let build = ["build", "--kernel", KERNEL];
    package.run(&build).with(0);
    let without = |programs: &[&str]| {
        package.forget_modules();
        without(programs, &package, &build).not_saying("No such file")
    };
    lacks(without(&["make"]), "make: runs the kernel's own build").saying(REMEDY);
    lacks(without(&["objcopy"]), "binutils: ").saying(REMEDY);
    lacks(without(&["cargo", "rustc", "rustup"]), "rustup: ").not_saying(REMEDY);
    // The compiler of the kernel's own distribution does as well, where it can be run.
    without(&COMPILERS).with(0);
    let mut neither = COMPILERS.to_vec();
    neither.push("unshare");
    lacks(
        without(&neither),
        "unshare: runs the compiler of a kernel's own",
    );
    package.run(&build).with(0);
}

#[test]
fn no_compiler_for_what_cargo_links() {
    let package = Package::new("lacks_linker", "koxide-");
    let target = scratch("target-");
    // The kernel's own compiler is there.
    let programs = Programs::without(&["cc"]);
    let mut command = package.koxide();
    command
        .args(["build", "--kernel", KERNEL])
        .env("CARGO_TARGET_DIR", target.path())
        .env("PATH", programs.path());
    lacks(run(&mut command), "C compiler: ").saying("`cc`");
}

#[test]
fn programs_that_a_virtual_machine_needs() {
    let package = Package::new("lacks_machine", "koxide-");
    let run = ["run", "--kernel", KERNEL, "--", "true"];
    lacks(without(&["qemu"], &package, &run), "QEMU: ").saying(REMEDY);
    let test = ["test", "--vm-only", "--kernel", KERNEL];
    lacks(without(&["qemu"], &package, &test), "QEMU: ").saying(REMEDY);
    let shell = ["run", "--kernel", KERNEL];
    lacks(without(&["busybox"], &package, &shell), "busybox: ").saying(REMEDY);
    package.run(&run).with(0);
}

#[test]
fn the_doctor_says_what_a_machine_lacks() {
    let programs = Programs::without(&["make", "qemu"]);
    let mut doctor = koxide(&repository());
    run(doctor.arg("doctor").env("PATH", programs.path()))
        .with(MISSING)
        .saying("missing make ")
        .saying("missing QEMU ")
        .saying("missing: make, QEMU\nTo install:");
    let mut demo = koxide(&repository());
    let ended = run(demo.arg("demo").env("PATH", programs.path()));
    lacks(ended, "make: ").saying("QEMU: ").saying(REMEDY);
}

#[test]
fn sudo_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not tested: only root can be root by way of sudo");
        return;
    }
    let folder = scratch("sudo-");
    let cache = folder.path().join("cache");
    let sudo = |words: &[&str]| {
        let mut command = koxide(&repository());
        command
            .args(words)
            .env("SUDO_UID", "1000")
            .env("KOXIDE_CACHE", &cache);
        run(&mut command)
    };
    for verb in ["demo", "build", "run", "test"] {
        sudo(&[verb])
            .with(USAGE)
            .saying("does not run under sudo")
            .saying("Type the same without sudo");
    }
    assert!(!cache.exists());
    // The one verb that may need root.
    sudo(&["doctor"]).with(0);
}
