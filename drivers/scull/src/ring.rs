// SPDX-License-Identifier: GPL-2.0-only

//! Bytes that come out in the order in which they went in.

use kernel::prelude::*;

/// A buffer whose end is followed by its start.
pub(crate) struct Ring {
    bytes: KVVec<u8>,
    start: usize,
    length: usize,
}

impl Ring {
    /// The largest one.
    const LARGEST: usize = 1 << 20;

    /// An empty one.
    pub(crate) fn new(size: usize) -> Result<Self> {
        if !(1..=Self::LARGEST).contains(&size) {
            return Err(EINVAL);
        }
        Ok(Self {
            bytes: KVVec::zeroed(size, GFP_KERNEL)?,
            start: 0,
            length: 0,
        })
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether nothing more fits.
    pub(crate) fn is_full(&self) -> bool {
        self.length == self.size()
    }

    /// How many bytes fit.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes are in it.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The oldest bytes, as far as they are in one piece.
    pub(crate) fn oldest(&self) -> &[u8] {
        let bytes = self.bytes.get(self.start..).unwrap_or_default();
        &bytes[..self.length.min(bytes.len())]
    }

    /// Says that so many of the [`oldest`](Self::oldest) bytes were taken out.
    pub(crate) fn took(&mut self, count: usize) {
        self.length = self.length.saturating_sub(count);
        self.start = match self.start.checked_add(count) {
            Some(start) if start < self.bytes.len() => start,
            _ => 0,
        };
    }

    /// The room for the newest bytes, as far as it is in one piece.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let free = self.bytes.len().saturating_sub(self.length);
        // The bytes end before the buffer does, or go on at its start.
        let end = match self.start.checked_sub(free) {
            Some(end) => end,
            None => self.start.saturating_add(self.length),
        };
        let bytes = self.bytes.get_mut(end..).unwrap_or_default();
        let count = free.min(bytes.len());
        &mut bytes[..count]
    }

    /// Says that so many bytes were put in.
    pub(crate) fn put(&mut self, count: usize) {
        self.length = self.length.saturating_add(count).min(self.bytes.len());
    }
}

#[kunit_tests(ring)]
mod tests {
    use super::*;

    fn put(ring: &mut Ring, bytes: &[u8]) -> usize {
        let mut done = 0;
        while done < bytes.len() && !ring.is_full() {
            let room = ring.room();
            let count = room.len().min(bytes.len() - done);
            room[..count].copy_from_slice(&bytes[done..done + count]);
            ring.put(count);
            done += count;
        }
        done
    }

    #[test]
    fn what_goes_in_comes_out_in_its_order() -> Result {
        let mut ring = Ring::new(5)?;
        let mut next_in = 0_u8;
        let mut next_out = 0_u8;
        for round in 0..100 {
            while !ring.is_full() {
                assert_eq!(put(&mut ring, &[next_in]), 1);
                next_in = next_in.wrapping_add(1);
            }
            for _ in 0..round % 6 {
                assert_eq!(ring.oldest()[0], next_out);
                ring.took(1);
                next_out = next_out.wrapping_add(1);
            }
        }
        Ok(())
    }

    #[test]
    fn no_more_goes_in_than_there_is_room_for() -> Result {
        let mut ring = Ring::new(5)?;
        assert!(ring.is_empty() && ring.oldest().is_empty());
        assert_eq!(put(&mut ring, b"abc"), 3);
        ring.took(2);
        assert_eq!(put(&mut ring, b"defghi"), 4);
        assert!(ring.is_full() && ring.room().is_empty());
        assert_eq!(ring.oldest(), b"cde");
        ring.took(3);
        assert_eq!(ring.oldest(), b"fg");
        ring.took(100);
        assert!(ring.is_empty());
        Ok(())
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        assert_eq!(Ring::new(0).err(), Some(EINVAL));
        assert_eq!(Ring::new(1 << 21).err(), Some(EINVAL));
    }
}
