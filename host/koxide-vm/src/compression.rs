// SPDX-License-Identifier: MIT OR Apache-2.0

//! Unpacks what kernels and modules are packed with, told by its first bytes.

use std::io::{self, Read};

/// How something is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Xz,
    Zstd,
    /// LZ4's old format, which the kernel's build uses.
    Lz4,
    Lzma,
    None,
}

impl Compression {
    /// Tells the compression from the first bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0x02, 0x21, 0x4c, 0x18, ..] => Self::Lz4,
            [0x5d, 0, 0, ..] => Self::Lzma,
            _ => Self::None,
        }
    }
}

/// Unpacks the first packed stream in `bytes`; what follows it is ignored, as the kernel's build appends a size.
pub(crate) fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    match Compression::of(bytes) {
        Compression::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut unpacked),
        Compression::Xz => liblzma::read::XzDecoder::new(bytes).read_to_end(&mut unpacked),
        Compression::Zstd => zstd::Decoder::new(bytes)?
            .single_frame()
            .read_to_end(&mut unpacked),
        Compression::Lzma => {
            let stream = liblzma::stream::Stream::new_lzma_decoder(u64::MAX)?;
            liblzma::read::XzDecoder::new_stream(bytes, stream).read_to_end(&mut unpacked)
        }
        Compression::Lz4 => return lz4(bytes),
        Compression::None => return Ok(bytes.to_vec()),
    }?;
    Ok(unpacked)
}

/// Blocks, each after its size, of at most 8 MiB each when unpacked.
fn lz4(bytes: &[u8]) -> io::Result<Vec<u8>> {
    const BLOCK: usize = 8 << 20;
    let mut unpacked = Vec::new();
    let mut rest = &bytes[4..];
    let mut buffer = vec![0; BLOCK];
    while let Some((size, after)) = rest.split_first_chunk() {
        let size = u32::from_le_bytes(*size) as usize;
        // The last thing is the size of the whole, not of a block.
        let Some(block) = after.get(..size).filter(|_| size > 0) else {
            break;
        };
        let length =
            lz4_flex::block::decompress_into(block, &mut buffer).map_err(io::Error::other)?;
        unpacked.extend_from_slice(&buffer[..length]);
        rest = &after[size..];
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn text() -> Vec<u8> {
        (0..100_000_u32)
            .flat_map(|n| (n / 7).to_le_bytes())
            .collect()
    }

    fn comes_back(mut packed: Vec<u8>, compression: Compression) {
        packed.extend(400_000_u32.to_le_bytes());
        assert_eq!(Compression::of(&packed), compression);
        assert!(unpack(&packed).unwrap() == text(), "{compression:?}");
    }

    #[test]
    fn everything_comes_back_with_a_size_behind_it() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text()).unwrap();
        comes_back(gzip.finish().unwrap(), Compression::Gzip);
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(&text()).unwrap();
        comes_back(xz.finish().unwrap(), Compression::Xz);
        comes_back(zstd::encode_all(&text()[..], 1).unwrap(), Compression::Zstd);
        let mut lz4 = vec![0x02, 0x21, 0x4c, 0x18];
        let block = lz4_flex::block::compress(&text());
        lz4.extend(u32::try_from(block.len()).unwrap().to_le_bytes());
        lz4.extend(block);
        comes_back(lz4, Compression::Lz4);
    }

    #[test]
    fn a_truncated_stream_is_an_error() {
        let packed = zstd::encode_all(&text()[..], 1).unwrap();
        assert!(unpack(&packed[..packed.len() / 2]).is_err());
    }
}
