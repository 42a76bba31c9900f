// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which release a kernel's image is of: its header says so on x86; elsewhere it is in the text that the kernel prints first.

use std::fs;
use std::io::{Read, Take};
use std::path::Path;

use liblzma::read::XzDecoder;
use liblzma::stream::Stream;
use memchr::memmem;

/// How the text begins that a kernel prints first; its release follows.
const BANNER: &[u8] = b"Linux version ";

/// More than any kernel takes.
const LARGEST: u64 = 256 << 20;

/// How much memory the content may be unpacked with.
const MEMORY: u64 = 128 << 20;

/// How many places of an image may look like the start of its content without being it.
const FALSE_STARTS: usize = 4;

/// The release that an image is of; none where it cannot be told, as of a file that is no image.
pub(crate) fn release(image: &Path) -> Option<String> {
    let mut file = fs::File::open(image).ok()?.take(LARGEST);
    let mut bytes = read_up_to(&mut file, 1 << 16);
    if bytes.get(0x202..0x206) == Some(b"HdrS") {
        return of_x86(&bytes);
    }
    file.read_to_end(&mut bytes).ok()?;
    // A zImage of arm unpacks itself, and so its content is behind its code. See arch/arm/boot/compressed/head.S.
    if bytes.get(0x24..0x28) == Some(&0x016f_2818_u32.to_le_bytes()) {
        return Packing::ALL
            .iter()
            .find_map(|packing| packing.inside(&bytes));
    }
    // Firmware of the UEFI kind unpacks it. See drivers/firmware/efi/libstub/zboot-header.S.
    if bytes.get(4..8) == Some(b"zimg") {
        let start = u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?);
        let content = bytes.get(usize::try_from(start).ok()?..)?;
        return unpacked(content).or_else(|| banner(content));
    }
    // An image of arm64 is the kernel itself, or that packed for a boot loader.
    unpacked(&bytes).or_else(|| banner(&bytes))
}

fn read_up_to(file: &mut Take<fs::File>, length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A file that cannot be read has nothing in it.
    let _ = file.by_ref().take(length).read_to_end(&mut bytes);
    bytes
}

/// The release in the header of an image for x86. See Documentation/arch/x86/boot.rst.
fn of_x86(bytes: &[u8]) -> Option<String> {
    const START: usize = 0x200;
    const VERSION: usize = 0x20e;
    let at = bytes.get(VERSION..VERSION + 2)?;
    let at = usize::from(u16::from_le_bytes([at[0], at[1]])) + START;
    leading(bytes.get(at..)?)
}

/// The release that a text begins with.
fn leading(text: &[u8]) -> Option<String> {
    let word = text.split(|byte| *byte == b' ' || *byte == 0).next()?;
    let word = std::str::from_utf8(word).ok()?;
    word.starts_with(|c: char| c.is_ascii_digit())
        .then(|| word.to_owned())
}

/// The release in what an unpacked kernel prints.
fn banner(kernel: &[u8]) -> Option<String> {
    memmem::find_iter(kernel, BANNER).find_map(|at| leading(&kernel[at + BANNER.len()..]))
}

/// The release of the kernel that `bytes` begin with, packed.
fn unpacked(bytes: &[u8]) -> Option<String> {
    let packing = Packing::ALL.iter();
    packing
        .filter(|packing| bytes.starts_with(packing.start()))
        .find_map(|packing| banner(&packing.unpack(bytes)))
}

/// How a kernel is packed.
#[derive(Debug, Clone, Copy)]
enum Packing {
    Xz,
    Gzip,
    Zstd,
    Lzma,
}

impl Packing {
    /// Those whose first bytes are rarely something else come first.
    const ALL: [Self; 4] = [Self::Xz, Self::Gzip, Self::Zstd, Self::Lzma];

