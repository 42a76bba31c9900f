// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel that QEMU starts: what is inside of a distribution's `vmlinuz`.
//!
//! A `vmlinuz` of x86 unpacks itself in the guest, which takes emulation more than two seconds. Here the host unpacks it,
//! once: the result is kept in the cache, named by the content it came from. On arm64 it is a plain image, or one that is
//! packed in a way that not every QEMU knows.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use object::elf::FileHeader64;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, elf};
use sha2::{Digest, Sha256};

use crate::arch::Arch;
use crate::compression;
use crate::error::Error;

/// The note that says where to enter a kernel in the PVH way, the one in which QEMU can start a `vmlinux`.
const PVH_ENTRY: u32 = 18;

/// The file to boot for a `vmlinuz`: its content in the cache, or the image itself when it cannot be booted so.
pub(crate) fn bootable(arch: Arch, image: &Path, cache: &Path) -> Result<PathBuf, Error> {
    let packed = fs::read(image).map_err(Error::file("read the kernel", image))?;
    let hash = Sha256::digest(&packed);
    let name: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
    let kept = cache.join("vmlinux").join(&name);
    if kept.exists() {
        return Ok(kept);
    }
    let content = match arch {
        Arch::X86_64 => x86_content(packed),
        Arch::Arm64 => arm64_content(&packed),
        Arch::Arm => arm_content(&packed),
    };
    let content = content.map_err(|problem| Error::Image {
        path: image.to_owned(),
        problem,
    })?;
    let Some(content) = content else {
        return Ok(image.to_owned());
    };
    if let Err(error) = keep(&content, &kept) {
        // In a cache that nothing can be written to, boots take longer, and that is all.
        tracing::debug!("{error}");
        return Ok(image.to_owned());
    }
    Ok(kept)
}

/// The `vmlinux`; none when the image is to be booted as it is.
fn x86_content(packed: Vec<u8>) -> Result<Option<Vec<u8>>, String> {
    if packed.starts_with(&elf::ELFMAG) {
        return Ok(Some(packed));
    }
    let vmlinux = unpack(payload(&packed)?)?;
    // Unpacked in the guest then: slower, but a kernel without that note boots.
    Ok((has_pvh_entry(&vmlinux) == Some(true)).then_some(vmlinux))
}

/// The plain image, in what firmware of the UEFI kind unpacks or a boot loader; none when it is one.
/// See Documentation/arch/arm64/booting.rst and the header in drivers/firmware/efi/libstub/zboot-header.S.
fn arm64_content(image: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let is_plain = |bytes: &[u8]| bytes.get(0x38..0x3c) == Some(b"ARM\x64");
    if is_plain(image) {
        return Ok(None);
    }
    let payload = if image.get(4..8) == Some(b"zimg") {
        slice(image, u32_at(image, 8), u32_at(image, 12))?
    } else {
        image
    };
    let plain = unpack(payload)?;
    if !is_plain(&plain) {
        return Err("it is no kernel for arm64".to_owned());
    }
    Ok(Some(plain))
}

/// None: a `zImage` unpacks itself.
fn arm_content(image: &[u8]) -> Result<Option<Vec<u8>>, String> {
    const MAGIC: usize = 0x016f_2818;
    match u32_at(image, 0x24) {
        Some(MAGIC) => Ok(None),
        _ => Err("it is no zImage for arm".to_owned()),
    }
}

fn unpack(payload: &[u8]) -> Result<Vec<u8>, String> {
    let unpacked = compression::unpack(payload);
    unpacked.map_err(|error| format!("its content does not unpack ({error})"))
}

fn u32_at(image: &[u8], offset: usize) -> Option<usize> {
    let (bytes, _) = image.get(offset..)?.split_first_chunk()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

fn slice(image: &[u8], start: Option<usize>, length: Option<usize>) -> Result<&[u8], &'static str> {
    let found = start
        .zip(length)
        .and_then(|(start, length)| image.get(start..start.checked_add(length)?));
    found.ok_or("it is cut off")
}

/// The packed kernel in a `vmlinuz`, where its header says: see Documentation/arch/x86/boot.rst.
fn payload(image: &[u8]) -> Result<&[u8], &'static str> {
    if image.get(0x202..0x206) != Some(b"HdrS") {
        return Err("it has no boot header");
    }
    let sectors = match image[0x1f1] {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = u32_at(image, 0x248).map(|offset| (sectors + 1) * 512 + offset);
    slice(image, start, u32_at(image, 0x24c))
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
        assert_eq!(bootable(Arch::X86_64, &path, folder.path()).unwrap(), path);
    }

    #[test]
    fn a_file_that_is_no_kernel_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vmlinuz");
        fs::write(&path, b"text").unwrap();
        for arch in [Arch::X86_64, Arch::Arm64, Arch::Arm] {
            let message = bootable(arch, &path, folder.path())
                .unwrap_err()
                .to_string();
            assert!(message.contains("vmlinuz is no kernel image"), "{message}");
        }
    }

    #[test]
    fn an_image_of_arm64_is_booted_as_it_is_or_unpacked() {
        let mut plain = vec![0; 0x38];
        plain.extend(b"ARM\x64 and the rest");
        assert_eq!(arm64_content(&plain), Ok(None));
        let packed = zstd::encode_all(&plain[..], 1).unwrap();
        assert_eq!(arm64_content(&packed), Ok(Some(plain.clone())));
        let mut efi = b"MZ\0\0zimg".to_vec();
        efi.extend(16_u32.to_le_bytes());
        efi.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        efi.extend(packed);
        assert_eq!(arm64_content(&efi), Ok(Some(plain)));
        efi.truncate(efi.len() - 1);
        assert_eq!(arm64_content(&efi), Err("it is cut off".to_owned()));
    }

    #[test]
    fn a_zimage_is_known_by_its_number() {
        let mut image = vec![0; 0x24];
        image.extend([0x18, 0x28, 0x6f, 0x01]);
        assert_eq!(arm_content(&image), Ok(None));
        assert!(arm_content(&image[..0x26]).is_err());
    }
}
