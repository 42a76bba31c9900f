// SPDX-License-Identifier: MIT OR Apache-2.0

//! Rules about files and crates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use cargo_metadata::{Metadata, MetadataCommand};
use koxide_process::Command;
use syn::visit::Visit;

/// The licence of what runs in the kernel.
const KERNEL_LICENCE: &str = "GPL-2.0-only";

/// The licence of what runs on the developer's machine.
const HOST_LICENCE: &str = "MIT OR Apache-2.0";

/// Rules about single files: licence and purpose at the top, unsafe code and kernel versions only where they belong.
///
/// # Errors
/// A line for each broken rule.
pub fn files(root: &Path) -> anyhow::Result<()> {
    let mut broken = Vec::new();
    let all = tracked(root)?;
    for path in &all {
        if let Some(why) = fault_plans(path, &all) {
            broken.push(format!("{}: {why}", path.display()));
        }
    }
    for path in all {
        // A file that git knows and that was removed is no longer there to be read.
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else {
            continue;
        };
        for rule in [
            head,
            drivers_are_safe,
            versions_in_shims_only,
            entries_pass_the_boundary,
        ] {
            if let Some(why) = rule(&path, &text) {
                broken.push(format!("{}: {why}", path.display()));
            }
        }
    }
    ensure!(
        broken.is_empty(),
        "broken rules:\n  {}",
        broken.join("\n  ")
    );
    Ok(())
}

/// The files of the repository.
fn tracked(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()?;
    Ok(String::from_utf8(output.stdout)?
        .lines()
        .map(PathBuf::from)
        .collect())
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|ext| ext.to_str()).unwrap_or("")
}

/// A source file begins with its licence; a Rust file goes on with what it is for.
fn head(path: &Path, text: &str) -> Option<String> {
    if !matches!(extension(path), "rs" | "c" | "h" | "S" | "sh") {
        return None;
    }
    let inside = |folder: &str| path.starts_with(folder);
    let licence = if inside("kernel") || inside("drivers") || is_made_into_modules(path) {
        KERNEL_LICENCE
    } else {
        HOST_LICENCE
    };
    let wanted = format!("SPDX-License-Identifier: {licence}");
    if !text.lines().take(2).any(|line| line.contains(&wanted)) {
        return Some(format!("does not begin with `{wanted}`"));
    }
    let says_what_for = text
        .lines()
        .skip(1)
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| line.starts_with("//!"));
    (extension(path) == "rs" && !says_what_for)
        .then(|| "does not say at its top, with `//!`, what it is for".to_owned())
}

/// What the host side has only to be compiled into modules: templates, and the modules of tests.
fn is_made_into_modules(path: &Path) -> bool {
    let part = |name: &str| path.components().any(|part| part.as_os_str() == name);
    path.starts_with("host/cargo-koxide/templates")
        || (part("tests") && (part("fixtures") || part("modules")))
}

/// Drivers and templates forbid unsafe code.
fn drivers_are_safe(path: &Path, text: &str) -> Option<String> {
    let driver =
        path.starts_with("drivers") && path.components().any(|part| part.as_os_str() == "src");
    let template = path.starts_with("host/cargo-koxide/templates");
    if extension(path) != "rs"
        || !(driver || template)
        || path.components().any(|part| part.as_os_str() == "tests")
    {
        return None;
    }
    let root_file = path.ends_with("src/lib.rs");
    if root_file && !text.contains("#![forbid(unsafe_code)]") {
        return Some("has no `#![forbid(unsafe_code)]`".to_owned());
    }
    let code = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""));
    let unsafe_line = code
        .filter(|line| !line.contains("forbid(unsafe_code)"))
        .find(|line| {
            line.split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == "unsafe")
        });
    unsafe_line.map(|line| format!("has unsafe code: {}", line.trim()))
}

/// Every driver is tried with each of its allocations failing.
fn fault_plans(path: &Path, all: &[PathBuf]) -> Option<String> {
    let dir = path.parent()?.parent()?;
    let of_driver = dir.parent()?.ends_with("drivers") || dir.parent()?.ends_with("templates");
    let is_driver = of_driver && path.ends_with("src/lib.rs");
    (is_driver && !all.contains(&dir.join("tests/faults.rs")))
        .then(|| "has no tests/faults.rs".to_owned())
}

