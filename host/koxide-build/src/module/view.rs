// SPDX-License-Identifier: MIT OR Apache-2.0

//! A kernel's headers arranged so that make can use them wherever they were unpacked.
//!
//! Debian's headers are two folders: one has the configuration and a Makefile that includes the other's by an absolute
//! path below /usr/src. A view is a folder with links to the entries of both and a Makefile of its own. The headers'
//! makefiles ask for the real path of the folder that their Makefile is in, and that is the view: so the view's path is
//! the only one that must not have a space or a colon.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::cache;
use crate::kernels::store::digest;
use crate::kernels::{Kernel, resolve_in};
use crate::progress::Silent;

use super::error::{Error, Result};

/// Counts up when a view is laid out differently.
const FORMAT: u32 = 2;

/// A kernel's headers as make can use them.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// All that is laid out.
    pub(crate) dir: PathBuf,
    /// The folder in which the headers are.
    pub(crate) root: PathBuf,
    /// The folder for `make -C`.
    pub(crate) build: PathBuf,
    /// A folder with libelf, for objtool on machines that have none.
    pub(crate) libraries: Option<PathBuf>,
    /// A folder for what is found out about these headers on this machine.
    pub(crate) notes: PathBuf,
}

/// The view of a kernel's headers below `base`, a folder that make can work in; made when it is not there yet.
pub(crate) fn of(kernel: &Kernel, base: &Path) -> Result<View> {
    let headers = &kernel.headers;
    let key = key(&headers.root, &headers.build, base);
    let dir = base.join(format!("{}-{key}", kernel.release));
    let view = View {
        root: headers.root.clone(),
        build: dir.join("build"),
        libraries: Some(dir.join("lib")).filter(|_| headers.root != Path::new("/")),
        notes: base.join(format!("{}-{key}.notes", kernel.release)),
        dir,
    };
    let dir = &view.dir;
    cache::create_dir(&view.notes)?;
    if !is_current(dir, &headers.build) {
        make(kernel, base, dir)?;
    }
    Ok(view)
}

/// Tells views apart. What is in one says where it is itself, so that one that was moved along is another one.
fn key(root: &Path, build: &Path, base: &Path) -> String {
    let parts = [root, build, base].map(|path| path.display().to_string());
    digest(&format!("{FORMAT} {}", parts.join(" ")))
}

/// A view whose links lead nowhere is of headers that were removed and fetched again elsewhere.
fn is_current(dir: &Path, build: &Path) -> bool {
    let link = dir.join("build/include");
    link.exists() && fs::read_link(&link).is_ok_and(|to| to == build.join("include"))
}

fn make(kernel: &Kernel, base: &Path, dir: &Path) -> Result<()> {
    let _lock = cache::lock_file(&base.join("lock"), &Silent)?;
    let headers = &kernel.headers;
    let io = |path: &Path| {
        let path = path.to_owned();
        move |e| Error::Files(cache::Error::io("create", &path, e))
    };
    let scratch = tempfile::Builder::new()
        .prefix(".view-")
        .tempdir_in(base)
        .map_err(io(base))?;
    let new = scratch.path().join("view");
    let build = new.join("build");
    let makefile = headers.build.join("Makefile");
    let text = fs::read_to_string(&makefile).map_err(|e| cache::Error::io("read", &makefile, e))?;
    link_entries(&headers.build, &build)?;
    if let Some(included) = included(&text) {
        let common = included.parent().unwrap_or(Path::new("/"));
        let common = resolve_in(&headers.root, common)
            .filter(|dir| dir.join("Makefile").exists())
            .ok_or_else(|| Error::Headers {
                release: kernel.release.clone(),
                path: headers.build.clone(),
                why: format!(
                    "their Makefile includes {}, which is not there",
                    included.display()
                ),
            })?;
        link_entries(&common, &new.join("common"))?;
        let moved = dir.join("common/Makefile");
        let text = text.replace(
            &included.display().to_string(),
            &moved.display().to_string(),
        );
        let text = with_output(&text, &dir.join("build"));
        replace(&build.join("Makefile"), &text)?;
    } else {
        // The folder of the real Makefile is asked for, so a link to it would lead out of the view.
        replace(&build.join("Makefile"), &text)?;
    }
    // With vmlinux there, type information is made of it, with a tool that few machines have; nothing loads it.
    cache::remove(&build.join("vmlinux"))?;
    link_libraries(&headers.root, &new.join("lib"))?;
    cache::remove(dir)?;
    fs::rename(&new, dir).map_err(io(dir))
}

