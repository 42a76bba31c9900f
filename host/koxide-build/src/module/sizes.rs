// SPDX-License-Identifier: MIT OR Apache-2.0

//! Asks a kernel's headers how large its objects are, to know which object of a driver is for it.
//!
//! The answer is in an object that the kernel's own compiler makes of `probe/rooms.c` with the kernel's own options, as
//! the kernel's build finds out what its assembly has to know.

use std::fs;
use std::path::Path;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use serde::{Deserialize, Serialize};

use crate::kernels::Kernel;
use crate::kernels::store::digest;
use crate::object::Variant;
use crate::object::variant::Rooms;
use crate::progress::Progress;
use crate::{cache, check};

use super::error::{Error, Result};
use super::tools::Tools;
use super::view::{self, View};
use super::{compiler, kbuild, make_command, place};

/// What the symbols of the probe begin with; the names of the rooms follow.
const PREFIX: &str = "kx_size_";

/// What was found out, and about what.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    input: String,
    sizes: String,
}

/// Which object of a driver is for `kernel`: the one for stock kernels, if its rooms are large enough.
///
/// `abi` is the folder of the package `koxide-abi`; `out` is where modules go, and what was found out about a kernel.
///
/// # Errors
/// Any [`Error`].
pub fn variant(
    abi: &Path,
    kernel: &Kernel,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Variant> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|e| Error::from(cache::Error::io("read", path, e)))
    };
    let reserved = reserved(&read(&abi.join("include/koxide.h"))?);
    let probe = read(&abi.join("probe/rooms.c"))?;
    let view = view::of(kernel, &place::plain(&out.join(".views"))?)?;
    let config = fs::read_to_string(view.build.join("include/config/auto.conf"));
    let tools = compiler::choose(kernel, &view, progress)?;
    let input = digest(&format!(
        "{}\n{probe}\n{}",
        tools.compiler,
        config.unwrap_or_default()
    ));
    let note = view.notes.join("sizes.json");
    let sizes = match known(&note, &input) {
        Some(sizes) => sizes,
        None => {
            progress.stage(&format!("asking for the sizes of {}", kernel.release));
            let sizes = ask(kernel, &view, &tools, &probe)?;
            let known = Note {
                input,
                sizes: sizes.to_string(),
            };
            let known = serde_json::to_vec(&known).expect("a note is plain data");
            cache::write(&note, &known)?;
            sizes
        }
    };
    let mut rooms = Rooms::larger(&sizes, &reserved);
    Ok(Variant {
        arch: kernel.arch,
        pages: rooms.take_pages(),
        rooms,
        kasan: check::kasan(kernel)?,
        values: false,
    })
}

fn known(note: &Path, input: &str) -> Option<Rooms> {
    let note: Note = serde_json::from_slice(&fs::read(note).ok()?).ok()?;
    (note.input == input).then(|| Rooms::parse(&note.sizes))?
}

/// The rooms of the object for stock kernels, as the header of the shims has them.
fn reserved(header: &str) -> Rooms {
    let room = |line: &str| {
        let (name, size) = line.strip_prefix("#define KX_")?.split_once(' ')?;
        (name.ends_with("_ROOM") || name == "PAGE_SHIFT")
            .then_some((name.to_owned(), size.parse().ok()?))
    };
    header.lines().filter_map(room).collect()
}

/// Compiles the probe, and reads the sizes from what comes of it.
fn ask(kernel: &Kernel, view: &View, tools: &Tools, probe: &str) -> Result<Rooms> {
    let work = tempfile::Builder::new()
        .prefix("sizes-")
        .tempdir_in(&view.notes)
        .map_err(|e| cache::Error::io("create a folder in", &view.notes, e))?;
    cache::write(&work.path().join("rooms.c"), probe.as_bytes())?;
    cache::write(&work.path().join("Kbuild"), b"obj-m := rooms.o\n")?;
    let mut make = make_command(kernel, view, work.path(), tools);
    make.arg("rooms.o").output().map_err(|error| match error {
        koxide_process::Error::Failed { stderr, .. } => {
            kbuild::fault("the question for its sizes", &kernel.release, &stderr)
        }
        other => other.into(),
    })?;
    let object = work.path().join("rooms.o");
    let bytes = fs::read(&object).map_err(|e| cache::Error::io("read", &object, e))?;
    sizes(&bytes).ok_or_else(|| Error::Headers {
        release: kernel.release.clone(),
        path: kernel.headers.build.clone(),
        why: "what the compiler made of a file of constants has no constants".to_owned(),
    })
}

/// The constants in an object; none at all is no answer.
fn sizes(object: &[u8]) -> Option<Rooms> {
    let file = object::File::parse(object).ok()?;
    let size = |symbol: object::Symbol<'_, '_>| {
        let name = symbol.name().ok()?.strip_prefix(PREFIX)?;
        let section = file.section_by_index(symbol.section_index()?).ok()?;
        let data = section.data_range(symbol.address(), symbol.size()).ok()??;
        let mut number = [0; 8];
        number.get_mut(..data.len())?.copy_from_slice(data);
        Some((name.to_owned(), u64::from_le_bytes(number)))
    };
    let sizes: Rooms = file.symbols().filter_map(size).collect();
    (!sizes.is_empty()).then_some(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_what_is_reserved() {
        let header = "#ifndef KX_MUTEX_ROOM\n#define KX_MUTEX_ROOM 32\n#endif\n#define KX_OTHER 7\n#define KX_X_ROOM y\n";
        assert_eq!(reserved(header).to_string(), "MUTEX_ROOM=32");
    }

    #[test]
    fn an_object_without_sizes_is_no_answer() {
        assert!(sizes(b"").is_none());
    }
}
