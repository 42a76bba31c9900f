// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files that are not written everywhere: where their data and holes are.

use std::fs::File;

use nix::unistd::{Whence, lseek64};

use crate::Errno;

/// Moves a file to the next data at or after a position: `SEEK_DATA`.
///
/// # Errors
/// The errno that the kernel returned: `ENXIO` when only a hole follows, or nothing.
pub fn next_data(file: &File, from: i64) -> Result<i64, Errno> {
    Ok(lseek64(file, from, Whence::SeekData)?)
}

/// Moves a file to the next hole at or after a position: `SEEK_HOLE`. At the end of each file is one.
///
/// # Errors
/// The errno that the kernel returned: `ENXIO` when the position is at the end, or after it.
pub fn next_hole(file: &File, from: i64) -> Result<i64, Errno> {
    Ok(lseek64(file, from, Whence::SeekHole)?)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn every_file_ends_with_a_hole() {
        let path = std::env::temp_dir().join(format!("koxide-holes-{}", std::process::id()));
        let mut file = File::create(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.write_all(b"data").unwrap();
        assert_eq!((next_data(&file, 1), next_hole(&file, 1)), (Ok(1), Ok(4)));
        assert_eq!(next_data(&file, 4), Err(Errno::ENXIO));
        assert_eq!(next_hole(&file, 4), Err(Errno::ENXIO));
    }
}
