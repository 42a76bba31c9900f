// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernels that there are not, or not whole.

mod support;

use std::path::Path;
use std::process::Command;

use support::cache::{Copy, holds};
use support::sandbox::Programs;
use support::{
    FAILED, KERNEL, MISSING, Package, USAGE, koxide, koxide_in, repository, run, scratch,
};

#[test]
fn names_that_no_kernel_has() {
    let here = scratch("no-kernel-");
    for (name, says) in [
        ("bookworm", "debian:bookworm"),
        ("path:/no/such/folder", "there is no /no/such/folder"),
        ("deb:/no/such/file.deb", "there is no /no/such/file.deb"),
        ("debian:", "debian:SUITE"),
        ("debug:5.10", "debug:6.1, debug:6.12"),
    ] {
        koxide_in(
            &repository(),
            &["build", "-p", "hello_world", "--kernel", name],
        )
        .with(USAGE)
        .saying(says);
    }
    let empty = format!("path:{}", here.path().display());
    koxide_in(
        &repository(),
        &["build", "-p", "hello_world", "--kernel", &empty],
    )
    .with(USAGE)
    .saying("found no kernel in")
    .saying("include/config/kernel.release");
}

#[test]
fn a_debug_kernel_that_is_not_built() {
    let cache = scratch("no-debug-kernel-");
    let with_cache = |args: &[&str]| {
        let mut command = koxide(&repository());
        command.args(args).env("KOXIDE_CACHE", cache.path());
        run(&mut command)
    };
    for verb in [
        &["run", "-p", "hello_world", "--kernel"][..],
        &["kernel", "add"],
    ] {
        let mut args = verb.to_vec();
        args.push("debug:6.1");
        with_cache(&args)
            .with(MISSING)
            .saying("the kernel debug:6.1 is not built yet")
            .saying("`cargo koxide kernel build debug:6.1`");
    }
    with_cache(&["kernel", "build", KERNEL])
        .with(USAGE)
        .saying("debug:6.1, debug:6.12");
    with_cache(&["kernel", "update", "debug:6.1"])
        .with(USAGE)
        .saying("kernel build debug:6.1");
    // What a module's build does not need and a kernel's does is asked for before anything is fetched.
    let programs = Programs::without(&["flex", "bison"]);
    let mut build = koxide(&repository());
    build.args(["kernel", "build", "debug:6.1"]);
    build
        .env("PATH", programs.path())
        .env("KOXIDE_CACHE", cache.path());
    run(&mut build)
        .with(MISSING)
        .saying("building a kernel needs flex, bison")
        .saying("To install it:");
    assert!(!cache.path().join("build").exists());
}

#[test]
fn a_kernel_without_headers() {
    let root = scratch("no-headers-");
    let modules = root.path().join("lib/modules/9.9.9-koxide/kernel");
    std::fs::create_dir_all(modules).unwrap();
    let name = format!("path:{}", root.path().display());
    koxide_in(
        &repository(),
        &["build", "-p", "hello_world", "--kernel", &name],
    )
    .with(MISSING)
    .saying("no headers for the kernel 9.9.9-koxide")
    .saying("lib/modules/9.9.9-koxide/build");
    // The name that is about this machine says what to install.
    let release = nix::sys::utsname::uname().unwrap();
    let release = release.release().to_str().unwrap();
    if !Path::new(&format!("/lib/modules/{release}/build")).exists() {
        koxide_in(
            &repository(),
            &["build", "-p", "hello_world", "--kernel", "running"],
        )
        .with(MISSING)
        .saying(&format!("headers of the kernel {release}"))
        .saying("To install it:");
    }
}

