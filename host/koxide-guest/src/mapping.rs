// SPDX-License-Identifier: MIT OR Apache-2.0

//! Pages of a file in the memory of this process: `mmap(2)`.

use std::fs::File;

use crate::Errno;
use crate::sys::FilePages;

/// Pages of a file in the memory of this process, until this is dropped.
#[derive(Debug)]
pub struct Mapping(FilePages);

impl Mapping {
    /// Maps `count` pages of `file` from page number `first` on, shared, to read and to write.
    ///
    /// # Errors
    /// The errno that the driver returned.
    pub fn shared(file: &File, first: usize, count: usize) -> Result<Self, Errno> {
        FilePages::new(file, first, count, true).map(Self)
    }

    /// The same, but only to be read.
    ///
    /// # Errors
    /// The errno that the driver returned.
    pub fn read_only(file: &File, first: usize, count: usize) -> Result<Self, Errno> {
        FilePages::new(file, first, count, false).map(Self)
    }

    /// One byte. A page that is not there ends the process with `SIGBUS`.
    pub fn get(&self, at: usize) -> u8 {
        self.0.get(at)
    }

    /// Writes one byte, of a mapping that can be written.
    ///
    /// # Panics
    /// When it cannot.
    pub fn set(&mut self, at: usize, byte: u8) {
        self.0.set(at, byte);
    }

    /// Allows this process to write, too.
    ///
    /// # Errors
    /// The errno: `EACCES` when the driver forbids it for ever.
    pub fn allow_writing(&mut self) -> Result<(), Errno> {
        self.0.allow_writing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_this_test_can_be_mapped() {
        let program = File::open(std::env::current_exe().unwrap()).unwrap();
        let mapping = Mapping::read_only(&program, 0, 1).unwrap();
        assert_eq!([mapping.get(1), mapping.get(2), mapping.get(3)], *b"ELF");
    }
}
