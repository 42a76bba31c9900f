// SPDX-License-Identifier: MIT OR Apache-2.0

//! `doctor`: what this machine has, what is missing, and how to install it.

use console::style;
use koxide_process::{Command, find};

use crate::cli::Doctor;
use crate::exit::{Exit, because};
use crate::kernels::Matrix;
use crate::needs::{Manager, Need, Remedy};
use crate::ui::Ui;

/// Shows what is there; with `--install`, brings what is not.
pub(crate) fn run(options: &Doctor, ui: &Ui) -> anyhow::Result<()> {
    let needs = needs(options)?;
    let mut missing = look(&needs, ui);
    if missing.is_empty() {
        ui.result("Everything is there.");
        return Ok(());
    }
    let remedy = Remedy::new(&missing, Manager::of_this_machine());
    if options.install {
        install(&remedy, ui)?;
        missing = look(&needs, ui);
        if missing.is_empty() {
            ui.result("Everything is there.");
            return Ok(());
        }
    }
    let lines = Remedy::new(&missing, Manager::of_this_machine())
        .lines()
        .join("\n  ");
    Err(because(
        Exit::Missing,
        format!("missing: {}\nTo install:\n  {lines}", names(&missing)),
    )
    .into())
}

/// What is needed for what the command line asks for.
fn needs(options: &Doctor) -> anyhow::Result<Vec<Need>> {
    let mut needs = Need::all();
    needs.extend(options.arch.iter().flat_map(|arch| Need::of(*arch)));
    if options.matrix {
        let matrix = Matrix::here()?;
        let unknown = |need: &Need| !needs.contains(need);
        let more: Vec<Need> = matrix
            .arches()
            .into_iter()
            .flat_map(Need::of)
            .chain([Need::Unshare])
            .filter(unknown)
            .collect();
        needs.extend(more);
    }
    Ok(needs)
}

/// Prints each need with where it is or what for it is missed, and returns the missing ones.
fn look(needs: &[Need], ui: &Ui) -> Vec<Need> {
    let mut missing = Vec::new();
    for need in needs {
        let name = need.to_string();
        match need.found() {
            Some(place) => ui.result(format!("{} {name:38} {place}", style("  found").green())),
            None => {
                ui.result(format!(
                    "{} {name:38} {}",
                    style("missing").red().bold(),
                    need.purpose()
                ));
                missing.push(need.clone());
            }
        }
    }
    for need in Need::optional() {
        if needs.contains(&need) {
            continue;
        }
        let name = need.to_string();
        match need.found() {
            Some(place) => ui.result(format!("{} {name:38} {place}", style("  found").green())),
            None => ui.result(format!(
                "{} {name:38} {}",
                style(" absent").dim(),
                need.purpose()
            )),
        }
    }
    missing
}

fn names(needs: &[Need]) -> String {
    needs
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Runs the commands of a remedy: the distribution's with root, rustup's as this user.
fn install(remedy: &Remedy, ui: &Ui) -> anyhow::Result<()> {
    if let Some(words) = &remedy.packages {
        let words = with_root(words)?;
        if let Some(refresh) = refresh(&words) {
            announce_and_run(&refresh, ui)?;
        }
        announce_and_run(&words, ui)?;
    }
    // Without it there is nothing to bring its parts with; the second look says so.
    if find("rustup").is_some() {
        for words in &remedy.rustup {
            announce_and_run(words, ui)?;
        }
    }
    Ok(())
}

/// A package list that is missing or old makes apt fail to find packages: it is refreshed first.
fn refresh(install: &[String]) -> Option<Vec<String>> {
    let at = install.iter().position(|word| word == "apt-get")?;
    Some(
        install[..=at]
            .iter()
            .cloned()
            .chain(["update".to_owned()])
            .collect(),
    )
}

/// Puts `sudo` before a command that needs root, unless this is root.
fn with_root(words: &[String]) -> anyhow::Result<Vec<String>> {
    if nix::unistd::geteuid().is_root() {
        return Ok(words.to_vec());
    }
    if find("sudo").is_none() {
        return Err(because(
            Exit::Missing,
            format!(
                "installing packages needs root, and there is no sudo. As root, type:\n  {}",
                words.join(" ")
            ),
        )
        .into());
    }
    Ok(std::iter::once("sudo".to_owned())
        .chain(words.iter().cloned())
        .collect())
}

fn announce_and_run(words: &[String], ui: &Ui) -> anyhow::Result<()> {
    ui.status("Running", words.join(" "));
    Ok(Command::new(&words[0])
        .args(&words[1..])
        .run_in_terminal()?)
}
