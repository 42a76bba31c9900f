// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernels whose modules are built with their own distribution's compiler.

mod common;

use std::error::Error as _;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use koxide_build::kernels::{self, Options};
use koxide_build::{Cache, Need, Silent, compare, module};

/// A cache with a kernel of trixie that no compiler here is good for.
fn cache_with_kernel(dir: &Path, source: &str) -> Cache {
    let write = |file: &str, text: &str| {
        let file = dir.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let headers = "kernels/one/root/usr/src/linux-headers-6.12.1-amd64";
    write(
        &format!("{headers}/Makefile"),
        "probe.o:\n\t@echo 'error: no such option' >&2; false\n",
    );
    write(&format!("{headers}/.kernelvariables"), "CC = gcc-99\n");
    write(
        &format!("{headers}/include/config/auto.conf"),
        "CONFIG_X86_64=y\n",
    );
    write(
        "kernels/one/record.json",
        r#"{"name": "debian:trixie", "release": "6.12.1-amd64", "packages": [], "fetched": "", "mirrors": []}"#,
    );
    write(
        "names/debian-trixie.json",
        &format!(r#"{{"name": "debian:trixie", "kernel": "one", "source": {source}}}"#),
    );
    Cache::at(dir)
}

/// What is said without a network, which may be forbidden, or lead to no archive.
fn headers_error(dir: &Path, mirror: Option<&str>) -> module::Error {
    let source = |mirror| format!(r#"{{"mirror": "{mirror}", "keyring": "/dev/null"}}"#);
    let source = mirror.map_or("null".to_owned(), source);
    let cache = cache_with_kernel(&dir.join("cache"), &source);
    let mut options = Options::new(&Silent);
    options.offline = mirror.is_none();
    let name = "debian:trixie".parse().unwrap();
    let kernel = kernels::resolve(&cache, &name, &options).unwrap();
    let error = module::headers(&kernel, &dir.join("out"), &Silent).unwrap_err();
    assert!(!cache.root().join("roots").exists());
    error
}

#[test]
fn without_network_the_compiler_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let error = headers_error(temp.path(), None);
    let module::Error::Root(kernels::Error::OfflineRoot { compiler, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!(compiler, "gcc-99");
    // What was found out about the compilers of this machine need not be found out again.
    let views = fs::read_dir(temp.path().join("out/.views"))
        .unwrap()
        .flatten();
    let notes = views.filter(|e| e.path().extension().is_some_and(|e| e == "notes"));
    let notes: Vec<_> = notes
        .flat_map(|e| fs::read_dir(e.path()).unwrap().flatten())
        .collect();
    assert!(!notes.is_empty());
    for note in notes {
        let text = fs::read_to_string(note.path()).unwrap();
        assert!(text.ends_with("error: no such option"), "{text}");
    }
}

#[test]
fn without_namespaces_nothing_is_fetched_and_the_compiler_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let programs = temp.path().join("programs");
    common::programs(&programs, |name| name == "unshare");
    let unshare = programs.join("unshare");
    fs::write(
        &unshare,
        "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2; exit 1\n",
    )
    .unwrap();
    fs::set_permissions(&unshare, fs::Permissions::from_mode(0o755)).unwrap();
    common::in_environment(
        "no_namespace",
        &[("PATH", &programs), ("KOXIDE_TEST_DIR", temp.path())],
    );
}

#[test]
#[ignore = "started by the test without namespaces"]
fn no_namespace() {
    let Some(dir) = std::env::var_os("KOXIDE_TEST_DIR") else {
        return;
    };
    let error = headers_error(Path::new(&dir), None);
    let said = error.to_string();
    assert!(matches!(error, module::Error::NoNamespace { .. }), "{said}");
    assert!(said.contains("Operation not permitted"), "{said}");
    assert!(said.contains("install the package gcc-99"), "{said}");
    let wanted = "gcc-99".to_owned();
    assert_eq!(error.missing(), Some(Need::Compiler { wanted }));
}

#[test]
fn an_archive_out_of_reach_and_the_compiler_are_named() {
    let temp = tempfile::tempdir().unwrap();
    // A proxy would answer for the archive.
    let direct = Path::new("127.0.0.1");
    common::in_environment(
        "no_archive",
        &[("no_proxy", direct), ("KOXIDE_TEST_DIR", temp.path())],
    );
}

#[test]
#[ignore = "started by the test with an archive out of reach"]
fn no_archive() {
    let Some(dir) = std::env::var_os("KOXIDE_TEST_DIR") else {
        return;
    };
    // A port that nobody listens at.
    let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let mirror = format!("http://{}/debian", place.unwrap());
    let error = headers_error(Path::new(&dir), Some(&mirror));
    let said = error.to_string();
    assert!(said.contains("are built with gcc-99"), "{said}");
    assert!(said.contains("install the package gcc-99"), "{said}");
    let why = error.source().unwrap().to_string();
    assert!(why.contains("check the network"), "{why}");
    let wanted = "gcc-99".to_owned();
    assert_eq!(error.missing(), Some(Need::Compiler { wanted }));
}

/// Newer kernels than this machine's compilers know have the same object, and a C half by their own.
#[test]
#[ignore = "fetches 350 MB the first time: run `cargo test -p koxide-build --test roots -- --ignored`"]
fn one_object_becomes_a_module_for_kernels_of_other_releases() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| text);
    let artefact = common::object(&project).unwrap();
    let names = [
        "debian:bookworm",
        "debian:trixie",
        "debian:trixie-backports",
    ];
    let modules = names.map(|name| {
        let kernel = common::kernel(name);
        let built = common::module_with(project.abi_dir(), &project, &artefact, &kernel).unwrap();
        assert_eq!(built.object, artefact.sha256);
        built.path
    });
    for other in &modules[1..] {
        compare::same_object(&modules[0], other, &artefact.object).unwrap();
    }
}

/// No user but root may make mounts: others get a namespace of their own for it.
#[test]
#[ignore = "fetches 200 MB the first time: run `cargo test -p koxide-build --test roots -- --ignored`"]
fn whoever_runs_it_builds_in_a_root() {
    let temp = tempfile::tempdir().unwrap();
    let source = temp.path().join("nothing.c");
    let code =
        "#include <linux/module.h>\nMODULE_LICENSE(\"GPL\");\nMODULE_DESCRIPTION(\"nothing\");\n";
    fs::write(&source, code).unwrap();
    let kernel = common::kernel("debian:trixie");
    let out = temp.path().join("out");
    let built = module::in_c(
        &source,
        "a module that does nothing",
        &kernel,
        &out,
        &Silent,
    )
    .unwrap();
    let of_this_user = temp.path().metadata().unwrap().uid();
    assert_eq!(built.path.metadata().unwrap().uid(), of_this_user);
}