/// The Makefile that a makefile of one line includes.
fn included(makefile: &str) -> Option<PathBuf> {
    let line = makefile
        .lines()
        .find_map(|l| l.trim().strip_prefix("include "))?;
    let path = Path::new(line.trim());
    let is = path.is_absolute() && path.file_name() == Some("Makefile".as_ref());
    is.then(|| path.to_owned())
}

/// Headers since 7.0, and trees that were built apart from their source, say in the same file where they are.
fn with_output(makefile: &str, build: &Path) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((name, _)) if name.trim_end_matches([':', ' ']).ends_with("KBUILD_OUTPUT") => {
            format!("{name}={}\n", build.display())
        }
        _ => format!("{line}\n"),
    };
    makefile.lines().map(line).collect()
}

fn replace(file: &Path, text: &str) -> Result<()> {
    cache::remove(file)?;
    Ok(cache::write(file, text.as_bytes())?)
}

/// Links each entry of one folder into another.
fn link_entries(from: &Path, into: &Path) -> Result<()> {
    cache::create_dir(into)?;
    let entries = fs::read_dir(from).map_err(|e| cache::Error::io("read", from, e))?;
    for entry in entries.flatten() {
        let to = into.join(entry.file_name());
        symlink(entry.path(), &to).map_err(|e| cache::Error::io("create", &to, e))?;
    }
    Ok(())
}

/// Links what objtool needs besides the C library, when it was unpacked with the headers.
fn link_libraries(root: &Path, into: &Path) -> Result<()> {
    cache::create_dir(into)?;
    for dir in ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"] {
        let Some(file) = resolve_in(root, &Path::new(dir).join("libelf.so.1")) else {
            continue;
        };
        if root != Path::new("/") && file.is_file() {
            let to = into.join("libelf.so.1");
            symlink(&file, &to).map_err(|e| cache::Error::io("create", &to, e))?;
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_that_was_moved_is_not_used() {
        let key = |base: &str| key(Path::new("/r"), Path::new("/r/build"), Path::new(base));
        assert_ne!(key("/old/target/.views"), key("/new/target/.views"));
        assert_eq!(key("/old/target/.views"), key("/old/target/.views"));
    }

    #[test]
    fn the_included_makefile_is_found() {
        let debian = "include /usr/src/linux-headers-6.1.0-1-common/Makefile\n";
        let path = included(debian).unwrap();
        assert_eq!(
            path,
            Path::new("/usr/src/linux-headers-6.1.0-1-common/Makefile")
        );
        assert_eq!(
            included("VERSION = 6\ninclude $(srctree)/scripts/Makefile.compiler\n"),
            None
        );
    }

    #[test]
    fn the_output_folder_is_moved_too() {
        let tree = "export KBUILD_OUTPUT = /b\n";
        assert_eq!(
            with_output(tree, Path::new("/v")),
            "export KBUILD_OUTPUT =/v\n"
        );
        let debian = "KBUILD_OUTPUT=/usr/src/linux-headers-7\ninclude /v/common/Makefile\n";
        assert_eq!(
            with_output(debian, Path::new("/v/build")),
            "KBUILD_OUTPUT=/v/build\ninclude /v/common/Makefile\n"
        );
    }
}
