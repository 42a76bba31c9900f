// SPDX-License-Identifier: GPL-2.0-only

//! The state of a function that a panic is in, and the way from there to its caller.

use super::arch::{FRAME, KEPT, goes_back};
use super::table::Shape;

/// The state in a function in which a call of it returns; or, with the address of a landing, in which that begins.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Context {
    kept: [usize; KEPT],
    /// Where it goes on.
    pub(super) ip: usize,
    /// The stack pointer there.
    pub(super) sp: usize,
    /// What landings hand on.
    pub(super) payload: u64,
}

impl Context {
    /// Leaves the function for its caller.
    ///
    /// # Safety
    ///
    /// It is the state of a function with this shape, and its frame is intact.
    #[inline(always)]
    pub(super) unsafe fn leave(&mut self, shape: &Shape) {
        let end = shape.end(self.sp, self.kept[FRAME]);
        // SAFETY: that is in the frame.
        let word = |slot: usize| unsafe { *core::ptr::without_provenance::<usize>(end).sub(slot) };
        for (kept, slot) in self.kept.iter_mut().zip(&shape.slots) {
            if *slot != 0 {
                *kept = word((*slot).into());
            }
        }
        self.ip = goes_back(&self.kept, word);
        self.sp = end;
    }
}
