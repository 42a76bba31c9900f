// SPDX-License-Identifier: MIT OR Apache-2.0

//! Rules about unsafe code, and about what SAFETY.md says of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use koxide_audit::{Folder, Role};
use syn::visit::Visit;

/// Short names of folders in SAFETY.md.
const FOLDERS: [(&str, &str); 5] = [
    ("koxide:", "kernel/koxide/src/"),
    ("macros:", "kernel/koxide-macros/src/"),
    ("selftest:", "drivers/koxide_selftest/"),
    ("build:", "host/koxide-build/"),
    ("command:", "host/cargo-koxide/"),
];

/// The one crate of the host that may have unsafe code: its system calls are those of tests.
const GUEST: &str = "koxide-guest";

/// All unsafe code has a reason that `cargo koxide audit` can show beside the contract that it answers; what runs on the
/// developer's machine has none.
///
/// # Errors
/// Every place that has none.
pub fn reasons(root: &Path) -> anyhow::Result<()> {
    let mut folders = Vec::from(Folder::library(&root.join("kernel")));
    for (place, role) in [("drivers", Role::Driver), ("host", Role::Host)] {
        for package in std::fs::read_dir(root.join(place))? {
            let package = package?;
            let name = package.file_name();
            folders.push(Folder::new(role, &name.to_string_lossy(), &package.path()));
        }
    }
    folders.push(Folder::new(Role::Host, "xtask", &root.join("xtask")));
    let audit = koxide_audit::audit(root, &folders)?;
    let others = audit.parts.iter();
    let others = others.filter(|part| part.role == Role::Host && !part.name.starts_with(GUEST));
    let others = others.flat_map(|part| &part.sites);
    let others = others.map(|site| {
        (
            site,
            "what runs on the developer's machine has no unsafe code",
        )
    });
    let complaints: Vec<String> = audit
        .complaints()
        .chain(others)
        .map(|(site, why)| format!("{}:{}: {why}", site.file.display(), site.line))
        .collect();
    ensure!(
        complaints.is_empty(),
        "unsafe code without a reason:\n  {}",
        complaints.join("\n  ")
    );
    Ok(())
}

/// Every line of a table in SAFETY.md names tests in its last column, and each of them exists.
///
/// # Errors
/// Every line that names none, and every name that leads nowhere.
pub fn claims(root: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(root.join("SAFETY.md")).context("cannot read SAFETY.md")?;
    let mut files = Files::new(root);
    let mut broken = Vec::new();
    for (at, cell) in last_cells(&text) {
        for why in wrong(cell, &mut |file, test| files.has(file, test)) {
            broken.push(format!("SAFETY.md:{at}: {why}"));
        }
    }
    ensure!(
        broken.is_empty(),
        "claims without a test:\n  {}",
        broken.join("\n  ")
    );
    Ok(())
}

/// The last cell of each line of the tables, with the line's number.
fn last_cells(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().zip(1..);
    let rows = lines.filter(|(line, _)| line.starts_with('|') && !line.starts_with("|---"));
    let cells = rows.map(|(line, at)| {
        let row = line.trim_end_matches(['|', ' ']);
        (at, row.rsplit(" | ").next().unwrap_or(row))
    });
    cells.filter(|(_, cell)| *cell != "held by")
}

/// A test that a cell names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Test<'a> {
    /// `file::name`: a test function.
    Function(&'a str),
    /// `file#name`: an example in the documentation of an item, which must not compile.
    Example(&'a str),
}

/// What is wrong with a cell.
fn wrong<'a>(
    cell: &'a str,
    has: &mut dyn FnMut(&str, Test<'a>) -> Result<(), String>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut file = None;
    let mut named = 0;
    for name in cell.split('`').skip(1).step_by(2) {
        let (test, place) = match (name.split_once(".rs::"), name.split_once(".rs#")) {
            (Some((file, name)), _) => (Test::Function(name), Some(file)),
            (_, Some((file, name))) => (Test::Example(name), Some(file)),
            // A name alone is another one of the same file.
            (None, None) => (Test::Function(name), None),
        };
        file = place.map(|file| format!("{file}.rs")).or(file);
        named += 1;
        let found = match &file {
            Some(file) => has(file, test),
            None => Err("it is in no file".to_owned()),
        };
        wrong.extend(found.err().map(|why| format!("`{name}`: {why}")));
    }
    if named == 0 {
        wrong.push(format!("names no test: {cell}"));
    }
    wrong
}

/// The tests of the files that were asked for.
struct Files<'a> {
    root: &'a Path,
    known: BTreeMap<PathBuf, Result<Tests, String>>,
}

impl<'a> Files<'a> {
    fn new(root: &'a Path) -> Self {
        let known = BTreeMap::new();
        Self { root, known }
    }

