// SPDX-License-Identifier: MIT OR Apache-2.0

//! Loading and unloading kernel modules.

use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use nix::kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module};

use crate::Errno;
use crate::protocol::paths;

/// A module that this test loaded; it is unloaded on drop.
#[derive(Debug)]
pub struct Module {
    name: Option<String>,
}

impl Module {
    /// Loads the module `name`, after those that it depends on, with parameters as `insmod` takes them.
    ///
    /// # Errors
    /// The errno that the kernel or the module's init returned; `ENOENT` when the machine has no such module.
    pub fn load(name: &str, params: &str) -> Result<Self, Errno> {
        for dependency in dependencies(name) {
            match insert(&dependency, "") {
                Ok(()) | Err(Errno::EEXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
        insert(name, params)?;
        Ok(Self {
            name: Some(name.to_owned()),
        })
    }

    /// Unloads the module.
    ///
    /// # Errors
    /// The errno, `EWOULDBLOCK` for a module in use, with the module itself, which stays loaded.
    pub fn unload(mut self) -> Result<(), (Self, Errno)> {
        let name = self.name.take().expect("only unload and drop take it");
        match remove(&name) {
            Ok(()) => Ok(()),
            Err(errno) => {
                self.name = Some(name);
                Err((self, errno))
            }
        }
    }

    /// Leaves the module loaded.
    pub fn keep(mut self) {
        self.name = None;
    }

    /// Whether a module of this name is loaded.
    pub fn is_loaded(name: &str) -> bool {
        // What is built into the kernel may have a folder there, but has no state.
        PathBuf::from("/sys/module")
            .join(underscored(name))
            .join("initstate")
            .exists()
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        if let Err(errno) = remove(&name)
            && !std::thread::panicking()
        {
            panic!("the module {name} could not be unloaded: {errno}");
        }
    }
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

/// What `name` depends on, in the order of loading, as the machine's builder found it.
fn dependencies(name: &str) -> Vec<String> {
    let Ok(order) = fs::read_to_string(paths::MODULE_ORDER) else {
        return Vec::new();
    };
    order
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(module, _)| module.trim_start_matches('*') == name)
        .map(|(_, rest)| rest.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default()
}

fn insert(name: &str, params: &str) -> Result<(), Errno> {
    let path = PathBuf::from(paths::MODULES).join(format!("{name}.ko"));
    let file = File::open(&path).map_err(|error| errno_of(&error))?;
    let params = CString::new(params).map_err(|_| Errno::EINVAL)?;
    Ok(finit_module(&file, &params, ModuleInitFlags::empty())?)
}

/// Unloads the module `name`.
///
/// # Errors
/// The errno that the kernel returned.
pub fn remove(name: &str) -> Result<(), Errno> {
    let name = CString::new(underscored(name)).map_err(|_| Errno::EINVAL)?;
    Ok(delete_module(&name, DeleteModuleFlags::O_NONBLOCK)?)
}

fn errno_of(error: &io::Error) -> Errno {
    Errno::of(error).unwrap_or(Errno::EIO)
}
