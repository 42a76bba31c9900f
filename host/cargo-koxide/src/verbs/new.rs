// SPDX-License-Identifier: MIT OR Apache-2.0

//! `new`: a driver package that stands alone. The library travels with it, under `vendor/`: whoever has the package
//! and the command builds it, with plain cargo and rust-analyzer too, and no path leads out of the folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use include_dir::{Dir, DirEntry, include_dir};
use toml_edit::{Array, DocumentMut};

use crate::cli::New;
use crate::exit::{Exit, because};
use crate::ui::Ui;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static ABI: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../kernel/koxide-abi");
static MACROS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../kernel/koxide-macros");
static LIBRARY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../kernel/koxide");
static GUEST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../koxide-guest");
const WORKSPACE: &str = include_str!("../../../../Cargo.toml");
const LOCK: &str = include_str!("../../../../Cargo.lock");
const TOOLCHAIN: &str = include_str!("../../../../rust-toolchain.toml");

/// What lets plain cargo compile the library's unstable features.
const CARGO_CONFIG: &str = r#"# The library has unstable features of the compiler, which plain cargo and rust-analyzer refuse without this. Only the crates
# that are named here may have them.
[env]
RUSTC_BOOTSTRAP = "kernel,driver_name"
"#;

/// The crates that a driver stands on, by the folder that each has under `vendor/`.
const VENDORED: [(&str, &Dir<'_>); 4] = [
    ("koxide", &LIBRARY),
    ("koxide-abi", &ABI),
    ("koxide-macros", &MACROS),
    ("koxide-guest", &GUEST),
];

/// Makes the package in a folder beside its place, and moves it there when it is whole.
pub(crate) fn run(options: &New, ui: &Ui) -> anyhow::Result<()> {
    let name = Name::parse(&options.name)?;
    let into = options.into.clone().unwrap_or_else(|| PathBuf::from("."));
    let place = into.join(&name.snake);
    if place.exists() {
        let message = format!(
            "{} exists already: choose another name, or another folder with --into",
            place.display()
        );
        return Err(because(Exit::Usage, message).into());
    }
    let make = || -> anyhow::Result<()> {
        let folder = tempfile::Builder::new()
            .prefix(".koxide-new-")
            .tempdir_in(&into)?;
        fill(folder.path(), &name, options)?;
        let folder = folder.keep();
        std::fs::rename(&folder, &place).inspect_err(|_| drop(std::fs::remove_dir_all(&folder)))?;
        readable(&place)?;
        Ok(())
    };
    make().with_context(|| format!("cannot make the package {}", place.display()))?;
    ui.status(
        "Created",
        format!(
            "the {} driver {} in {}",
            options.class.stem(),
            name.snake,
            place.display()
        ),
    );
    ui.result(format!(
        "Next:\n  cd {}\n  cargo koxide run -- cat /dev/{}\n  cargo koxide test",
        place.display(),
        name.snake
    ));
    Ok(())
}

/// Writes the template, the library and what ties them together.
fn fill(folder: &Path, name: &Name, options: &New) -> anyhow::Result<()> {
    let template = TEMPLATES
        .get_dir(options.class.stem())
        .expect("every class has a template");
    write(template, template.path(), folder, &|text| name.insert(text))?;
    for (place, source) in VENDORED {
        write(
            source,
            Path::new(""),
            &folder.join("vendor").join(place),
            &str::to_owned,
        )?;
    }
    std::fs::write(folder.join("vendor/Cargo.toml"), vendor_workspace()?)?;
    std::fs::write(folder.join("rust-toolchain.toml"), TOOLCHAIN)?;
    std::fs::create_dir(folder.join(".cargo"))?;
    std::fs::write(folder.join(".cargo/config.toml"), name.insert(CARGO_CONFIG))?;
    // The versions that this command was built with: whoever has built it has them, network or not.
    std::fs::write(folder.join("Cargo.lock"), LOCK)?;
    std::fs::write(folder.join("vendor/Cargo.lock"), LOCK)?;
    Ok(())
}

/// Writes a folder of the command's own, each text changed by `change`.
fn write(
    source: &Dir<'_>,
    base: &Path,
    target: &Path,
    change: &dyn Fn(&str) -> String,
) -> anyhow::Result<()> {
    for entry in source.entries() {
        let path = entry.path().strip_prefix(base)?;
        let place = target.join(change(&path.to_string_lossy()));
        match entry {
            DirEntry::Dir(dir) => write(dir, base, target, change)?,
            DirEntry::File(file) => {
                let text = file.contents_utf8().context("a template holds text only")?;
                std::fs::create_dir_all(place.parent().unwrap_or(target))?;
                std::fs::write(place, change(text))?;
            }
        }
    }
    Ok(())
}

/// The workspace of the vendored crates: that of the repository, with other members.
fn vendor_workspace() -> anyhow::Result<String> {
    let mut manifest: DocumentMut = WORKSPACE.parse()?;
    let workspace = manifest["workspace"]
        .as_table_mut()
        .context("the repository is a workspace")?;
    workspace["members"] =
        toml_edit::value(VENDORED.iter().map(|(place, _)| *place).collect::<Array>());
    if let Some(dependencies) = workspace["dependencies"].as_table_mut() {
        let vendored = |name: &str| VENDORED.iter().any(|(place, _)| *place == name);
        // What leads to the rest of the repository leads nowhere here.
        dependencies.retain(|name, value| vendored(name) || value.get("path").is_none());
        for (place, _) in VENDORED {
            if let Some(dependency) = dependencies.get_mut(place) {
                dependency["path"] = toml_edit::value(place);
            }
        }
    }
    manifest.remove("profile");
    Ok(manifest.to_string())
}

/// A temporary folder is its owner's alone; a package is as readable as any other.
fn readable(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let umask = nix::sys::stat::umask(nix::sys::stat::Mode::empty());
    nix::sys::stat::umask(umask);
    std::fs::set_permissions(
        folder,
        std::fs::Permissions::from_mode(0o777 & !umask.bits()),
    )
}

/// A driver's name in the spellings that a package has.
#[derive(Debug, PartialEq, Eq)]
struct Name {
    /// The module and the package.
    snake: String,
    /// The type.
    camel: String,
}

impl Name {
    /// Refuses what the kernel or Rust would refuse.
    fn parse(word: &str) -> anyhow::Result<Self> {
        let starts = word.starts_with(|c: char| c.is_ascii_lowercase());
        let consists = word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !starts || !consists || word.ends_with('_') || word.contains("__") {
            let proposal: String = word.to_lowercase().replace(['-', ' ', '.'], "_");
            let hint = if proposal != word {
                format!("; how about `{proposal}`?")
            } else {
                String::new()
            };
            let rule = "a driver's name is made of small letters, digits and single underscores, and begins with a letter";
            return Err(because(
                Exit::Usage,
                format!("`{word}` is no name for a driver: {rule}{hint}"),
            )
            .into());
        }
        if word.len() > 48 {
            return Err(because(
                Exit::Usage,
                format!("`{word}` is too long: the kernel takes 55 characters, files add some"),
            )
            .into());
        }
        if KEYWORDS.contains(&word) || VENDORED.iter().any(|(crate_name, _)| *crate_name == word) {
            return Err(because(
                Exit::Usage,
                format!("`{word}` means something else to Rust or Koxide: choose another name"),
            )
            .into());
        }
        let camel = word
            .split('_')
            .map(|part| part[..1].to_uppercase() + &part[1..])
            .collect();
        Ok(Self {
            snake: word.to_owned(),
            camel,
        })
    }

    /// Puts the name into a text of a template.
    fn insert(&self, text: &str) -> String {
        text.replace("driver_name", &self.snake)
            .replace("DriverName", &self.camel)
    }
}

/// Names that a Rust package cannot have, or that the driver's own dependencies have.
const KEYWORDS: [&str; 44] = [
    "as",
    "async",
    "await",
    "break",
    "const",
    "continue",
    "crate",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
    "core",
    "std",
    "kernel",
    "macros",
    "proc_macro",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_spellings() {
        let name = Name::parse("usb_mouse2").unwrap();
        assert_eq!(
            name,
            Name {
                snake: "usb_mouse2".to_owned(),
                camel: "UsbMouse2".to_owned()
            }
        );
        assert_eq!(
            name.insert("struct DriverName; // driver_name"),
            "struct UsbMouse2; // usb_mouse2"
        );
    }

    #[test]
    fn a_bad_name_is_refused_with_a_proposal() {
        let error = Name::parse("My-Driver").unwrap_err().to_string();
        assert!(error.contains("`my_driver`"), "{error}");
        for bad in [
            "", "9lives", "a__b", "_a", "a_", "fn", "kernel", "ü", "a/b", "../a",
        ] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_vendored_workspace_leads_nowhere_else() {
        let manifest = vendor_workspace().unwrap();
        assert!(
            !manifest.contains("host/") && !manifest.contains("kernel/"),
            "{manifest}"
        );
        assert!(manifest.contains("[workspace.lints"), "{manifest}");
    }
}
