// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which object is for which kernel: needs a compiler, make and, the first time, the network.

mod common;

use std::fs;

use koxide_build::object::{Artefact, Kasan, Variant};
use koxide_build::{Silent, module};
use object::{Object as _, ObjectSymbol as _};

const KERNELS: [&str; 2] = ["debian:bookworm", "debian:bookworm-backports"];

fn with_room(name: &str, bytes: u64) -> Variant {
    let mut variant = Variant::default();
    variant.rooms = [(name.to_owned(), bytes)].into_iter().collect();
    variant
}

#[test]
fn stock_kernels_share_one_object() {
    let temp = tempfile::tempdir().unwrap();
    for name in KERNELS {
        let kernel = common::kernel(name);
        let variant = module::variant(&common::abi(), &kernel, temp.path(), &Silent).unwrap();
        assert!(variant.is_stock(), "{name}: {variant:?}");
    }
}

#[test]
fn what_the_headers_said_is_kept_until_something_else_is_asked() {
    let temp = tempfile::tempdir().unwrap();
    let abi = common::shims(&temp.path().join("abi"), "probe/rooms.c", |text| text);
    let kernel = common::kernel(KERNELS[0]);
    let ask = || module::variant(&abi, &kernel, temp.path(), &Silent).unwrap();
    assert!(ask().is_stock());
    let notes = || {
        let views = fs::read_dir(temp.path().join(".views")).unwrap().flatten();
        let note = views.map(|entry| entry.path().join("sizes.json"));
        note.into_iter().find(|path| path.exists()).unwrap()
    };
    let text = fs::read_to_string(notes()).unwrap();
    fs::write(notes(), text.replace("MUTEX_ROOM=32", "MUTEX_ROOM=99")).unwrap();
    assert_eq!(ask(), with_room("MUTEX_ROOM", 99));
    let probe = abi.join("probe/rooms.c");
    let text = fs::read_to_string(&probe).unwrap();
    fs::write(&probe, text + "\n").unwrap();
    assert!(ask().is_stock());
}

#[test]
fn a_kernel_with_larger_objects_gets_an_object_of_its_own() {
    let temp = tempfile::tempdir().unwrap();
    // As if the library reserved less than this kernel's mutexes have.
    let abi = common::shims(&temp.path().join("abi"), "include/koxide.h", |text| {
        assert!(text.contains("#define KX_MUTEX_ROOM 32\n"));
        text.replace("#define KX_MUTEX_ROOM 32\n", "#define KX_MUTEX_ROOM 31\n")
    });
    let kernel = common::kernel(KERNELS[0]);
    let variant = module::variant(&abi, &kernel, temp.path(), &Silent).unwrap();
    assert_eq!(variant, with_room("MUTEX_ROOM", 32));

    let project = common::toy(&temp.path().join("toy"), |text| text);
    let stock = common::object(&project).unwrap();
    let own = common::variant_object(&project, &variant).unwrap();
    assert_ne!(own.object.parent(), stock.object.parent());
    let rooms = |artefact: &Artefact| {
        let text = fs::read_to_string(&artefact.source).unwrap();
        let lines = text.lines().filter(|line| line.contains("_ROOM"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rooms(&own), ["#define KX_MUTEX_ROOM 32"]);
    assert!(rooms(&stock).is_empty());
    common::module_with(project.abi_dir(), &project, &own, &kernel).unwrap();
    let again = common::object(&project).unwrap();
    assert!(again.fresh && again.sha256 == stock.sha256);
}

#[test]
fn an_object_with_lock_classes_is_refused_by_a_kernel_without_them() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| text);
    let variant = with_room("LOCK_CLASS_KEY_ROOM", 16);
    let artefact = common::variant_object(&project, &variant).unwrap();
    let kernel = common::kernel(KERNELS[0]);
    let error = common::module_with(project.abi_dir(), &project, &artefact, &kernel).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("the object has classes of locks, and this kernel does not check locks"),
        "{text}"
    );
}

#[test]
fn an_object_with_checks_is_for_kernels_that_have_them() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| text);
    let mut variant = Variant::default();
    variant.kasan = Some(Kasan {
        offset: "0xdffffc0000000000".to_owned(),
        stack: true,
        copies: true,
    });
    let artefact = common::variant_object(&project, &variant).unwrap();
    let bytes = fs::read(&artefact.object).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let names: Vec<_> = file.symbols().filter_map(|s| s.name().ok()).collect();
    // Accesses are checked, and the module tells the kernel where the room between its statics is.
    assert!(
        names.iter().any(|name| name.starts_with("__asan_load")),
        "{names:?}"
    );
    assert!(names.contains(&"__asan_register_globals"), "{names:?}");
    assert!(file.section_by_name(".init_array").is_some());
    let kernel = common::kernel(KERNELS[0]);
    let error = common::module_with(project.abi_dir(), &project, &artefact, &kernel).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("not-exported: ") && text.contains("__asan_load"),
        "{text}"
    );
}
