// SPDX-License-Identifier: GPL-2.0-only

//! The table of a module: host/koxide-build/kbuild/place.awk makes it. It has no addresses, and none of its parts is looked at
//! before something panics.

use super::arch::KEPT;

/// What the table begins with. The functions follow, the landings, and the shapes.
#[repr(C)]
pub(super) struct Header {
    /// Where `kx_raise` is, in bytes from the start of the code.
    raise: u32,
    functions: u16,
    landings: u16,
}

/// A function; they are sorted.
#[repr(C)]
struct Function {
    /// Where it is, in bytes from the start of the code, and in the upper eight bits which shape its frame has.
    place: u32,
    /// Its length in bytes.
    len: u16,
    /// How many landings it has: those behind the landings of the functions before.
    landings: u16,
}

impl Function {
    fn start(&self) -> usize {
        (self.place & 0xff_ffff) as usize
    }
}

/// What is run when one of some calls panics; all in bytes from the function's start.
#[repr(C)]
struct Landing {
    /// Where the calls are.
    begin: u16,
    /// How many bytes of them there are, and two bits.
    len: u16,
    /// Where the code is.
    pad: u16,
}

/// The panic ends there.
const CATCHES: u16 = 1 << 15;
/// It ends a call for a device.
const FOR_DEVICE: u16 = 1 << 14;
/// It ends a call for the module.
const FOR_MODULE: u16 = 1 << 13;
/// It does not end there, and may not pass: something is being dropped already, or the caller is C.
const STOPS: u16 = FOR_DEVICE | FOR_MODULE;

/// How a function keeps what is its caller's.
#[repr(C)]
pub(super) struct Shape {
    /// How many words there are to the frame's end from the stack pointer, or from the frame pointer.
    end: u16,
    /// How many words before the end a register is kept; 0 for one that still has the caller's value.
    pub(super) slots: [u8; KEPT],
}

/// Counts from the frame pointer.
const FROM_FRAME: u16 = 1 << 15;

impl Shape {
    /// Where the frame ends, of the two registers.
    pub(super) fn end(&self, stack: usize, frame: usize) -> usize {
        let base = if self.end & FROM_FRAME == 0 {
            stack
        } else {
            frame
        };
        base.wrapping_add(usize::from(self.end & !FROM_FRAME) * size_of::<usize>())
    }
}

/// What becomes of a panic at a landing.
#[derive(Clone, Copy)]
pub(super) struct Fate(u16);

impl Fate {
    /// That of all landings at which it does not just go on.
    pub(super) const ENDS: Self = Self(CATCHES | STOPS);
    /// That of all landings.
    pub(super) const ANY: Self = Self(u16::MAX);
    /// That of none.
    pub(super) const NONE: Self = Self(0);

    /// Whether it is one of these.
    pub(super) fn is(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether a panic ends there.
    pub(super) fn catches(self) -> bool {
        self.0 & CATCHES != 0
    }

    /// Whether nothing may panic there, as in what a panic drops.
    pub(super) fn stops(self) -> bool {
        self.0 & (CATCHES | STOPS) == STOPS
    }

    /// Whether it ends a call for a device.
    pub(super) fn for_device(self) -> bool {
        self.0 & FOR_DEVICE != 0
    }

    /// Whether it ends a call for the module.
    pub(super) fn for_module(self) -> bool {
        self.0 & FOR_MODULE != 0
    }
}

/// A call that is under way.
pub(super) struct Site<'a> {
    pub(super) shape: &'a Shape,
    /// What is run when it panics, if there is anything.
    pub(super) pad: usize,
    /// What becomes of the panic there.
    pub(super) fate: Fate,
}

/// The table.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    header: &'a Header,
    functions: &'a [Function],
    landings: &'a [Landing],
    shapes: *const Shape,
}

impl Table<'static> {
    /// Takes the table at an address.
    ///
    /// # Safety
    ///
    /// There is one.
    pub(super) unsafe fn new(at: *const Header) -> Self {
        // SAFETY: the table begins with it.
        let header = unsafe { &*at };
        // SAFETY: functions follow.
        let functions = unsafe { at.add(1) }.cast();
        // SAFETY: so many there are.
        let functions: &[Function] =
            unsafe { core::slice::from_raw_parts(functions, header.functions.into()) };
        let landings = functions.as_ptr_range().end.cast();
        // SAFETY: and landings.
        let landings: &[Landing] =
            unsafe { core::slice::from_raw_parts(landings, header.landings.into()) };
        Self {
            header,
            functions,
            landings,
            shapes: landings.as_ptr_range().end.cast(),
        }
    }
}

impl<'a> Table<'a> {
    /// Where the code starts, if `kx_raise` is there.
    pub(super) fn text(&self, raise: usize) -> usize {
        raise.wrapping_sub(self.header.raise as usize)
    }

    /// The call that returns to an address, when the code starts at `text`; nothing for code that is not the module's, or from
    /// which nothing panics.
    #[inline(always)]
    pub(super) fn site(&self, text: usize, back: usize) -> Option<Site<'a>> {
        // What returns behind a function's end, since it never does, was called before it.
        let at = back.wrapping_sub(text).wrapping_sub(1);
        let mut landings = self.landings;
        let inside = |function: &Function| at.wrapping_sub(function.start());
        let (function, landings) = self.functions.iter().find_map(|function| {
            let (own, others) = landings.split_at_checked(function.landings.into())?;
            landings = others;
            (inside(function) < function.len.into()).then_some((function, own))
        })?;
        let covers = |landing: &&Landing| {
            inside(function).wrapping_sub(landing.begin.into())
                < usize::from(landing.len & !(CATCHES | FOR_DEVICE | FOR_MODULE))
        };
        let landing = landings.iter().find(covers);
        let start = text.wrapping_add(function.start());
        // SAFETY: as many shapes there are.
        let shape = unsafe { self.shapes.add((function.place >> 24) as usize) };
        // SAFETY: there is one.
        let shape = unsafe { &*shape };
        Some(Site {
            shape,
            pad: start.wrapping_add(landing.map_or(0, |landing| landing.pad.into())),
            // No landing is of no bytes.
            fate: landing.map_or(Fate::NONE, |landing| Fate(landing.len)),
        })
    }
}
