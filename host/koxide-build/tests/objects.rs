// SPDX-License-Identifier: MIT OR Apache-2.0

//! From a driver's source to its portable object: needs the Rust toolchain only.

mod common;

use std::fs;

use koxide_build::object::Error;
use object::{Object as _, ObjectSymbol as _};

#[test]
fn the_same_source_gives_the_same_object_in_any_folder() {
    let temp = tempfile::tempdir().unwrap();
    // Panics carry file names, which is what must not depend on the folder.
    let here = |dir: &str| {
        let project = common::toy(&temp.path().join(dir), |text| {
            text.replace("squares[calls as usize % 5]", "squares[calls as usize]")
        });
        common::object(&project).unwrap()
    };
    let (a, b) = (here("a"), here("some where/else"));
    assert_eq!(a.sha256, b.sha256);
    let bytes = fs::read(&a.object).unwrap();
    let folder = temp.path().to_str().unwrap().as_bytes();
    assert!(!bytes.windows(folder.len()).any(|w| w == folder));
}

#[test]
fn nothing_is_done_twice() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| text);
    assert!(!common::object(&project).unwrap().fresh);
    assert!(common::object(&project).unwrap().fresh);
    let lib = temp.path().join("src/lib.rs");
    let text = fs::read_to_string(&lib).unwrap();
    fs::write(&lib, text.replace("hello", "hullo")).unwrap();
    assert!(!common::object(&project).unwrap().fresh);
}

#[test]
fn a_driver_that_does_not_compile_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| {
        text.replace("-> i32 {", "-> i32 { nothing;")
    });
    let error = common::object(&project).unwrap_err();
    assert!(
        matches!(&error, Error::Compile { package } if package == "toy"),
        "{error}"
    );
    assert!(!project.koxide_dir().join("x86_64/toy.o").exists());
}

#[test]
fn what_only_unused_code_calls_is_not_linked() {
    let temp = tempfile::tempdir().unwrap();
    let undefined = |dir: &str, edit: fn(String) -> String| {
        let project = common::toy(&temp.path().join(dir), edit);
        let bytes = fs::read(&common::object(&project).unwrap().object).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let symbols = file.symbols().filter(|symbol| symbol.is_undefined());
        let names = symbols.map(|symbol| symbol.name().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let panics = undefined("panics", |text| {
        text.replace("calls as usize % 5", "calls as usize")
    });
    assert!(panics.contains(&"kx_panic".to_owned()), "{panics:?}");
    // Nothing of this can panic, and nothing is written.
    let silent = undefined("silent", |text| {
        text.replace("let _ = write!(Log, \"toy: ", "let _ = (\"")
    });
    assert!(!silent.contains(&"kx_panic".to_owned()), "{silent:?}");
    assert!(silent.contains(&"kx_abi_1".to_owned()), "{silent:?}");
}

#[test]
fn a_large_frame_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| {
        text.replace(
            "let squares =",
            "let mut room = [calls as u8; 3000]; let _ = write!(Log, \"{:p}\", core::hint::black_box(&mut room)); let squares =",
        )
    });
    let error = common::object(&project).unwrap_err();
    assert!(
        matches!(&error, Error::Frame { bytes, .. } if *bytes > 3000),
        "{error}"
    );
    assert!(error.to_string().contains("init_module"), "{error}");
}

#[test]
fn a_condition_that_is_not_sure_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let with = |dir: &str, condition: &str| {
        let check =
            format!("if !({condition}) {{ build_assert::__build_error() }}\n    let squares =");
        common::toy(&temp.path().join(dir), |text| {
            text.replace("let squares =", &check)
                + "\nmod build_assert {\n#[inline(never)]\n#[cold]\npub fn __build_error() -> ! { panic!(\"no\") }\n}\n"
        })
    };
    common::object(&with("sure", "calls % 5 < 5")).unwrap();
    let error = common::object(&with("unsure", "calls < 5")).unwrap_err();
    assert!(matches!(error, Error::BuildAssert), "{error}");
}

#[test]
fn what_no_shim_defines_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| {
        text.replace(
            "    if calls < 3 { -22 } else { 0 }",
            "    unsafe extern \"C\" { fn printk(); }\n    unsafe { printk() };\n    0",
        )
    });
    let error = common::object(&project).unwrap_err();
    assert!(
        matches!(&error, Error::Undefined { symbols, .. } if *symbols == ["printk"]),
        "{error}"
    );
}

#[test]
fn in_kernel_tests_have_an_object_of_their_own() {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| {
        text + "\n#[cfg(kunit)]\n#[unsafe(no_mangle)]\nextern \"C\" fn toy_kunit() {}\n"
    });
    let plain = common::object(&project).unwrap();
    let tests = common::kunit_object(&project).unwrap();
    assert!(tests.object.ends_with("x86_64/toy-kunit.o"));
    assert_eq!(tests.name, "toy");
    assert!(plain.object.exists());
    assert!(common::object(&project).unwrap().fresh);
}
