// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the package of which each example is an in-kernel test.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::driver::{Driver, Library};

use super::extract::Example;

/// The file that has the suite; what is beside it has the names of the files that the examples come from.
const ROOT: &str = "examples.rs";

/// What the package is made from, beside the examples.
pub(super) struct Package<'a> {
    /// The driver or library that the examples are of.
    pub(super) of: &'a Driver,
    /// It is the library.
    pub(super) is_library: bool,
    /// The library that it all stands on.
    pub(super) library: &'a Library,
    /// The workspace that it is in.
    pub(super) root: &'a Path,
}

impl Package<'_> {
    /// All files of the package, by their places.
    pub(super) fn files(&self, examples: &[Example]) -> BTreeMap<String, String> {
        let mut sources: BTreeMap<&str, Vec<&Example>> = BTreeMap::new();
        for example in examples {
            sources.entry(&example.file).or_default().push(example);
        }
        let mut files: BTreeMap<String, String> = sources
            .iter()
            .map(|(file, examples)| ((*file).to_owned(), self.source(examples)))
            .collect();
        files.insert(ROOT.to_owned(), self.root(&sources));
        files.insert("Cargo.toml".to_owned(), self.manifest());
        files.insert(".cargo/config.toml".to_owned(), self.config());
        let toolchain = self.library.toolchain.clone();
        files.insert("rust-toolchain.toml".to_owned(), toolchain);
        files
    }

    /// A file with examples, each at the lines that it has in the file that it comes from.
    fn source(&self, examples: &[&Example]) -> String {
        let mut text = String::new();
        let mut line = 1;
        for example in examples {
            if example.left_out(&self.of.edition).is_some() {
                continue;
            }
            // The line before the code begins the example, and the one behind it ends it.
            while line < example.line {
                text.push('\n');
                line += 1;
            }
            let wrapper = example.parts.as_ref().and_then(|p| p.wrapper.as_ref());
            let (before, after) = match wrapper {
                None => ("", ""),
                Some(wrapper) if wrapper.returns_result => (
                    "fn main() -> ::core::result::Result<(), impl ::core::fmt::Debug> {",
                    "}",
                ),
                Some(_) => ("fn main() {", "}"),
            };
            let _ = writeln!(text, "pub mod line_{} {{ {before}", example.line);
            let code = code(example);
            text.push_str(&code);
            line += 1 + code.lines().count();
            let _ = write!(text, "{after} {} }}", test(example));
        }
        text.push('\n');
        text
    }

    /// The crate's root: the suite.
    fn root(&self, sources: &BTreeMap<&str, Vec<&Example>>) -> String {
        let mut text = String::from(HEAD);
        let all = sources.values().flatten();
        let mut features: Vec<&str> = all.flat_map(|e| features(e)).collect();
        features.sort_unstable();
        features.dedup();
        for feature in features {
            let _ = writeln!(text, "{feature}");
        }
        text.push_str(ASSERTIONS);
        text.push_str(&if self.is_library {
            format!("::kernel::module! {{ type: Examples, name: \"{}_examples\", license: \"GPL\" }}\n{MODULE}", self.of.module)
        } else {
            format!("extern crate {name} as _;\nconst __LOG_PREFIX: &::core::ffi::CStr = c\"{name}\";\n", name = self.of.module)
        });
        let mut cases = String::new();
        for (at, (file, examples)) in sources.iter().enumerate() {
            let _ = writeln!(text, "#[path = {file:?}] mod file_{at};");
            for example in examples {
                let _ = writeln!(cases, "::kernel::kunit::Case::{},", self.case(at, example));
            }
        }
        let _ = write!(text, "::kernel::kunit_suite!(\"examples\", [\n{cases}]);\n");
        text
    }

    /// The test of an example, which is in the file of that number.
    fn case(&self, at: usize, example: &Example) -> String {
        let name = example.name();
        let why = example.left_out(&self.of.edition);
        if let Some(why) = why.as_deref().or(example.not_run()) {
            return format!("skipped({name:?}, {why:?})");
        }
        let function = format!("file_{at}::line_{}::__failed", example.line);
        if example.attributes.should_panic {
            format!("panicking({name:?}, {function}, \"\")")
        } else {
            format!("new({name:?}, {function})")
        }
    }

    fn manifest(&self) -> String {
        let path = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned());
        let mut dependencies = format!("koxide = {{ path = {} }}\n", path(&self.library.koxide));
        if !self.is_library {
            let _ = writeln!(
                dependencies,
                "{} = {{ path = {} }}",
                self.of.package,
                path(&self.of.dir)
            );
        }
        format!(
            "# Made by cargo koxide of the examples in {of}'s documentation.\n\
             [package]\n\
             name = \"{of}-examples\"\n\
             version = \"0.0.0\"\n\
             edition = \"{edition}\"\n\
             publish = false\n\n\
             [lib]\n\
             path = \"{ROOT}\"\n\n\
             [dependencies]\n\
             {dependencies}\n\
             [workspace]\n",
            of = self.of.package,
            edition = self.of.edition,
        )
    }

    /// The driver is compiled as it is with its own in-kernel tests, which are its crate's; here it is a dependency.
    fn config(&self) -> String {
        if self.is_library {
            return String::new();
        }
        let mut flags = vec![
            "--cfg=MODULE".to_owned(),
            "--cfg=CONFIG_COMPAT".to_owned(),
            "--cfg=kunit".to_owned(),
            format!("--remap-path-prefix={}/=", self.root.display()),
        ];
        flags.extend(self.of.rustc_args.iter().cloned());
        let flags = toml::Value::from(flags);
        format!(
            "[profile.koxide.package.{}]\nrustflags = {flags}\n",
            self.of.package
        )
    }
}

