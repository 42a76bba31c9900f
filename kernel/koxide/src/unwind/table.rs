// SPDX-License-Identifier: GPL-2.0-only

//! The table of a module: host/koxide-build/kbuild/place.awk makes it. It has no addresses, and none of its parts is looked at
//! before something panics.

use super::arch::KEPT;

/// What the table begins with. The functions follow, the landings, and the shapes.
#[repr(C)]
pub(super) struct Header {
    /// Where `kx_raise` is, in bytes from the start of the code.
    raise: u32,
    /// Where `_Unwind_Resume` is.
    resume: u32,
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
    /// Its first landing; the next function's is the first one that is not its own.
    landing: u16,
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

/// A call that is under way.
pub(super) struct Site<'a> {
    pub(super) shape: &'a Shape,
    /// What is run when it panics.
    pub(super) pad: Option<usize>,
    flags: u16,
}

impl Site<'_> {
    /// Whether a panic ends there.
    pub(super) fn catches(&self) -> bool {
        self.flags & CATCHES != 0
    }

    /// Whether nothing may panic there, as in what a panic drops.
    pub(super) fn stops(&self) -> bool {
        self.flags & (CATCHES | STOPS) == STOPS
    }

    /// Whether it ends a call for a device.
    pub(super) fn for_device(&self) -> bool {
        self.flags & FOR_DEVICE != 0
    }

    /// Whether it ends a call for the module.
    pub(super) fn for_module(&self) -> bool {
        self.flags & FOR_MODULE != 0
    }
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
    /// Where `kx_raise` is, in bytes from the start of the code.
    pub(super) fn raise(&self) -> usize {
        self.header.raise as usize
    }

    /// Where `_Unwind_Resume` is.
    pub(super) fn resume(&self) -> usize {
        self.header.resume as usize
    }

    /// The call that returns to an address, when the code starts at `text`; nothing for code that is not the module's, or from
    /// which nothing panics.
    #[inline(never)]
    #[optimize(size)]
    pub(super) fn site(&self, text: usize, back: usize) -> Option<Site<'a>> {
        // What returns behind a function's end, since it never does, was called before it.
        let at = back.wrapping_sub(text).wrapping_sub(1);
        let next = self.functions.partition_point(|f| f.start() <= at);
        let (before, after) = self.functions.split_at_checked(next)?;
        let function = before.last()?;
        let at = at - function.start();
        if at >= usize::from(function.len) {
            return None;
        }
        let last = after
            .first()
            .map_or(self.landings.len(), |f| f.landing.into());
        let landings = self.landings.get(function.landing.into()..last)?;
        let covers = |landing: &&Landing| {
            at.wrapping_sub(landing.begin.into())
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
            pad: landing.map(|landing| start.wrapping_add(landing.pad.into())),
            flags: landing.map_or(0, |landing| landing.len),
        })
    }
}
