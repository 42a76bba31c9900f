// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/yes`: endless lines of `y`, as yes(1) writes them.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod on_host;

use kernel::{
    chrdev::{Class, Minor, Node, Region, Registration},
    current,
    fs::{File, FileOperations, Kiocb},
    iov::IovIterDest,
    prelude::*,
    task::cond_resched,
};

module! {
    type: YesModule,
    name: "yes_chardev",
    authors: ["The Koxide authors"],
    description: "A character device that says yes for ever",
    license: "GPL",
}

/// What is said at once. Its length is even, so that it starts with `y` wherever it is repeated.
static PAGE: [u8; 4096] = lines();

/// `y` and a line's end, over and over.
const fn lines() -> [u8; 4096] {
    let mut page = [b'y'; 4096];
    let mut at = 1;
    while at < page.len() {
        page[at] = b'\n';
        at += 2;
    }
    page
}

/// What to say at a position of the file, at most `wanted` bytes: the rest of a page.
fn at_position(pos: i64, wanted: usize) -> &'static [u8] {
    let said = &PAGE[usize::from(pos & 1 == 1)..];
    &said[..said.len().min(wanted)]
}

struct YesModule {
    _device: Registration<()>,
}

impl kernel::Module for YesModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let region = Region::alloc(c"yes", 1)?;
        let class = Class::new(c"yes")?;
        let node = Node::new(c"yes").mode(0o444);
        Ok(Self {
            _device: Registration::new::<Yes>(&region, 0, &class, node, ())?,
        })
    }
}

/// An open file: all there is to know about it is its position, and that the kernel keeps.
struct Yes;

#[vtable]
impl FileOperations<Minor<()>> for Yes {
    type Ptr = ();

    fn open(_file: &File, _minor: &Minor<()>) -> Result<()> {
        Ok(())
    }

    fn read_iter(mut kiocb: Kiocb<'_, ()>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let wanted = iov.len();
        let mut read = 0;
        loop {
            let lines = at_position(kiocb.ki_pos(), wanted - read);
            let copied = iov.copy_to_iter(lines);
            read += copied;
            *kiocb.ki_pos_mut() = kiocb.ki_pos().wrapping_add_unsigned(copied as u64) & i64::MAX;
            if copied < lines.len() {
                return if read == 0 { Err(EFAULT) } else { Ok(read) };
            }
            // A read may be as large as 2 GB: it ends when the reader is to die, and lets others run.
            if read == wanted || current!().signal_pending() {
                return Ok(read);
            }
            cond_resched();
        }
    }
}

#[kunit_tests(yes_chardev)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_lines_of_y() {
        assert!(PAGE.chunks(2).all(|line| line == b"y\n"));
    }

    #[test]
    fn an_odd_position_is_within_a_line() {
        assert_eq!(at_position(0, 3), b"y\ny");
        assert_eq!(at_position(1, 3), b"\ny\n");
        assert_eq!(at_position(i64::MAX, 9000).len(), 4095);
        assert!(at_position(5, 0).is_empty());
    }

    #[test]
    fn a_reader_gets_memory_of_its_own() -> Result {
        let mut copy = KVec::with_capacity(PAGE.len(), GFP_KERNEL)?;
        copy.extend_from_slice(&PAGE, GFP_KERNEL)?;
        assert_eq!(copy.len(), 4096);
        Ok(())
    }
}