/// The lints are the reader's, who does not see these files.
const HEAD: &str = "\
// Made by cargo koxide of the examples in the documentation.
#![no_std]
#![allow(warnings)]
";

/// In an example, a failed assertion is a failed test as in every suite, and no panic.
const ASSERTIONS: &str = "\
macro_rules! assert { ($($args:tt)*) => { ::kernel::kunit_assert!($($args)*) }; }
macro_rules! assert_eq { ($($args:tt)*) => { ::kernel::kunit_assert_eq!($($args)*) }; }
macro_rules! assert_ne { ($($args:tt)*) => { ::kernel::kunit_assert_ne!($($args)*) }; }
";

/// The module around the library's examples.
const MODULE: &str = "\
struct Examples;
impl ::kernel::Module for Examples {
    fn init(_: &'static ::kernel::ThisModule) -> ::kernel::error::Result<Self> {
        Ok(Self)
    }
}
";

/// What is said to the whole crate, and cannot stand in a module.
fn features(example: &Example) -> impl Iterator<Item = &str> {
    let lines = example.code.lines().map(str::trim);
    lines.filter(|line| line.starts_with("#![feature(") && line.ends_with(")]"))
}

/// The code, line by line, without what is said to the crate. A module of its own becomes one that its test loads.
fn code(example: &Example) -> String {
    let line = |line: &str| {
        if line.trim_start().starts_with("#![") {
            return "\n".to_owned();
        }
        let module = line.strip_prefix("kernel::").unwrap_or(line);
        match module.strip_prefix("module!") {
            Some(rest) => format!("::kernel::__example_module!{rest}\n"),
            None => format!("{line}\n"),
        }
    };
    example.code.lines().map(line).collect()
}