/// Whether a file is of a driver's twin in C, which has no shims.
fn is_twins(path: &Path) -> bool {
    let mut parts = path.components().map(|part| part.as_os_str());
    parts.next().is_some_and(|first| first == "drivers") && parts.nth(1).is_some_and(|it| it == "c")
}

/// What differs between kernels is decided in shims, where the kernel's own headers are. Which kernels there are shims for is
/// decided before.
fn versions_in_shims_only(path: &Path, text: &str) -> Option<String> {
    let before = path.starts_with("host/koxide-build/src/kernels");
    let may = path.starts_with("kernel/koxide-abi") || is_twins(path) || before;
    let code = matches!(extension(path), "rs" | "c" | "h") && !path.starts_with("xtask");
    (code && !may && text.contains("LINUX_VERSION_CODE"))
        .then(|| "asks for the kernel's version outside of the shims".to_owned())
}

/// Every function of the library that the kernel calls goes through `entry::enter`.
fn entries_pass_the_boundary(path: &Path, text: &str) -> Option<String> {
    // The way up to the border is called by its own assembly.
    let below = path == Path::new("kernel/koxide/src/unwind.rs");
    if !path.starts_with("kernel/koxide/src") || extension(path) != "rs" || below {
        return None;
    }
    let file = match syn::parse_file(text) {
        Ok(file) => file,
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    let mut entries = Entries::default();
    entries.visit_file(&file);
    (!entries.open.is_empty()).then(|| {
        format!(
            "does not go through `entry::enter`: {}",
            entries.open.join(", ")
        )
    })
}

/// Functions with a body and a calling convention that is not Rust's own.
#[derive(Default)]
struct Entries {
    open: Vec<String>,
}

impl Entries {
    fn look(&mut self, signature: &syn::Signature, block: &syn::Block) {
        // What does not return has nothing to answer: it is where a panic ends.
        let ends = matches!(&signature.output, syn::ReturnType::Type(_, ty) if matches!(**ty, syn::Type::Never(_)));
        let convention = signature.abi.as_ref();
        let rusts = convention
            .and_then(|abi| abi.name.as_ref())
            .is_some_and(|name| name.value().starts_with("rust"));
        let called_by_c = convention.is_some() && !rusts && !ends;
        let mut calls = Calls::default();
        calls.visit_block(block);
        if called_by_c && !calls.enter {
            self.open.push(signature.ident.to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Entries {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.look(&function.sig, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.look(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }
}

/// Whether a body calls the boundary.
#[derive(Default)]
struct Calls {
    enter: bool,
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut last = path
            .segments
            .iter()
            .rev()
            .map(|segment| segment.ident.to_string());
        let (name, module) = (last.next(), last.next());
        let enters = matches!(name.as_deref(), Some("enter" | "enter_owning"));
        self.enter |= enters && module.is_none_or(|module| module == "entry");
        syn::visit::visit_path(self, path);
    }
}

/// Rules about which crate may stand on which: nothing crosses between the host and the kernel.
///
/// # Errors
/// Every edge that should not be.
pub fn edges(root: &Path) -> anyhow::Result<()> {
    let metadata = metadata(root, true)?;
    let world = |name: &str| -> anyhow::Result<String> {
        let package = metadata
            .packages
            .iter()
            .find(|package| package.name.as_str() == name);
        let path = package
            .context("a crate of the workspace")?
            .manifest_path
            .strip_prefix(root)?;
        Ok(path
            .components()
            .next()
            .map(|part| part.to_string())
            .unwrap_or_default())
    };
    let mut broken = Vec::new();
    for package in &metadata.packages {
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some())
        {
            let edge = (world(&package.name)?, world(&dependency.name)?);
            let for_tests = dependency.kind == cargo_metadata::DependencyKind::Development;
            let allowed = match (edge.0.as_str(), edge.1.as_str()) {
                ("host" | "xtask", "host") | ("kernel" | "drivers", "kernel") => true,
                // A driver's tests are programs of user space.
                ("drivers", "host") => for_tests && dependency.name == "koxide-guest",
                _ => false,
            };
            if !allowed {
                broken.push(format!("{} -> {}", package.name, dependency.name));
            }
        }
    }
    ensure!(
        broken.is_empty(),
        "edges that ARCHITECTURE.md does not allow:\n  {}",
        broken.join("\n  ")
    );
    Ok(())
}

fn metadata(root: &Path, ours_alone: bool) -> anyhow::Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.current_dir(root);
    if ours_alone {
        command.no_deps();
    }
    Ok(command.exec()?)
}

/// Every crate that this repository stands on has a licence that `deny.toml` allows, and comes from the registry.
///
/// # Errors
/// Every crate that does not.
pub fn licences(root: &Path) -> anyhow::Result<()> {
    let file = root.join("deny.toml");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let rules: toml::Table = toml::from_str(&text)?;
    let allowed: BTreeSet<&str> = rules["licenses"]["allow"]
        .as_array()
        .context("licenses.allow is a list")?
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    let mut broken = Vec::new();
    for package in metadata(root, false)?.packages {
        if package
            .source
            .as_ref()
            .is_some_and(|source| !source.is_crates_io())
        {
            broken.push(format!(
                "{} does not come from the crate registry",
                package.name
            ));
        }
        let licence = package.license.clone().unwrap_or_default();
        if !satisfied(&licence, &allowed) {
            broken.push(format!("{} has the licence `{licence}`", package.name));
        }
    }
    if !broken.is_empty() {
        bail!("deny.toml does not allow:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

/// Whether a licence expression without nested brackets can be met with what is allowed.
fn satisfied(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let flat = expression.replace('/', " OR ");
    // `(A OR B) AND C`: every part has to be met, any of its choices does it.
    flat.split(" AND ").all(|part| {
        part.trim_matches(['(', ')', ' '])
            .split(" OR ")
            .any(|licence| allowed.contains(licence.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_are_read() {
        let allowed = BTreeSet::from(["MIT", "Unicode-3.0"]);
        assert!(satisfied("MIT OR Apache-2.0", &allowed));
        assert!(satisfied("Apache-2.0/MIT", &allowed));
        assert!(satisfied("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
        assert!(!satisfied("Apache-2.0 AND MIT", &allowed));
        assert!(!satisfied("", &allowed));
    }

    #[test]
    fn an_entry_without_the_boundary_is_found() {
        let path = Path::new("kernel/koxide/src/x.rs");
        let good = "unsafe extern \"C\" fn a() { crate::entry::enter(|| ()) }";
        let bad = "unsafe extern \"C\" fn b() { c() }";
        assert_eq!(entries_pass_the_boundary(path, good), None);
        assert!(entries_pass_the_boundary(path, bad).is_some_and(|why| why.ends_with(": b")));
        let end = "unsafe extern \"C\" fn c() -> ! { loop {} }";
        assert_eq!(entries_pass_the_boundary(path, end), None);
    }

    #[test]
    fn unsafe_code_in_a_driver_is_found() {
        let path = Path::new("drivers/x/src/lib.rs");
        assert_eq!(
            drivers_are_safe(path, "#![forbid(unsafe_code)]\n// unsafe here is a word\n"),
            None
        );
        assert!(
            drivers_are_safe(path, "#![forbid(unsafe_code)]\nfn f() { unsafe { g() } }\n")
                .is_some()
        );
        assert!(drivers_are_safe(path, "fn f() {}\n").is_some());
    }

    #[test]
    fn kernel_versions_are_for_shims_and_twins() {
        let text = "#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)\n";
        let found = |path: &str| versions_in_shims_only(Path::new(path), text).is_some();
        let fit = "host/koxide-build/src/kernels/fit.rs";
        for may in ["kernel/koxide-abi/shims/x.c", "drivers/x/c/x.c", fit] {
            assert!(!found(may), "{may}");
        }
        for must_not in [
            "host/koxide-build/src/module/x.rs",
            "kernel/koxide/x.c",
            "drivers/x/src/x.c",
            "drivers/c/x.c",
        ] {
            assert!(found(must_not), "{must_not}");
        }
    }

    #[test]
    fn a_file_without_licence_or_purpose_is_found() {
        assert!(head(Path::new("host/x/src/lib.rs"), "//! What for.\n").is_some());
        assert!(
            head(
                Path::new("host/x/src/lib.rs"),
                "// SPDX-License-Identifier: MIT OR Apache-2.0\n\nfn f() {}\n"
            )
            .is_some()
        );
        assert_eq!(
            head(
                Path::new("host/x/src/lib.rs"),
                "// SPDX-License-Identifier: MIT OR Apache-2.0\n\n//! What for.\n"
            ),
            None
        );
    }
}
