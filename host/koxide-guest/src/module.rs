// SPDX-License-Identifier: MIT OR Apache-2.0

//! Loading and unloading kernel modules.

use std::env;
use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use nix::kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module};

use crate::Errno;
use crate::protocol::{TWINS, paths};

/// A module that this test loaded; it is unloaded on drop.
#[derive(Debug)]
pub struct Module {
    /// The name that the kernel knows it by; none once it is not this value's any more.
    name: Option<String>,
}

impl Module {
    /// Loads the module `name`, after those that it depends on, with parameters as `insmod` takes them.
    ///
    /// `c/NAME` is the twin in C of the module `NAME`, where the machine has it. In a test that is run for the twins, `NAME`
    /// is the twin, too.
    ///
    /// # Errors
    /// The errno that the kernel or the module's init returned; `ENOENT` when the machine has no such module.
    pub fn load(name: &str, params: &str) -> Result<Self, Errno> {
        let all = Known::all();
        let file = match env::var_os(TWINS) {
            Some(_) => twin_of(name, &all),
            None => name.to_owned(),
        };
        let known = all.into_iter().find(|known| known.file == file);
        let known = known.unwrap_or_else(|| Known {
            name: underscored(name),
            ..Known::default()
        });
        for dependency in &known.needs {
            match insert(dependency, "") {
                Ok(()) | Err(Errno::EEXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
        insert(&file, params)?;
        Ok(Self {
            name: Some(known.name),
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

/// What is loaded under a name in a test of the twins: never by accident the module itself, but the kernel's own as ever.
fn twin_of(name: &str, all: &[Known]) -> String {
    let tested = all
        .iter()
        .any(|known| known.file == name && known.under_test);
    let folder = paths::TWINS;
    match tested {
        true => format!("{folder}/{name}"),
        false => name.to_owned(),
    }
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

/// What the machine's builder found out about a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    file: String,
    name: String,
    needs: Vec<String>,
    under_test: bool,
}

impl Known {
    fn parse(line: &str) -> Option<Self> {
        let (names, needs) = line.split_once(':')?;
        let (file, name) = names.split_once(' ')?;
        Some(Self {
            file: file.trim_start_matches('*').to_owned(),
            name: name.to_owned(),
            needs: needs.split_whitespace().map(str::to_owned).collect(),
            under_test: file.starts_with('*'),
        })
    }

    fn all() -> Vec<Self> {
        let list = fs::read_to_string(paths::MODULE_ORDER).unwrap_or_default();
        list.lines().filter_map(Self::parse).collect()
    }
}

/// The names of the modules under test, as the kernel knows them.
#[doc(hidden)]
pub fn under_test() -> Vec<String> {
    let tested = Known::all().into_iter().filter(|known| known.under_test);
    let mut names: Vec<String> = tested.map(|known| known.name).collect();
    names.sort();
    names.dedup();
    names
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_order_is_understood() {
        let known = Known::parse("*hello-kunit hello: usbcore input").unwrap();
        assert_eq!((&*known.file, &*known.name), ("hello-kunit", "hello"));
        assert_eq!(known.needs, ["usbcore", "input"]);
        assert!(known.under_test);
        let known = Known::parse("input input: ").unwrap();
        assert!(known.needs.is_empty() && !known.under_test);
    }

    #[test]
    fn a_test_of_the_twins_gets_no_module_under_test() {
        let lines = [
            "*toy toy: input",
            "*toy-faults toy: ",
            "*c/toy toy: ",
            "input input: ",
        ];
        let all: Vec<Known> = lines.iter().filter_map(|line| Known::parse(line)).collect();
        assert_eq!(twin_of("toy", &all), "c/toy");
        // It has none: loading it fails, and so does the test.
        assert_eq!(twin_of("toy-faults", &all), "c/toy-faults");
        for other in ["input", "nothing"] {
            assert_eq!(twin_of(other, &all), other);
        }
    }
}
