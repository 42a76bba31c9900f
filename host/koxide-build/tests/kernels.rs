// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernels fetched from the distribution's archive: needs apt and, the first time, the network.

mod common;

use std::fs;
use std::sync::Mutex;

use koxide_build::kernels::{self, Error, Options};
use koxide_build::{Cache, KernelName, Progress, Silent};

/// Keeps what it is told.
#[derive(Default)]
struct Told {
    stages: Mutex<Vec<String>>,
    bytes: Mutex<Vec<(u64, u64)>>,
}

impl Progress for Told {
    fn stage(&self, text: &str) {
        self.stages.lock().unwrap().push(text.to_owned());
    }

    fn bytes(&self, done: u64, total: u64) {
        self.bytes.lock().unwrap().push((done, total));
    }
}

fn bookworm() -> KernelName {
    "debian:bookworm".parse().unwrap()
}

#[test]
fn a_fetched_kernel_is_complete_recorded_and_used_offline() {
    let cache = Cache::from_env().unwrap();
    let told = Told::default();
    let kernel = kernels::resolve(&cache, &bookworm(), &Options::new(&told)).unwrap();
    assert!(kernel.release.starts_with("6.1.0-"), "{}", kernel.release);
    assert!(kernel.image().unwrap().is_file());
    assert!(
        kernel
            .modules_dir()
            .unwrap()
            .join("kernel/drivers")
            .is_dir()
    );
    assert!(kernel.headers.build.join("Module.symvers").is_file());
    let record = kernel.record.clone().unwrap();
    assert!(record.packages.len() >= 4, "{record:?}");
    assert!(record.packages.iter().all(|p| p.sha256.len() == 64));

    let mut offline = Options::new(&Silent);
    offline.offline = true;
    let again = kernels::resolve(&cache, &bookworm(), &offline).unwrap();
    assert_eq!(again.release, kernel.release);
    let plan = kernels::plan(&cache, &bookworm(), &offline).unwrap();
    assert!(plan.fetched && plan.download == 0);
    let listed = kernels::list(&cache).unwrap();
    let entry = listed.iter().find(|e| e.name == bookworm()).unwrap();
    assert!(entry.bytes > 100_000_000);

    // Unpacked packages serve as a machine's root too.
    let mut machine = Options::new(&Silent);
    machine.machine.root.clone_from(&kernel.headers.root);
    machine.machine.release = Some(kernel.release.clone());
    let running = kernels::resolve(&cache, &KernelName::Running, &machine).unwrap();
    assert_eq!(running.headers.build, kernel.headers.build);
}

/// Images as Debian ships them: plain ones for arm64, packed ones for arm.
#[test]
fn an_image_of_another_release_is_refused() {
    let lines = ["debian:bookworm", "debian:bookworm-backports"];
    for flavour in ["", "/arm64", "/armmp"] {
        let [Some(kernel), Some(other)] =
            lines.map(|line| common::cached(&format!("{line}{flavour}")))
        else {
            continue;
        };
        let temp = tempfile::tempdir().unwrap();
        let release = &kernel.release;
        let headers = temp.path().join(format!("usr/src/linux-headers-{release}"));
        let config = "include/config/auto.conf";
        fs::create_dir_all(headers.join(config).parent().unwrap()).unwrap();
        fs::copy(kernel.headers.build.join(config), headers.join(config)).unwrap();
        fs::write(headers.join("Makefile"), "").unwrap();
        let image = temp.path().join(format!("boot/vmlinuz-{release}"));
        fs::create_dir_all(image.parent().unwrap()).unwrap();
        let name = KernelName::Path(temp.path().to_owned());
        let resolve = || kernels::resolve(&Cache::at(temp.path()), &name, &Options::new(&Silent));
        fs::copy(kernel.image().unwrap(), &image).unwrap();
        assert_eq!(resolve().unwrap().release, *release);
        fs::copy(other.image().unwrap(), &image).unwrap();
        let error = resolve().unwrap_err();
        assert!(
            matches!(&error, Error::Mismatch { found, .. } if *found == other.release),
            "{error}"
        );
    }
}

#[test]
fn update_stays_with_the_newest() {
    let cache = Cache::from_env().unwrap();
    let options = Options::new(&Silent);
    let kernel = kernels::resolve(&cache, &bookworm(), &options).unwrap();
    let first = kernels::update(&cache, &bookworm(), &options).unwrap();
    assert_eq!(first.before.as_deref(), Some(kernel.release.as_str()));
    let second = kernels::update(&cache, &bookworm(), &options).unwrap();
    assert!(!second.changed);
    assert_eq!(
        second.before.as_deref(),
        Some(first.kernel.release.as_str())
    );
}

#[test]
fn offline_and_not_there_is_an_error_that_says_what_to_do() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path().join("a cache"));
    let mut options = Options::new(&Silent);
    options.offline = true;
    let error = kernels::resolve(&cache, &bookworm(), &options).unwrap_err();
    assert!(matches!(error, Error::Offline { .. }));
    assert!(
        error
            .to_string()
            .contains("`cargo koxide kernel add debian:bookworm`")
    );
    assert!(!cache.root().exists());
}

#[test]
fn an_unknown_suite_is_named_with_a_near_one() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path());
    let name: KernelName = "debian:bookwurm".parse().unwrap();
    let error = kernels::resolve(&cache, &name, &Options::new(&Silent)).unwrap_err();
    assert!(matches!(error, Error::NoSuchSuite { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("did you mean `debian:bookworm`?"),
        "{error}"
    );
}
