// SPDX-License-Identifier: MIT OR Apache-2.0

//! `new`: a driver package that stands alone. The library travels with it, under `vendor/`: whoever has the package
//! and the command builds it, with plain cargo and rust-analyzer too, and no path leads out of the folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use include_dir::{Dir, include_dir};

use crate::cli::New;
use crate::exit::{Exit, because};
use crate::library::{self, write};
use crate::ui::Ui;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// What lets plain cargo compile the library's unstable features.
const CARGO_CONFIG: &str = r#"# The library has unstable features of the compiler, which plain cargo and rust-analyzer refuse without this. Only the crates
# that are named here may have them.
[env]
RUSTC_BOOTSTRAP = "kernel,driver_name"
"#;

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
    library::unpack(&folder.join("vendor"))?;
    std::fs::write(folder.join("rust-toolchain.toml"), library::TOOLCHAIN)?;
    std::fs::create_dir(folder.join(".cargo"))?;
    std::fs::write(folder.join(".cargo/config.toml"), name.insert(CARGO_CONFIG))?;
    std::fs::write(folder.join("Cargo.lock"), library::LOCK)?;
    Ok(())
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
        if KEYWORDS.contains(&word)
            || library::CRATES
                .iter()
                .any(|(crate_name, _)| *crate_name == word)
        {
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
}
