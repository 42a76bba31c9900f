// SPDX-License-Identifier: MIT OR Apache-2.0

//! A driver's twin: the same module written in C, to measure the one in Rust against and to test the tests with.
//!
//! `c/NAME.c` of a driver becomes `out/RELEASE/c/NAME.ko`. The kernel's own Kbuild makes it, by the same compiler and
//! with the same options as the C side of the driver, and it is stripped in the same way.

use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::{Job, Module, digest_for, finished, kbuild};
use crate::driver::Driver;
use crate::kernels::Kernel;
use crate::progress::Progress;
use crate::{cache, check, object};

/// Where a driver's twin is, when it has one.
///
/// # Errors
/// [`Error::NoTwin`] when there is a folder for it and no file of the module's name in it.
pub fn twin_source(driver: &Driver) -> Result<Option<PathBuf>> {
    let dir = driver.dir.join("c");
    if !dir.is_dir() {
        return Ok(None);
    }
    let path = dir.join(format!("{}.c", driver.module));
    match path.is_file() {
        true => Ok(Some(path)),
        false => Err(Error::NoTwin {
            driver: driver.package.clone(),
            path,
        }),
    }
}

/// Builds a driver's twin for `kernel`: `out/RELEASE/c/NAME.ko`; nothing when the driver has none.
///
/// # Errors
/// Any [`Error`]; the last good twin stays where it is.
pub fn twin(
    driver: &Driver,
    kernel: &Kernel,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Option<Module>> {
    let Some(source) = twin_source(driver)? else {
        return Ok(None);
    };
    let of = format!("the twin in C of {}", driver.package);
    in_c(&source, &of, kernel, out, progress).map(Some)
}

/// Builds a file in C, with the headers that are beside it, for `kernel`: `out/RELEASE/c/NAME.ko`.
///
/// What goes wrong is told with `of`, the words for what it is.
///
/// # Errors
/// Any [`Error`]; the last good module stays where it is.
pub fn in_c(
    source: &Path,
    of: &str,
    kernel: &Kernel,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Module> {
    let name = source.file_stem().unwrap_or_default().to_string_lossy();
    let folder = source.parent().unwrap_or(Path::new("."));
    let rules = rules(&name);
    let job = Job {
        name: &name,
        stem: &name,
        dir: &out.join(&kernel.release).join("c"),
        input: digest_for(kernel, &rules, object::hashes(folder)?),
        what: of.to_owned(),
        sources: Some(folder),
    };
    let fill = |work: &Path| {
        kbuild::copy_files(folder, work)?;
        cache::write_if_changed(&work.join("Kbuild"), rules.as_bytes())?;
        Ok(())
    };
    let check = |built: &Path| Ok(check::twin(built, kernel)?);
    let made = job.run(kernel, out, progress, fill, check)?;
    finished(made.path, &name, made.sha256, kernel, made.fresh)
}

/// The rules: what the C side of a driver is compiled with, too.
fn rules(name: &str) -> String {
    format!("obj-m := {name}.o\nccflags-y += -g0 -fmacro-prefix-map=$(KX_WORK)/=\n")
}
