// SPDX-License-Identifier: MIT OR Apache-2.0

//! Loads and unloads a module by a program with root's rights, which waits in between.
//!
//! That this is one program and not two has three reasons: sudo asks once, the module goes when this process is killed,
//! and Ctrl-C, which every program at the terminal gets, does not end it.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use koxide_process::Command;

use crate::Machine;

/// What loads, waits and unloads.
const KEEPER: &str = include_str!("keeper.sh");

/// How long unloading may take: the keeper tries for some seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a module was not loaded, or not unloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is one of that name.
    #[error(
        "a module {module} is loaded already, and another one is not loaded beside it: `{sudo}rmmod {module}` unloads that one"
    )]
    AlreadyLoaded {
        /// The module's name.
        module: String,
        /// `sudo `, where that is needed.
        sudo: &'static str,
    },
    /// The kernel, or sudo, said no.
    #[error("{module} was not loaded; what the kernel has to say is in `{sudo}dmesg`{}", indented(.said))]
    NotLoaded {
        /// The module's name.
        module: String,
        /// What the programs said.
        said: String,
        /// `sudo `, where that is needed.
        sudo: &'static str,
    },
    /// Something still uses it.
    #[error(
        "{module} is still loaded: end what uses it, then unload it with `{sudo}rmmod {module}`{}", indented(.said)
    )]
    NotUnloaded {
        /// The module's name.
        module: String,
        /// What the programs said.
        said: String,
        /// `sudo `, where that is needed.
        sudo: &'static str,
    },
    /// A program could not be run.
    #[error(transparent)]
    Process(#[from] koxide_process::Error),
}

/// What a program said, below the sentence that is about it.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("\n    {line}")).collect()
}

/// A module to load.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its name, as the kernel lists it.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its parameters, each `NAME=VALUE`.
    pub params: Vec<String>,
}

/// A module that is loaded on this machine until this value is gone.
#[derive(Debug)]
pub struct Loaded {
    module: String,
    sudo: &'static str,
    keeper: Option<Keeper>,
}

/// The program that waits.
#[derive(Debug)]
struct Keeper {
    child: Child,
    stderr: JoinHandle<String>,
}

/// Loads a module on this machine, and what it depends on. Where this process is not root's, sudo may ask at the
/// terminal.
///
/// # Errors
/// Any [`Error`] but [`Error::NotUnloaded`]; nothing is left loaded then.
pub fn load(module: &Module) -> Result<Loaded, Error> {
    let machine = Machine::default();
    let (mut command, sudo) = match machine.is_root() {
        true => (Command::new("sh"), ""),
        false => (Command::new("sudo"), "sudo "),
    };
    if machine.has(&module.name) {
        return Err(Error::AlreadyLoaded {
            module: module.name.clone(),
            sudo,
        });
    }
    if !sudo.is_empty() {
        command.args(["--", "sh"]);
    }
    command
        .args(["-c", KEEPER, "keeper"])
        .arg(&module.path)
        .arg(&module.name)
        .args(&module.params)
        .stdio(Stdio::piped(), Stdio::piped(), Stdio::piped());
    let mut child = command.spawn_at_terminal()?;
    let stdout = child.stdout.take().expect("it was piped");
    let stderr = said(child.stderr.take().expect("it was piped"));
    let mut first = String::new();
    // An end without a word is told by the status.
    let _ = BufReader::new(stdout).read_line(&mut first);
    let keeper = Keeper { child, stderr };
    if first.trim_end() != "loaded" {
        let (_, said) = keeper.end();
        return Err(Error::NotLoaded {
            module: module.name.clone(),
            said,
            sudo,
        });
    }
    Ok(Loaded {
        module: module.name.clone(),
        sudo,
        keeper: Some(keeper),
    })
}

impl Loaded {
    /// Unloads the module.
    ///
    /// # Errors
    /// [`Error::NotUnloaded`] when something uses it for longer than some seconds.
    pub fn unload(mut self) -> Result<(), Error> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(keeper) = self.keeper.take() else {
            return Ok(());
        };
        match keeper.end() {
            (Some(status), _) if status.success() => Ok(()),
            (_, said) => Err(Error::NotUnloaded {
                module: self.module.clone(),
                said,
                sudo: self.sudo,
            }),
        }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // Whoever wants to hear of a failure calls `unload`.
        let _ = self.end();
    }
}

impl Keeper {
    /// Lets it unload, and waits for that whether Ctrl-C comes or not; how it ended, and what it said.
    fn end(mut self) -> (Option<ExitStatus>, String) {
        drop(self.child.stdin.take());
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Ok(Some(status)) = self.child.try_wait() {
                return (Some(status), self.stderr.join().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        (None, "it takes too long".to_owned())
    }
}

/// What a program writes to its standard error, all of it.
fn said(mut stderr: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came until an error is what there is to show.
        let _ = stderr.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
