// SPDX-License-Identifier: MIT OR Apache-2.0

//! `install`: the command for use outside of a checkout.
//!
//! In a checkout `cargo koxide` is an alias that runs the checkout's own command. Cargo warns when an alias has the
//! name of an installed subcommand, so what is installed is `cargo-kx`, and the same alias in the user's own cargo
//! configuration leads to it: the words are the same everywhere, and the checkout's alias wins inside of it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toml_edit::{DocumentMut, Item, Table};

use crate::ui::Ui;

/// What the alias stands for: cargo finds `cargo-kx` in its own folder of programs.
const ALIAS: &str = "kx";

/// Puts this very program into cargo's folder of programs, and sets the user's alias.
pub(crate) fn run(ui: &Ui) -> anyhow::Result<()> {
    let home = cargo_home()?;
    let program = home.join("bin").join(format!("cargo-{ALIAS}"));
    put_program(&program).with_context(|| format!("cannot install {}", program.display()))?;
    ui.status("Installed", program.display());
    let config = config_file(&home);
    if set_alias(&config)? {
        ui.status("Set", format!("the alias `koxide` in {}", config.display()));
    }
    ui.result(format!(
        "`cargo koxide` works everywhere now. To undo it, remove {} and the alias.",
        program.display()
    ));
    Ok(())
}

/// Copies this program, whole or not at all: another one may run what was there before.
fn put_program(place: &Path) -> anyhow::Result<()> {
    let folder = place.parent().context("it has no folder")?;
    std::fs::create_dir_all(folder)?;
    let copy = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::copy(std::env::current_exe()?, copy.path())?;
    copy.persist(place)?;
    Ok(())
}

/// The folder where cargo keeps its programs and the user's configuration.
fn cargo_home() -> anyhow::Result<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").filter(|value| !value.is_empty());
    let user = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    named
        .map(PathBuf::from)
        .or_else(user)
        .context("neither CARGO_HOME nor HOME is set: where does cargo keep its programs?")
}

/// The user's own cargo configuration.
fn config_file(home: &Path) -> PathBuf {
    let old = home.join("config");
    if old.is_file() {
        old
    } else {
        home.join("config.toml")
    }
}

/// Sets the alias unless it is set; returns whether something changed. All else in the file stays as it is.
fn set_alias(file: &Path) -> anyhow::Result<bool> {
    let what = || {
        format!(
            "cannot set the alias `koxide = \"{ALIAS}\"` in {}",
            file.display()
        )
    };
    let text = if file.exists() {
        std::fs::read_to_string(file).with_context(what)?
    } else {
        String::new()
    };
    let mut config: DocumentMut = text.parse().with_context(what)?;
    let aliases = config.entry("alias").or_insert(Item::Table(Table::new()));
    let aliases = aliases.as_table_like_mut().with_context(what)?;
    if aliases.contains_key("koxide") {
        return Ok(false);
    }
    aliases.insert("koxide", toml_edit::value(ALIAS));
    let folder = file.parent().with_context(what)?;
    let mut whole = tempfile::NamedTempFile::new_in(folder).with_context(what)?;
    std::io::Write::write_all(&mut whole, config.to_string().as_bytes()).with_context(what)?;
    whole.persist(file).with_context(what)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alias_is_set_once_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "# mine\n[net]\nretry = 3\n").unwrap();
        assert!(set_alias(&file).unwrap());
        assert!(!set_alias(&file).unwrap());
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(
            text,
            "# mine\n[net]\nretry = 3\n\n[alias]\nkoxide = \"kx\"\n"
        );
    }

    #[test]
    fn a_file_that_is_no_configuration_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "[net\n").unwrap();
        assert!(set_alias(&file).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "[net\n");
    }
}
