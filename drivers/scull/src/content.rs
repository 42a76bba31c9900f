// SPDX-License-Identifier: GPL-2.0-only

//! What is in a memory device: quanta, which are allocated when something is written to them, in sets.

use kernel::prelude::*;

/// How memory is allocated, and how much.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The bytes of a quantum, which is allocated as one.
    quantum: usize,
    /// How many quanta a set has, which one table finds.
    qset: usize,
    /// How many bytes of memory a device may use: tables and quanta.
    quota: usize,
}

impl Shape {
    /// The largest quantum, and the largest set.
    const LARGEST: usize = 1 << 20;

    /// A shape, if it is one.
    pub(crate) fn new(quantum: usize, qset: usize, quota: usize) -> Result<Self> {
        let sizes = 1..=Self::LARGEST;
        if sizes.contains(&quantum) && sizes.contains(&qset) {
            Ok(Self {
                quantum,
                qset,
                quota,
            })
        } else {
            Err(EINVAL)
        }
    }

    /// Where a position is.
    fn place(self, position: i64) -> Place {
        let position = position.unsigned_abs();
        let in_set = self.quantum as u64 * self.qset as u64;
        let rest = position % in_set;
        Place {
            set: position / in_set,
            // Both are less than what was given as a `usize`.
            quantum: (rest / self.quantum as u64) as usize,
            offset: (rest % self.quantum as u64) as usize,
        }
    }

    /// The memory of a set's table.
    fn table(self) -> usize {
        self.qset * size_of::<Quantum>()
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

/// What is in a device.
pub(crate) struct Content {
    shape: Shape,
    /// In the order of their numbers; most are missing.
    sets: KVec<Set>,
    size: i64,
    used: usize,
}

impl Content {
    /// Nothing.
    pub(crate) const fn new(shape: Shape) -> Self {
        Self {
            shape,
            sets: KVec::new(),
            size: 0,
            used: 0,
        }
    }

    /// Where the end is.
    pub(crate) const fn size(&self) -> i64 {
        self.size
    }

    /// How many bytes of memory are used.
    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    /// Forgets everything.
    pub(crate) fn trim(&mut self) {
        *self = Self::new(self.shape);
    }

    /// A set's index, or that at which it is missing.
    fn find(&self, number: u64) -> Result<usize, usize> {
        self.sets.binary_search_by_key(&number, |set| set.number)
    }

    /// What is at a position, up to the end of its quantum; nothing at the end.
    pub(crate) fn at(&self, position: i64) -> Option<Piece<'_>> {
        let left = usize::try_from(self.size.checked_sub(position)?).ok()?;
        if left == 0 {
            return None;
        }
        let place = self.shape.place(position);
        let length = left.min(self.shape.quantum - place.offset);
        let set = self.find(place.set).ok().map(|at| &self.sets[at]);
        Some(
            match set.and_then(|set| set.quanta[place.quantum].as_ref()) {
                Some(bytes) => Piece::Data(&bytes[place.offset..place.offset + length]),
                None => Piece::Hole(length),
            },
        )
    }

    /// Room for a write at a position, up to the end of its quantum.
    pub(crate) fn room_at(&mut self, position: i64) -> Result<&mut [u8]> {
        let place = self.shape.place(position);
        let at = match self.find(place.set) {
            Ok(at) => at,
            Err(at) => {
                self.add_set(at, place.set)?;
                at
            }
        };
        let quantum = &mut self.sets[at].quanta[place.quantum];
        let bytes = match quantum {
            Some(bytes) => bytes,
            None => {
                let used = allowed(self.used, self.shape.quantum, self.shape.quota)?;
                let bytes = quantum.insert(KVVec::zeroed(self.shape.quantum, GFP_KERNEL)?);
                self.used = used;
                bytes
            }
        };
        Ok(&mut bytes[place.offset..])
    }

    /// Adds a set without quanta.
    fn add_set(&mut self, at: usize, number: u64) -> Result {
        let used = allowed(self.used, self.shape.table(), self.shape.quota)?;
        let mut quanta = KVVec::with_capacity(self.shape.qset, GFP_KERNEL)?;
        for _ in 0..self.shape.qset {
            quanta.push(None, GFP_KERNEL)?;
        }
        self.sets.reserve(1, GFP_KERNEL)?;
        let set = Set { number, quanta };
        self.sets
            .insert_within_capacity(at, set)
            .map_err(|_| ENOMEM)?;
        self.used = used;
        Ok(())
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
            let length = match piece {
                Piece::Data(_) if !hole => return Ok(position),
                Piece::Hole(_) if hole => return Ok(position),
                Piece::Data(bytes) => bytes.len(),
                Piece::Hole(length) => self.missing_at(position).unwrap_or(length),
            };
            position = position.saturating_add_unsigned(length as u64);
        }
        if hole { Ok(self.size) } else { Err(ENXIO) }
    }

    /// How many bytes there are up to the next set, where there is none.
    fn missing_at(&self, position: i64) -> Option<usize> {
        let missing = self.find(self.shape.place(position).set).err()?;
        let in_set = self.shape.quantum as u64 * self.shape.qset as u64;
        let next = match self.sets.get(missing) {
            Some(set) => i64::try_from(set.number * in_set).ok()?,
            None => self.size,
        };
        usize::try_from(next - position).ok()
    }
}

/// What is used when so much more is.
fn allowed(used: usize, more: usize, quota: usize) -> Result<usize> {
    match used.checked_add(more) {
        Some(sum) if sum <= quota => Ok(sum),
        _ => Err(ENOSPC),
    }
}

#[kunit_tests(content)]
mod tests {
    use super::*;

    fn content() -> Result<Content> {
        Ok(Content::new(Shape::new(10, 3, 500)?))
    }

    fn write(content: &mut Content, position: i64, byte: u8) -> Result {
        content.room_at(position)?[0] = byte;
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
        assert_eq!(content.at(0), None);
        write(&mut content, 95, 7)?;
        assert_eq!(content.size(), 96);
        assert_eq!(content.at(3), Some(Piece::Hole(7)));
        assert_eq!(content.at(90), Some(Piece::Data(&[0, 0, 0, 0, 0, 7])));
        assert_eq!(content.at(96), None);
        assert_eq!(content.at(i64::MAX), None);
        write(&mut content, 3, 8)?;
        assert_eq!(content.at(3), Some(Piece::Data(&[8, 0, 0, 0, 0, 0, 0])));
        assert_eq!(content.size(), 96);
        content.trim();
        assert_eq!((content.size(), content.used()), (0, 0));
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
        assert!(written > 3 && content.used() <= 500);
        assert_eq!(content.size(), (written - 1) * 10 + 1);
        // What is there can be written again.
        write(&mut content, 0, 2)
    }

    #[test]
    fn data_and_holes_are_found() -> Result {
        let mut content = content()?;
        write(&mut content, 1_000_000_000_000, 1)?;
        write(&mut content, 15, 1)?;
        assert_eq!(content.next(0, true), Ok(0));
        assert_eq!(content.next(0, false), Ok(10));
        assert_eq!(content.next(12, true), Ok(20));
        assert_eq!(content.next(20, false), Ok(1_000_000_000_000));
        let size = content.size();
        assert_eq!(content.next(size - 1, true), Ok(size));
        assert_eq!(content.next(size, false), Err(ENXIO));
        assert_eq!(content.next(size, true), Err(ENXIO));
        Ok(())
    }
}