    /// The first bytes.
    fn start(self) -> &'static [u8] {
        match self {
            Self::Xz => b"\xfd7zXZ\0",
            Self::Gzip => b"\x1f\x8b\x08",
            Self::Zstd => b"\x28\xb5\x2f\xfd",
            Self::Lzma => b"\x5d\0\0",
        }
    }

    /// As much as can be unpacked; what follows is ignored.
    fn unpack(self, bytes: &[u8]) -> Vec<u8> {
        let decoder: Box<dyn Read + '_> = match self {
            Self::Xz => Box::new(XzDecoder::new(bytes)),
            Self::Gzip => Box::new(flate2::read::GzDecoder::new(bytes)),
            Self::Zstd => match zstd::Decoder::new(bytes) {
                Ok(decoder) => Box::new(decoder.single_frame()),
                Err(_) => return Vec::new(),
            },
            Self::Lzma => match Stream::new_lzma_decoder(MEMORY) {
                Ok(stream) => Box::new(XzDecoder::new_stream(bytes, stream)),
                Err(_) => return Vec::new(),
            },
        };
        let mut unpacked = Vec::new();
        // What is damaged further on still says what it is.
        let _ = decoder.take(LARGEST).read_to_end(&mut unpacked);
        unpacked
    }

    /// The release of a kernel that is packed like this somewhere in an image.
    fn inside(self, image: &[u8]) -> Option<String> {
        memmem::find_iter(image, self.start())
            .take(FALSE_STARTS)
            .find_map(|at| banner(&self.unpack(&image[at..])))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const RELEASE: &str = "6.1.0-9-arm64";

    /// A kernel with its first text amid other bytes, and one before it that is like it.
    fn kernel() -> Vec<u8> {
        let mut kernel = vec![0x4c; 0x38];
        kernel.extend(b"ARM\x64 Linux version %s\0");
        kernel.resize(100_000, b'L');
        kernel.extend(format!("Linux version {RELEASE} (builder) #1 SMP\n\0").bytes());
        kernel
    }

    fn packed() -> Vec<(Packing, Vec<u8>)> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&kernel()).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(&kernel()).unwrap();
        let options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
        let lzma = Stream::new_lzma_encoder(&options).unwrap();
        let mut lzma = liblzma::write::XzEncoder::new_stream(Vec::new(), lzma);
        lzma.write_all(&kernel()).unwrap();
        vec![
            (Packing::Xz, xz.finish().unwrap()),
            (Packing::Gzip, gzip.finish().unwrap()),
            (Packing::Zstd, zstd::encode_all(&kernel()[..], 1).unwrap()),
            (Packing::Lzma, lzma.finish().unwrap()),
        ]
    }

    fn read(bytes: &[u8]) -> Option<String> {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("vmlinuz");
        fs::write(&file, bytes).unwrap();
        release(&file)
    }

    #[test]
    fn images_say_their_release_however_they_are_packed() {
        let wanted = Some(RELEASE.to_owned());
        assert_eq!(read(&kernel()), wanted);
        for (packing, mut content) in packed() {
            assert!(content.starts_with(packing.start()), "{packing:?}");
            content.extend(100_042_u32.to_le_bytes());
            assert_eq!(read(&content), wanted, "{packing:?}");
            let mut efi = b"MZ\0\0zimg".to_vec();
            efi.extend(16_u32.to_le_bytes());
            efi.extend([0; 4]);
            efi.extend(&content);
            assert_eq!(read(&efi), wanted, "{packing:?} for UEFI");
            let mut zimage = vec![0; 0x24];
            zimage.extend([0x18, 0x28, 0x6f, 0x01]);
            // Code that knows how a packed kernel begins.
            zimage.extend(packing.start());
            zimage.resize(0x1000, 0);
            zimage.extend(&content);
            assert_eq!(read(&zimage), wanted, "{packing:?} in a zImage");
        }
    }

    #[test]
    fn what_says_nothing_is_of_no_release() {
        let mut zimage = vec![0; 0x24];
        zimage.extend([0x18, 0x28, 0x6f, 0x01]);
        zimage.extend(kernel());
        for bytes in [&b""[..], b"no image", b"MZ\0\0zimg", &zimage] {
            assert_eq!(read(bytes), None);
        }
        assert_eq!(release(Path::new("/no/such/image")), None);
    }
}
