// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernels from package files that the user has: needs dpkg-deb.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use koxide_build::kernels::{self, Error, Options};
use koxide_build::{Cache, KernelName, Silent};

const RELEASE: &str = "6.1.0-9-amd64";

/// Makes a package with files of a kernel.
fn package(dir: &Path, name: &str, files: &[(&str, &str)]) -> PathBuf {
    package_for("all", dir, name, files)
}

/// The same, for an architecture.
fn package_for(arch: &str, dir: &Path, name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = dir.join(name);
    let control = format!(
        "Package: {name}\nVersion: 6.1.1-1\nArchitecture: {arch}\nMaintainer: x\nDescription: x\n"
    );
    let files = files.iter().chain(&[("DEBIAN/control", "")]);
    for (file, text) in files {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = if text.is_empty() { &control } else { *text };
        fs::write(path, text).unwrap();
    }
    let deb = dir.join(format!("{name}.deb"));
    let mut command = Command::new("dpkg-deb");
    let built = command
        .args(["--root-owner-group", "--build"])
        .args([&root, &deb])
        .output();
    assert!(built.unwrap().status.success());
    deb
}

fn kernel_packages(dir: &Path) -> Vec<PathBuf> {
    let headers = format!("usr/src/linux-headers-{RELEASE}");
    vec![
        package(
            dir,
            "image",
            &[
                (&format!("boot/vmlinuz-{RELEASE}"), "image"),
                (&format!("lib/modules/{RELEASE}/kernel/x.ko"), "module"),
            ],
        ),
        package(
            dir,
            "headers",
            &[
                (
                    &format!("{headers}/Makefile"),
                    "include /usr/src/c/Makefile",
                ),
                (&format!("{headers}/.config"), "CONFIG_X86_64=y\n"),
            ],
        ),
    ]
}

#[test]
fn package_files_become_a_kernel() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path().join("a cache"));
    let files = kernel_packages(temp.path());
    let name = KernelName::Deb(files.clone());
    let options = Options::new(&Silent);
    let kernel = kernels::resolve(&cache, &name, &options).unwrap();
    assert_eq!(kernel.release, RELEASE);
    assert_eq!(fs::read(kernel.image().unwrap()).unwrap(), b"image");
    let record = kernel.record.unwrap();
    assert_eq!(record.packages[0].version, "6.1.1-1");

    // Once unpacked, the files are not needed any more.
    fs::remove_file(&files[0]).unwrap();
    let parsed: KernelName = name.to_string().parse().unwrap();
    assert_eq!(
        kernels::resolve(&cache, &parsed, &options).unwrap().release,
        RELEASE
    );
    assert_eq!(kernels::list(&cache).unwrap().len(), 1);
    assert!(kernels::remove(&cache, &parsed).unwrap() > 0);
    let gone = kernels::show(&cache, &parsed, &options).unwrap_err();
    assert!(matches!(gone, Error::NotFetched { .. }), "{gone}");
    assert!(matches!(
        kernels::remove(&cache, &parsed),
        Err(Error::NotFetched { .. })
    ));
}

/// The command may be killed while it removes a kernel, and what that leaves is none.
#[test]
fn a_part_of_a_kernel_is_no_kernel() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path().join("cache"));
    let name = KernelName::Deb(kernel_packages(temp.path()));
    let resolve = || kernels::resolve(&cache, &name, &Options::new(&Silent)).unwrap();
    let kernel = resolve();
    let record = kernel.headers.root.with_file_name("record.json");
    fs::remove_file(record).unwrap();
    fs::remove_file(kernel.image().unwrap()).unwrap();
    assert!(kernels::list(&cache).unwrap().is_empty());
    let error = kernels::show(&cache, &name, &Options::new(&Silent)).unwrap_err();
    assert!(matches!(error, Error::NotFetched { .. }), "{error}");
    // It takes the place of that part.
    assert!(resolve().image().unwrap().exists());
    fs::remove_file(kernel.headers.root.with_file_name("record.json")).unwrap();
    assert!(kernels::remove(&cache, &name).unwrap() > 0);
    assert!(!kernel.headers.root.exists());
}

#[test]
fn a_truncated_package_is_named_and_nothing_is_kept() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path().join("cache"));
    let files = kernel_packages(temp.path());
    let good = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &good[..good.len() - 200]).unwrap();
    let name = KernelName::Deb(files.clone());
    let resolve = || kernels::resolve(&cache, &name, &Options::new(&Silent));
    let error = resolve().unwrap_err();
    assert!(
        matches!(&error, Error::Package { file, .. } if *file == files[0]),
        "{error}"
    );
    assert!(kernels::list(&cache).unwrap().is_empty());
    let left = fs::read_dir(cache.root().join("tmp"));
    assert_eq!(left.map_or(0, Iterator::count), 0);
    // The next good command works.
    fs::write(&files[0], good).unwrap();
    resolve().unwrap();
}

#[test]
fn headers_must_be_among_the_packages() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path().join("cache"));
    let files = kernel_packages(temp.path());
    let name = KernelName::Deb(vec![files[0].clone()]);
    let error = kernels::resolve(&cache, &name, &Options::new(&Silent)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no headers for the kernel 6.1.0-9-amd64"),
        "{error}"
    );
}

#[test]
fn packages_for_another_architecture_are_named_and_nothing_is_kept() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path().join("cache"));
    let make = |arch, name: &str| package_for(arch, temp.path(), name, &[("usr/x", "x")]);
    let image = make("arm64", &format!("linux-image-{RELEASE}"));
    let headers = make("armhf", &format!("linux-headers-{RELEASE}"));
    let tools = make("s390x", "linux-kbuild-6.1");
    let refused = |files: [&PathBuf; 2]| {
        let name = KernelName::Deb(files.map(PathBuf::clone).into());
        let error = kernels::resolve(&cache, &name, &Options::new(&Silent)).unwrap_err();
        assert!(matches!(error, Error::PackageArch { .. }), "{error}");
        assert!(kernels::list(&cache).unwrap().is_empty());
        assert!(!cache.root().join("tmp").exists());
        error.to_string()
    };
    let error = refused([&image, &headers]);
    let says =
        format!("linux-headers-{RELEASE} is for armhf, and linux-image-{RELEASE} is for arm64");
    assert!(error.contains(&says), "{error}");
    let error = refused([&image, &tools]);
    assert!(error.contains("linux-kbuild-6.1 is for s390x"), "{error}");
}

#[test]
fn two_names_for_one_kernel_share_it() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path().join("cache"));
    let files = kernel_packages(temp.path());
    let copies: Vec<PathBuf> = files
        .iter()
        .map(|file| {
            let copy = file.with_extension("copy.deb");
            fs::copy(file, &copy).unwrap();
            copy
        })
        .collect();
    let options = Options::new(&Silent);
    let (a, b) = (KernelName::Deb(files), KernelName::Deb(copies));
    kernels::resolve(&cache, &a, &options).unwrap();
    kernels::resolve(&cache, &b, &options).unwrap();
    assert_eq!(kernels::remove(&cache, &a).unwrap(), 0);
    kernels::show(&cache, &b, &options).unwrap();
    assert!(kernels::remove(&cache, &b).unwrap() > 0);
}