/// The function that says whether an example failed: its `main` did, or the module that it is.
fn test(example: &Example) -> &'static str {
    if code(example).contains("::kernel::__example_module!") {
        "pub fn __failed() -> bool { ::kernel::kunit::Outcome::failed(main()) | ::kernel::kunit::Outcome::failed(__load()) }"
    } else {
        "pub fn __failed() -> bool { ::kernel::kunit::Outcome::failed(main()) }"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(line: usize, code: &str, mark: &str, wrapper: &str) -> Example {
        let ignore = if mark == "ignore" { "All" } else { "None" };
        let (no_run, panics) = (mark == "no_run", mark == "should_panic");
        let text = format!(
            r#"{{"file": "src/a.rs", "line": {line}, "doctest_attributes": {{
                "should_panic": {panics}, "no_run": {no_run}, "ignore": "{ignore}", "rust": true,
                "test_harness": false, "compile_fail": false, "standalone_crate": false, "edition": null }},
                "original_code": {code:?}, "doctest_code": {{ "wrapper": {wrapper} }} }}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    const RESULT: &str = r#"{"before": "", "after": "", "returns_result": true}"#;

    fn files(examples: &[Example]) -> BTreeMap<String, String> {
        let of = Driver {
            package: "toy-driver".to_owned(),
            module: "toy_driver".to_owned(),
            dir: "/w/toy".into(),
            manifest: "/w/toy/Cargo.toml".into(),
            edition: "2024".to_owned(),
            description: String::new(),
            tests: Vec::new(),
            benches: Vec::new(),
            rustc_args: vec!["--cfg=x".to_owned()],
            aborts: false,
            programs: Vec::new(),
        };
        let library = Library {
            koxide: "/l/koxide".into(),
            guest: "/l/guest".into(),
            lock: String::new(),
            toolchain: String::new(),
        };
        let package = Package {
            of: &of,
            is_library: false,
            library: &library,
            root: Path::new("/w"),
        };
        package.files(examples)
    }

    #[test]
    fn an_example_stands_at_its_own_lines() {
        let files = files(&[
            example(3, "let x = 1;\nx.check()?;\nOk::<(), E>(())", "", RESULT),
            example(9, "#![feature(y)]\nfn main() {}", "", "null"),
        ]);
        let lines: Vec<&str> = files["src/a.rs"].lines().collect();
        assert!(lines[2].starts_with("pub mod line_3 { fn main() -> "));
        assert_eq!(
            &lines[3..6],
            ["let x = 1;", "x.check()?;", "Ok::<(), E>(())"]
        );
        assert!(lines[6].starts_with("} pub fn __failed()"));
        assert_eq!(&lines[8..11], ["pub mod line_9 { ", "", "fn main() {}"]);
        let root = &files[ROOT];
        assert!(root.contains("#![feature(y)]\n"), "{root}");
        assert!(
            root.contains("Case::new(\"src/a.rs:9\", file_0::line_9::__failed)"),
            "{root}"
        );
    }

    #[test]
    fn what_does_not_run_has_a_reason() {
        let files = files(&[
            example(1, "a", "ignore", "null"),
            example(5, "b", "no_run", "null"),
            example(9, "// kunit: run\nc", "no_run", "null"),
            example(15, "extern crate self as core;", "", "null"),
            example(17, "e", "should_panic", "null"),
            example(20, "// kunit: ignore\nd", "", "null"),
        ]);
        let (root, source) = (&files[ROOT], &files["src/a.rs"]);
        for (line, how, compiled) in [
            (
                1,
                "skipped(\"src/a.rs:1\", \"it is marked `ignore`\")",
                false,
            ),
            (
                5,
                "skipped(\"src/a.rs:5\", \"it compiles; it is marked `no_run`\")",
                true,
            ),
            (9, "new(\"src/a.rs:9\", ", true),
            (
                15,
                "skipped(\"src/a.rs:15\", \"it is a crate of its own\")",
                false,
            ),
            (17, "panicking(\"src/a.rs:17\", ", true),
            (
                20,
                "skipped(\"src/a.rs:20\", \"it is about the host\")",
                false,
            ),
        ] {
            assert!(root.contains(how), "{how}:\n{root}");
            let there = source.contains(&format!("mod line_{line} "));
            assert_eq!(there, compiled, "{line}:\n{source}");
        }
    }

    #[test]
    fn a_driver_is_there_with_its_own_tests_and_a_module_is_loaded() {
        let module = "use kernel::prelude::*;\nmodule! {\n}\nfn main() {}";
        let files = files(&[example(2, module, "", "null")]);
        let source = &files["src/a.rs"];
        assert!(
            source.contains("\n::kernel::__example_module! {\n"),
            "{source}"
        );
        assert!(source.contains("__load()"), "{source}");
        assert!(files[ROOT].contains("extern crate toy_driver as _;"));
        let config: toml::Table = files[".cargo/config.toml"].parse().unwrap();
        let flags = &config["profile"]["koxide"]["package"]["toy-driver"]["rustflags"];
        let flags: Vec<&str> = flags
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|f| f.as_str())
            .collect();
        assert!(
            flags.contains(&"--cfg=kunit") && flags.contains(&"--cfg=x"),
            "{flags:?}"
        );
        let manifest: toml::Table = files["Cargo.toml"].parse().unwrap();
        assert_eq!(
            manifest["dependencies"]["toy-driver"]["path"].as_str(),
            Some("/w/toy")
        );
    }
}
