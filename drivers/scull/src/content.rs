// SPDX-License-Identifier: GPL-2.0-only

//! What is in a memory device: quanta, which are allocated when something is written to them, in sets.

use core::num::NonZero;

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};

/// How memory is allocated, and how much.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The bytes of a quantum, which is allocated as one.
    quantum: NonZero<u64>,
    /// How many quanta a set has, which one table finds.
    qset: NonZero<u64>,
    /// How many bytes of memory a device may use: tables and quanta.
    quota: usize,
}

impl Shape {
    /// The largest quantum, and the largest set.
    const LARGEST: u64 = 1 << 20;

    /// A shape, if it is one.
    pub(crate) fn new(quantum: usize, qset: usize, quota: usize) -> Result<Self> {
        let size = |size: usize| match NonZero::new(size as u64) {
            Some(size) if size.get() <= Self::LARGEST => Ok(size),
            _ => Err(EINVAL),
        };
        Ok(Self {
            quantum: size(quantum)?,
            qset: size(qset)?,
            quota,
        })
    }

    /// Where a position is.
    fn place(self, position: i64) -> Place {
        let position = position.unsigned_abs();
        let number = position / self.quantum;
        Place {
            set: number / self.qset,
            // Both are less than what was given as a `usize`.
            quantum: (number % self.qset) as usize,
            offset: (position % self.quantum) as usize,
        }
    }

    /// The memory of a set's table.
    fn table(self) -> usize {
        size_of::<Quantum>().saturating_mul(self.qset.get() as usize)
    }
}

/// Where a position is.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// In which set.
    set: u64,
    /// In which of its quanta.
    quantum: usize,
    /// Where in that.
    offset: usize,
}

/// A quantum, if anything was ever written to it.
type Quantum = Option<KVVec<u8>>;

/// Quanta that follow each other.
struct Set {
    number: u64,
    quanta: KVVec<Quantum>,
}

/// A part of what is in a device.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// These bytes.
    Data(&'a [u8]),
    /// So many zeros that nobody wrote.
    Hole(usize),
}

/// What is in a device. How much memory that is, is counted outside.
pub(crate) struct Content {
    shape: Shape,
    /// In the order of their numbers; most are missing.
    sets: KVVec<Set>,
    size: i64,
}

impl Content {
    /// Nothing.
    pub(crate) const fn new(shape: Shape) -> Self {
        Self {
            shape,
            sets: KVVec::new(),
            size: 0,
        }
    }

    /// Where the end is.
    pub(crate) const fn size(&self) -> i64 {
        self.size
    }

    /// Forgets everything.
    pub(crate) fn trim(&mut self, used: &Atomic<usize>) {
        *self = Self::new(self.shape);
        used.store(0, Relaxed);
    }

    /// A set's index, or that at which it is missing.
    fn find(&self, number: u64) -> Result<usize, usize> {
        self.sets.binary_search_by_key(&number, |set| set.number)
    }

    /// What is at a position, up to the end of its quantum; nothing at the end.
    pub(crate) fn at(&self, position: i64) -> Option<Piece<'_>> {
        let left = u64::try_from(self.size.checked_sub(position)?).ok()?;
        // More than a 32-bit machine counts: no piece is that long.
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        if left == 0 {
            return None;
        }
        let place = self.shape.place(position);
        let set = self.find(place.set).ok().and_then(|at| self.sets.get(at));
        let quantum = set.and_then(|set| set.quanta.get(place.quantum)?.as_ref());
        let room = self.shape.quantum.get() as usize - place.offset;
        Some(match quantum.and_then(|bytes| bytes.get(place.offset..)) {
            Some(bytes) => Piece::Data(&bytes[..left.min(bytes.len())]),
            None => Piece::Hole(left.min(room)),
        })
    }

    /// Room for a write at a position, up to the end of its quantum.
    pub(crate) fn room_at(&mut self, position: i64, used: &Atomic<usize>) -> Result<&mut [u8]> {
        let place = self.shape.place(position);
        let at = match self.find(place.set) {
            Ok(at)
                if self
                    .quantum(at, &place)
                    .is_some_and(|quantum| quantum.is_some()) =>
            {
                at
            }
            found => self.add_quantum(found, &place, used)?,
        };
        let quantum = self.quantum(at, &place).and_then(Option::as_mut);
        let room = quantum.and_then(|bytes| bytes.get_mut(place.offset..));
        room.ok_or(ENOMEM)
    }

    /// A quantum's place in its set.
    fn quantum(&mut self, at: usize, place: &Place) -> Option<&mut Quantum> {
        self.sets.get_mut(at)?.quanta.get_mut(place.quantum)
    }

    /// Adds a quantum, and its set, if [`find`](Self::find) found none; says where the set is.
    #[cold]
    fn add_quantum(
        &mut self,
        found: Result<usize, usize>,
        place: &Place,
        used: &Atomic<usize>,
    ) -> Result<usize> {
        let at = match found {
            Ok(at) => at,
            Err(at) => {
                self.add_set(at, place.set, used)?;
                at
            }
        };
        let size = self.shape.quantum.get() as usize;
        let sum = self.allowed(used, size)?;
        let bytes = KVVec::zeroed(size, GFP_KERNEL)?;
        used.store(sum, Relaxed);
        if let Some(quantum) = self.quantum(at, place) {
            *quantum = Some(bytes);
        }
        Ok(at)
    }

    /// Adds a set without quanta.
    fn add_set(&mut self, at: usize, number: u64, used: &Atomic<usize>) -> Result {
        let sum = self.allowed(used, self.shape.table())?;
        self.sets.reserve(1, GFP_KERNEL)?;
        // All zeroes are `None`.
        let quanta = KVVec::zeroed(self.shape.qset.get() as usize, GFP_KERNEL)?;
        let set = Set { number, quanta };
        self.sets
            .insert_within_capacity(at, set)
            .map_err(|_| ENOMEM)?;
        used.store(sum, Relaxed);
        Ok(())
    }

    /// What is used when so much more is.
    fn allowed(&self, used: &Atomic<usize>, more: usize) -> Result<usize> {
        match used.load(Relaxed).checked_add(more) {
            Some(sum) if sum <= self.shape.quota => Ok(sum),
            _ => Err(ENOSPC),
        }
    }

    /// Says that there was a write up to a position.
    pub(crate) fn wrote_up_to(&mut self, end: i64) {
        self.size = self.size.max(end);
    }

    /// The next position from `position` on that is in a hole, or in none; the end counts as a hole.
    pub(crate) fn next(&self, position: i64, hole: bool) -> Result<i64> {
        if position >= self.size {
            return Err(ENXIO);
        }
        let mut position = position;
        while let Some(piece) = self.at(position) {
            position = match piece {
                Piece::Data(_) if !hole => return Ok(position),
                Piece::Hole(_) if hole => return Ok(position),
                Piece::Data(bytes) => position.saturating_add_unsigned(bytes.len() as u64),
                Piece::Hole(length) => self
                    .next_set(position)
                    .unwrap_or(position.saturating_add_unsigned(length as u64)),
            };
        }
        if hole { Ok(self.size) } else { Err(ENXIO) }
    }

    /// Where the next set begins, or the end, if there is no set at a position.
    fn next_set(&self, position: i64) -> Option<i64> {
        let missing = self.find(self.shape.place(position).set).err()?;
        let in_set = self.shape.quantum.saturating_mul(self.shape.qset);
        match self.sets.get(missing) {
            Some(set) => i64::try_from(set.number.saturating_mul(in_set.get())).ok(),
            None => Some(self.size),
        }
    }
}