    /// Whether there is that test.
    fn has(&mut self, file: &str, test: Test<'_>) -> Result<(), String> {
        let short = FOLDERS.iter().find(|(short, _)| file.starts_with(short));
        let path = short.map_or(file.to_owned(), |(short, folder)| {
            file.replacen(short, folder, 1)
        });
        let path = self.root.join(path);
        let tests = self.known.entry(path.clone()).or_insert_with(|| {
            let text =
                std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let file = syn::parse_file(&text).map_err(|e| e.to_string())?;
            let mut tests = Tests::default();
            tests.visit_file(&file);
            Ok(tests)
        });
        let tests = tests.as_ref().map_err(Clone::clone)?;
        let (there, what) = match test {
            Test::Function(name) => (
                tests.functions.iter().any(|own| own == name),
                "no such test",
            ),
            Test::Example(name) => (
                tests.examples.iter().any(|own| own == name),
                "no such item, or none with an example that must not compile",
            ),
        };
        if there { Ok(()) } else { Err(what.to_owned()) }
    }
}

/// The tests of a file.
#[derive(Default)]
struct Tests {
    functions: Vec<String>,
    examples: Vec<String>,
    /// The type or trait around.
    owner: Option<String>,
}

impl Tests {
    fn item(&mut self, name: &syn::Ident, attributes: &[syn::Attribute]) {
        if documentation(attributes).contains("```compile_fail") {
            let owner = self.owner.as_ref().map(|owner| format!("{owner}::"));
            self.examples
                .push(format!("{}{name}", owner.unwrap_or_default()));
        }
    }
}

fn documentation(attributes: &[syn::Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(syn::MetaNameValue {
                path,
                value:
                    syn::Expr::Lit(syn::ExprLit {
                        lit: syn::Lit::Str(text),
                        ..
                    }),
                ..
            }) if path.is_ident("doc") => Some(text.value()),
            _ => None,
        });
    lines.collect::<Vec<_>>().join("\n")
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if item
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("test"))
        {
            self.functions.push(item.sig.ident.to_string());
        }
        self.item(&item.sig.ident, &item.attrs);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.item(&item.ident, &item.attrs);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.item(&item.ident, &item.attrs);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.item(&item.ident, &item.attrs);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.item(&item.ident, &item.attrs);
        syn::visit::visit_item_mod(self, item);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if let Some(name) = &item.ident {
            self.item(name, &item.attrs);
        }
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.item(&item.ident, &item.attrs);
        self.owner = Some(item.ident.to_string());
        syn::visit::visit_item_trait(self, item);
        self.owner = None;
    }

    fn visit_trait_item_type(&mut self, item: &'ast syn::TraitItemType) {
        self.item(&item.ident, &item.attrs);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.item(&item.sig.ident, &item.attrs);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let syn::Type::Path(path) = &*item.self_ty {
            self.owner = path.path.segments.last().map(|last| last.ident.to_string());
        }
        syn::visit::visit_item_impl(self, item);
        self.owner = None;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.item(&item.sig.ident, &item.attrs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a cell in a world of one file.
    fn wrong_in(cell: &str) -> Vec<String> {
        let text = "/// ```compile_fail\n/// ```\npub struct Lock;\n\
                    impl Lock {\n/// ```compile_fail\n/// ```\nfn get() {}\n}\n\
                    /// ```\n/// ```\npub struct Fine;\n\
                    #[kunit_tests(x)]\nmod x { #[test] fn one() {} #[test] fn two() {} fn three() {} }\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("kernel/koxide/src")).unwrap();
        std::fs::write(folder.path().join("kernel/koxide/src/lock.rs"), text).unwrap();
        let mut files = Files::new(folder.path());
        wrong(cell, &mut |file, test| files.has(file, test))
    }

    #[test]
    fn tests_and_examples_that_exist_are_found() {
        let cell = "`koxide:lock.rs::one`, `two`; `kernel/koxide/src/lock.rs#Lock` and `koxide:lock.rs#Lock::get`";
        assert_eq!(wrong_in(cell), [""; 0]);
    }

    #[test]
    fn a_claim_whose_test_is_not_there_is_found() {
        for cell in [
            "",
            "the compiler",
            "by hand: cargo koxide run",
            "`koxide:lock.rs::three`",
            "`koxide:lock.rs::four`",
            "`koxide:lock.rs::one`, `four`",
            "`koxide:lock.rs#Fine`",
            "`koxide:lock.rs#get`",
            "`koxide:gone.rs::one`",
            "`one`",
        ] {
            assert_eq!(wrong_in(cell).len(), 1, "{cell}: {:?}", wrong_in(cell));
        }
    }

    #[test]
    fn all_lines_of_tables_are_claims() {
        let text = "# A\n\n| it cannot | held by |\n|---|---|\n| do \\| this | `a.rs::b` |\n| that | |\n\ntext | text\n";
        let cells: Vec<_> = last_cells(text).collect();
        assert_eq!(cells, [(5, "`a.rs::b`"), (6, "| that")]);
    }
}