/// Headers of a kernel in a folder of their own.
fn headers(root: &Path, release: &str, files: &[(&str, &str)]) -> String {
    let build = root.join(format!("usr/src/linux-headers-{release}"));
    for (file, text) in [("Makefile", "include x\n")].iter().chain(files) {
        let file = build.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    format!("path:{}", root.display())
}

#[test]
fn kernels_that_are_refused_before_anything_is_built() {
    let here = scratch("refused-");
    let config = "include/config/auto.conf";
    for (number, (release, files, says)) in [
        (
            "6.12.1-cfi",
            &[(config, "CONFIG_X86_64=y\nCONFIG_CFI_CLANG=y\n")][..],
            "kCFI",
        ),
        (
            "6.12.1-lto",
            &[(config, "CONFIG_X86_64=y\nCONFIG_LTO_CLANG=y\n")],
            "CONFIG_LTO_NONE",
        ),
        ("6.12.1-686", &[(config, "CONFIG_X86_32=y\n")], "32-bit x86"),
        (
            "5.10.0-28-amd64",
            &[(config, "CONFIG_X86_64=y\n")],
            "Linux 5.10 is older than 6.1",
        ),
        (
            "6.12.1-amd64",
            &[
                (config, "CONFIG_X86_64=y\n"),
                (
                    "include/generated/utsrelease.h",
                    "#define UTS_RELEASE \"6.12.2-amd64\"\n",
                ),
            ],
            "are of 6.12.2-amd64",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = headers(&here.path().join(number.to_string()), release, files);
        koxide_in(
            &repository(),
            &["build", "-p", "hello_world", "--kernel", &name],
        )
        .with(USAGE)
        .saying(says)
        .saying(release);
    }
}

/// A kernel that drivers can be built for, and not tried on.
#[test]
fn signed_modules_only_is_told_before_anything_is_built() {
    let root = scratch("signed-");
    let release = "6.12.1-signed";
    let config = "CONFIG_X86_64=y\nCONFIG_MODULE_SIG_FORCE=y\n";
    let name = headers(
        root.path(),
        release,
        &[("include/config/auto.conf", config)],
    );
    for file in ["boot/vmlinuz-", "lib/modules/"] {
        let file = root.path().join(format!("{file}{release}"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        match file.parent().unwrap().ends_with("boot") {
            true => std::fs::write(file, "").unwrap(),
            false => std::fs::create_dir_all(file.join("kernel")).unwrap(),
        }
    }
    let with = |words: &[&str]| {
        let words = [words, &["-p", "hello_world", "--kernel", &name]].concat();
        koxide_in(&repository(), &words)
    };
    // These headers hold nothing that could be built for.
    let begun = "does not build for the kernel";
    for verb in [&["run"][..], &["test"], &["test", "--vm-only"], &["bench"]] {
        with(verb)
            .with(USAGE)
            .saying("loads signed modules only (CONFIG_MODULE_SIG_FORCE)")
            .not_saying(begun);
    }
    with(&["test", "--matrix"])
        .with(MISSING)
        .saying("unavailable")
        .saying("CONFIG_MODULE_SIG_FORCE")
        .not_saying(begun);
    with(&["build"])
        .with(FAILED)
        .saying(begun)
        .not_saying("CONFIG_MODULE_SIG_FORCE");
}

#[test]
fn a_suite_that_the_archive_does_not_have() {
    let archive = scratch("archive-");
    let keyring = archive.path().join("keyring.gpg");
    std::fs::write(&keyring, "").unwrap();
    let cache = archive.path().join("cache");
    let mut add = support::koxide(&repository());
    add.args(["kernel", "add", "debian:bookwurm"])
        .arg(format!("--mirror=file:{}", archive.path().display()))
        .arg("--keyring")
        .arg(&keyring)
        .env("KOXIDE_CACHE", &cache);
    run(&mut add)
        .with(USAGE)
        .saying("there is no suite `bookwurm`")
        .saying("did you mean `debian:bookworm`?");
    assert!(holds(&cache).is_empty(), "{:?}", holds(&cache));
}

/// A package with nothing but noise in it.
fn package(folder: &Path) -> Vec<u8> {
    let tree = folder.join("tree");
    std::fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    let control = "Package: noise\nVersion: 1\nArchitecture: all\nMaintainer: no one <no@one>\nDescription: noise\n";
    std::fs::write(tree.join("DEBIAN/control"), control).unwrap();
    // What packs well would fit into what is left of the file.
    let mut noise = vec![0; 200_000];
    let mut random = std::fs::File::open("/dev/urandom").unwrap();
    std::io::Read::read_exact(&mut random, &mut noise).unwrap();
    std::fs::write(tree.join("noise"), noise).unwrap();
    let file = folder.join("whole.deb");
    let mut build = Command::new("dpkg-deb");
    run(build.arg("--build").arg(&tree).arg(&file)).with(0);
    std::fs::read(file).unwrap()
}

#[test]
fn packages_that_are_not_what_they_should_be() {
    let cache = Copy::new("bad-packages-");
    let before = holds(&cache.path());
    let folder = scratch("packages-");
    let whole = package(folder.path());
    let build = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let mut command = support::koxide(&repository());
        command
            .args(["build", "-p", "hello_world", "--kernel"])
            .arg(format!("deb:{}", file.display()))
            .env("KOXIDE_CACHE", cache.path());
        let ended = run(&mut command);
        assert_eq!(holds(&cache.path()), before, "{ended}");
        ended.saying(name)
    };
    for (name, bytes) in [
        ("cut-data.deb", &whole[..whole.len() / 2]),
        ("cut-header.deb", &whole[..100]),
        ("text.deb", b"this is no package"),
    ] {
        build(name, bytes)
            .with(FAILED)
            .saying("is corrupt or truncated: remove it and fetch it again");
    }
    build("noise.deb", &whole)
        .with(USAGE)
        .saying("these packages hold no kernel");
    // What was there before still works.
    let driver = Package::new("after_bad_kernels", "koxide-");
    let mut good = driver.koxide();
    good.args(["build", "--kernel", KERNEL])
        .env("KOXIDE_CACHE", cache.path());
    run(&mut good).with(0);
}
