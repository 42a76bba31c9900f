// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is kept of a kernel that was built: its image, and what modules are built against, laid out as Debian's packages
//! lay out theirs. One reader serves both then.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use walkdir::WalkDir;

use crate::cache;
use crate::kernels::error::Result;
use crate::progress::Progress;

/// What is kept of the tree.
const OF_SOURCE: [&str; 5] = [
    "Makefile",
    "arch/x86/Makefile",
    "arch/x86/include",
    "include",
    "scripts",
];

/// What is kept of make's output.
const OF_OBJECTS: [&str; 7] = [
    ".config",
    "Module.symvers",
    "arch/x86/include/generated",
    "include/config",
    "include/generated",
    "scripts",
    "tools/objtool/objtool",
];

/// Lays a kernel out below `root`, which is made anew.
pub(crate) fn kernel(
    work: &Path,
    release: &str,
    root: &Path,
    progress: &dyn Progress,
) -> Result<()> {
    progress.stage("keeping what is needed of the kernel");
    let (source, objects) = (work.join("source"), work.join("objects"));
    cache::remove(root)?;
    let headers = format!("usr/src/linux-headers-{release}");
    let common = format!("{headers}-common");
    for path in OF_SOURCE {
        copy(&source.join(path), &root.join(&common).join(path))?;
    }
    for path in OF_OBJECTS {
        copy(&objects.join(path), &root.join(&headers).join(path))?;
    }
    let makefile = format!("include /{common}/Makefile\n");
    cache::write(&root.join(&headers).join("Makefile"), makefile.as_bytes())?;
    let modules = root.join("lib/modules").join(release);
    // All of it is built in.
    cache::create_dir(&modules.join("kernel"))?;
    copy(
        &objects.join("modules.builtin"),
        &modules.join("modules.builtin"),
    )?;
    let build = modules.join("build");
    symlink(format!("/{headers}"), &build).map_err(|e| cache::Error::io("create", &build, e))?;
    // Not the unpacked image, which can only be started the PVH way: KASAN's own checks fault there, before their memory
    // is mapped.
    let image = root.join(format!("boot/vmlinuz-{release}"));
    copy(&objects.join("arch/x86/boot/bzImage"), &image)
}

/// Copies a file, or a folder without what only make's next run would read.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(|e| cache::Error::io("read", from, e.into()))?;
        let is_work = entry.depth() > 0 && is_work(entry.path());
        if !entry.file_type().is_file() || is_work {
            continue;
        }
        let rest = entry.path().strip_prefix(from).unwrap_or(Path::new(""));
        let place = if rest == Path::new("") {
            to.to_owned()
        } else {
            to.join(rest)
        };
        if let Some(dir) = place.parent() {
            cache::create_dir(dir)?;
        }
        fs::copy(entry.path(), &place).map_err(|e| cache::Error::io("write", &place, e))?;
    }
    Ok(())
}

/// Objects, and the lists of what each was made of.
fn is_work(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ends = [".o", ".a", ".cmd", ".d"];
    ends.iter().any(|end| name.ends_with(end))
}