#[kunit_tests(content)]
mod tests {
    use super::*;

    /// A content, and what it uses.
    fn content() -> Result<(Content, Atomic<usize>)> {
        Ok((Content::new(Shape::new(10, 3, 500)?), Atomic::new(0)))
    }

    fn write((content, used): &mut (Content, Atomic<usize>), position: i64, byte: u8) -> Result {
        content.room_at(position, used)?[0] = byte;
        content.wrote_up_to(position + 1);
        Ok(())
    }

    #[test]
    fn shapes_that_are_none_are_refused() {
        assert_eq!(Shape::new(0, 1, 1).err(), Some(EINVAL));
        assert_eq!(Shape::new(1, 0, 1).err(), Some(EINVAL));
        assert_eq!(Shape::new(1 << 21, 1, 1).err(), Some(EINVAL));
    }

    #[test]
    fn a_position_has_a_place() -> Result {
        let shape = Shape::new(10, 3, 500)?;
        let place = |set, quantum, offset| Place {
            set,
            quantum,
            offset,
        };
        assert_eq!(shape.place(0), place(0, 0, 0));
        assert_eq!(shape.place(29), place(0, 2, 9));
        assert_eq!(shape.place(30), place(1, 0, 0));
        assert_eq!(shape.place(i64::MAX).set, i64::MAX.unsigned_abs() / 30);
        Ok(())
    }

    #[test]
    fn what_nobody_wrote_is_a_hole() -> Result {
        let mut content = content()?;
        assert_eq!(content.0.at(0), None);
        write(&mut content, 95, 7)?;
        assert_eq!(content.0.size(), 96);
        assert_eq!(content.0.at(3), Some(Piece::Hole(7)));
        assert_eq!(content.0.at(90), Some(Piece::Data(&[0, 0, 0, 0, 0, 7])));
        assert_eq!(content.0.at(96), None);
        assert_eq!(content.0.at(i64::MAX), None);
        write(&mut content, 3, 8)?;
        assert_eq!(content.0.at(3), Some(Piece::Data(&[8, 0, 0, 0, 0, 0, 0])));
        assert_eq!(content.0.size(), 96);
        content.0.trim(&content.1);
        assert_eq!((content.0.size(), content.1.load(Relaxed)), (0, 0));
        Ok(())
    }

    #[test]
    fn a_quota_ends_a_write() -> Result {
        let mut content = content()?;
        let mut written = 0;
        let full = loop {
            match write(&mut content, written * 10, 1) {
                Ok(()) => written += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(full, ENOSPC);
        assert!(written > 3 && content.1.load(Relaxed) <= 500);
        assert_eq!(content.0.size(), (written - 1) * 10 + 1);
        // What is there can be written again.
        write(&mut content, 0, 2)
    }

    #[test]
    fn data_and_holes_are_found() -> Result {
        let mut content = content()?;
        write(&mut content, 1_000_000_000_000, 1)?;
        write(&mut content, 15, 1)?;
        assert_eq!(content.0.next(0, true), Ok(0));
        assert_eq!(content.0.next(0, false), Ok(10));
        assert_eq!(content.0.next(12, true), Ok(20));
        assert_eq!(content.0.next(20, false), Ok(1_000_000_000_000));
        let size = content.0.size();
        assert_eq!(content.0.next(size - 1, true), Ok(size));
        assert_eq!(content.0.next(size, false), Err(ENXIO));
        assert_eq!(content.0.next(size, true), Err(ENXIO));
        Ok(())
    }
}
