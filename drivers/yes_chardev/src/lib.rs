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

/// How much is said at once.
const SAID: usize = 4096;

/// One line more than that: an odd position starts within one.
static LINES: [[u8; 2]; SAID / 2 + 1] = [*b"y\n"; SAID / 2 + 1];

/// What to say at a position of the file.
fn at_position(pos: i64) -> &'static [u8] {
    &LINES.as_flattened()[usize::from(pos & 1 == 1)..][..SAID]
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
        loop {
            let pos = kiocb.ki_pos();
            let copied = iov.copy_to_iter(at_position(pos));
            *kiocb.ki_pos_mut() = pos.wrapping_add_unsigned(copied as u64);
            let read = wanted.saturating_sub(iov.len());
            // A read may be as large as 2 GB: it ends when the reader is to die, and lets others run.
            if iov.is_empty() || copied < SAID || current!().signal_pending() {
                return if read == 0 && wanted > 0 {
                    Err(EFAULT)
                } else {
                    Ok(read)
                };
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
        assert!(at_position(0).chunks(2).all(|line| line == b"y\n"));
    }

    #[test]
    fn an_odd_position_is_within_a_line() {
        assert!(at_position(2).starts_with(b"y\ny"));
        assert!(at_position(i64::MAX).starts_with(b"\ny\n"));
        assert!(at_position(1).ends_with(b"\ny"));
    }

    #[test]
    fn a_reader_gets_memory_of_its_own() -> Result {
        let mut copy = KVec::with_capacity(SAID, GFP_KERNEL)?;
        copy.extend_from_slice(at_position(0), GFP_KERNEL)?;
        assert_eq!(copy.len(), SAID);
        Ok(())
    }
}
