// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel that QEMU starts: the `vmlinux` inside of a distribution's `vmlinuz`.
//!
//! A `vmlinuz` unpacks itself in the guest, which takes emulation more than two seconds. Here the host unpacks it,
//! once: the result is kept in the cache, named by the content it came from.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use object::elf::FileHeader64;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, elf};
use sha2::{Digest, Sha256};

use crate::compression;
use crate::error::Error;

/// The note that says where to enter a kernel in the PVH way, the one in which QEMU can start a `vmlinux`.
const PVH_ENTRY: u32 = 18;

/// The file to boot for a `vmlinuz`: the `vmlinux` in the cache, or the image itself when it cannot be booted so.
pub(crate) fn bootable(image: &Path, cache: &Path) -> Result<PathBuf, Error> {
    let packed = fs::read(image).map_err(Error::file("read the kernel", image))?;
    let hash = Sha256::digest(&packed);
    let name: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
    let kept = cache.join("vmlinux").join(&name);
    if kept.exists() {
        return Ok(kept);
    }
    let problem = |problem: String| Error::Image {
        path: image.to_owned(),
        problem,
    };
    let vmlinux = if packed.starts_with(&elf::ELFMAG) {
        packed
    } else {
        let payload = payload(&packed).map_err(|text| problem(text.to_owned()))?;
        let vmlinux = compression::unpack(payload)
            .map_err(|error| problem(format!("its content does not unpack ({error})")))?;
        // Unpacked in the guest then: slower, but a kernel without that note boots.
        if has_pvh_entry(&vmlinux) != Some(true) {
            return Ok(image.to_owned());
        }
        vmlinux
    };
    if let Err(error) = keep(&vmlinux, &kept) {
        // In a cache that nothing can be written to, boots take longer, and that is all.
        tracing::debug!("{error}");
        return Ok(image.to_owned());
    }
    Ok(kept)
}

/// The packed kernel in a `vmlinuz`, where its header says: see Documentation/arch/x86/boot.rst.
fn payload(image: &[u8]) -> Result<&[u8], &'static str> {
    let u32_at = |offset: usize| {
        let bytes = image.get(offset..offset + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    if image.get(0x202..0x206) != Some(b"HdrS") {
        return Err("it has no boot header");
    }
    let sectors = match image[0x1f1] {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let offset = u32_at(0x248).ok_or("it is cut off")?;
    let length = u32_at(0x24c).ok_or("it is cut off")?;
    let start = (sectors + 1) * 512 + offset;
    image.get(start..start + length).ok_or("it is cut off")
}

fn has_pvh_entry(vmlinux: &[u8]) -> Option<bool> {
    let header = FileHeader64::<LittleEndian>::parse(vmlinux).ok()?;
    let endian = header.endian().ok()?;
    for segment in header.program_headers(endian, vmlinux).ok()? {
        let Some(mut notes) = segment.notes(endian, vmlinux).ok()? else {
            continue;
        };
        while let Some(note) = notes.next().ok()? {
            if note.name() == b"Xen" && note.n_type(endian).0 == PVH_ENTRY {
                return Some(true);
            }
        }
    }
    Some(false)
}

/// Writes a file that appears complete or not at all.
pub(crate) fn keep(bytes: &[u8], path: &Path) -> Result<(), Error> {
    let error = || Error::file("write", path);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(error())?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(error())?;
    file.write_all(bytes).map_err(error())?;
    file.persist(path).map_err(|e| error()(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 0x300];
        image[0x1f1] = 1;
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x248..0x24c].copy_from_slice(&16_u32.to_le_bytes());
        let length = u32::try_from(payload.len()).unwrap();
        image[0x24c..0x250].copy_from_slice(&length.to_le_bytes());
        image.resize(2 * 512 + 16, 0);
        image.extend_from_slice(payload);
        image
    }

    #[test]
    fn the_header_says_where_the_kernel_is() {
        assert_eq!(payload(&image(b"packed")), Ok(&b"packed"[..]));
        let mut cut = image(b"packed");
        cut.truncate(cut.len() - 1);
        assert_eq!(payload(&cut), Err("it is cut off"));
        assert_eq!(payload(b"text"), Err("it has no boot header"));
    }

    #[test]
    fn a_kernel_without_the_note_is_booted_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vmlinuz");
        fs::write(&path, image(b"neither packed nor a kernel")).unwrap();
        assert_eq!(bootable(&path, folder.path()).unwrap(), path);
    }

    #[test]
    fn a_file_that_is_no_kernel_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vmlinuz");
        fs::write(&path, b"text").unwrap();
        let message = bootable(&path, folder.path()).unwrap_err().to_string();
        assert!(message.contains("vmlinuz is no kernel image"), "{message}");
    }
}
