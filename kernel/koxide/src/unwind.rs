// SPDX-License-Identifier: GPL-2.0-only

//! The way back from a panic to the border: every frame's drops run, from the one that panicked up.
//!
//! [`catch`] is the border; [`enter`](crate::entry::enter) is all that calls it. A panic goes up the stack twice. First
//! it only looks whether there is a border at all: without one nothing is touched, and the kernel stops the thread with
//! `BUG()`; so it does when something panics that another panic drops. Then it gives control to each frame that has something to drop, and last to the border's.
//!
//! Where frames keep their callers' registers, and where they have something to drop, a [`table`] of the module says, which the
//! build makes. Nothing is allocated, so that code may panic wherever it may run.

#![allow(unsafe_code, reason = "walks the stack, and jumps into frames")]

#[cfg_attr(target_arch = "x86_64", path = "unwind/x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "unwind/aarch64.rs")]
mod arch;
mod message;
mod table;

use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicU64, Ordering};

use arch::Context;
pub(crate) use message::Message;
use table::{Header, Table};

/// What the tables for C++ name as the reader of landings. Nothing reads them.
#[lang = "eh_personality"]
fn rust_eh_personality() {}

unsafe extern "C" {
    /// The table, for which the kernel's build has the room.
    static kx_unwind: Header;
}

unsafe extern "C-unwind" {
    /// Starts the way up.
    ///
    /// The parts of a message are constants, or lead to values on the stack of who panics and to functions that format them.
    /// The optimiser drops both, if it knows that nobody reads them, which is what the attribute says.
    #[unsafe(ffi_const)]
    safe fn kx_raise(template: *const u8, args: *const u8, place: *const u8) -> !;
}

/// Lets a panic begin. The arguments are those of [`Message::new`].
pub(crate) fn raise(template: *const u8, args: *const u8, place: *const u8) -> ! {
    kx_raise(template, args, place)
}

/// What the panic says that was the last to begin, or 0 when it is over: for one that comes meanwhile, and is the end.
static LAST: AtomicU64 = AtomicU64::new(0);

/// What a message is packed with.
fn anchor() -> usize {
    (&raw const kx_unwind).addr()
}

/// The table of this module.
fn table() -> Table<'static> {
    // SAFETY: a module with code that may panic has one.
    unsafe { Table::new(&raw const kx_unwind) }
}

/// Looks for the border, and then for the first landing.
///
/// # Safety
///
/// Only `kx_raise` calls it: with its caller's state, and its arguments.
#[optimize(size)]
unsafe extern "C" fn begin(
    cx: &mut Context,
    template: *const u8,
    args: *const u8,
    place: *const u8,
) {
    let table = table();
    cx.text = cx.text.wrapping_sub(table.raise());
    // SAFETY: that is what they are.
    let message = unsafe { Message::new(template, args, place) };
    cx.payload = message.pack(anchor());
    let mut ahead = *cx;
    let mut trace = Trace::new();
    loop {
        trace.push(ahead.ip);
        let Some(site) = table.site(ahead.text, ahead.ip) else {
            message.stop()
        };
        if site.catches() {
            crate::entry::begins(site.for_device(), site.for_module());
            LAST.store(cx.payload, Ordering::Relaxed);
            break;
        }
        if site.stops() {
            match LAST.load(Ordering::Relaxed) {
                0 => {}
                first => Message::unpack(first, anchor()).was_first(),
            }
            message.stop()
        }
        // SAFETY: it is the state of this function.
        unsafe { ahead.leave(site.shape) };
    }
    trace.write();
    // SAFETY: it is the state of who panicked.
    unsafe { next(&table, cx) };
}

/// Where the calls return to that a panic is in, the innermost ones.
struct Trace {
    calls: [usize; 12],
    len: usize,
}

impl Trace {
    fn new() -> Self {
        Self {
            calls: [0; 12],
            len: 0,
        }
    }

    fn push(&mut self, back: usize) {
        if let Some(place) = self.calls.get_mut(self.len) {
            *place = back;
            self.len += 1;
        }
    }

    /// Writes them to the log.
    fn write(&self) {
        // SAFETY: so many there are.
        unsafe { koxide_abi::kx_panic_trace(self.calls.as_ptr(), self.len) };
    }
}

/// Looks for the next landing.
///
/// # Safety
///
/// Only `_Unwind_Resume` calls it, with its caller's state: that of a landing that is over.
#[optimize(size)]
unsafe extern "C" fn resume(cx: &mut Context) {
    let table = table();
    cx.text = cx.text.wrapping_sub(table.resume());
    // SAFETY: it is the state of a landing.
    unsafe { next(&table, cx) };
}

/// Leaves in `cx` the state in which the next landing begins.
///
/// # Safety
///
/// It is the state of who panicked, or whose landing is over.
#[inline(never)]
#[optimize(size)]
unsafe fn next(table: &Table<'_>, cx: &mut Context) {
    loop {
        let Some(site) = table.site(cx.text, cx.ip) else {
            Message::unpack(cx.payload, anchor()).stop()
        };
        if let Some(pad) = site.pad {
            cx.ip = pad;
            return;
        }
        // SAFETY: it is the state of this function.
        unsafe { cx.leave(site.shape) };
    }
}

/// What the border has room for: one after the other.
#[allow(dead_code, reason = "reached by its address")]
union Room<F, R> {
    body: ManuallyDrop<F>,
    result: ManuallyDrop<R>,
    payload: u64,
}

/// The message of a panic, as [`catch`] gives it: it is over.
pub(crate) fn message(payload: u64) -> Message {
    LAST.store(0, Ordering::Relaxed);
    Message::unpack(payload, anchor())
}

/// Runs `body`. If it panics, the error is the [`message`].
#[inline(always)]
pub(crate) fn catch<R, F: FnOnce() -> R>(body: F) -> Result<R, u64> {
    let mut room: Room<F, R> = Room {
        body: ManuallyDrop::new(body),
    };
    let at: *mut u8 = (&raw mut room).cast();
    // SAFETY: both functions are given the room, and the second one only after the first one panicked.
    if unsafe { core::intrinsics::catch_unwind(run::<F, R>, at, caught) } == 0 {
        // SAFETY: `run` left it there.
        Ok(unsafe { at.cast::<R>().read() })
    } else {
        // SAFETY: `caught` left it there.
        Err(unsafe { at.cast::<u64>().read() })
    }
}

#[inline(always)]
fn run<F: FnOnce() -> R, R>(room: *mut u8) {
    // SAFETY: the body is in the room of `catch`, and taken once.
    let body = unsafe { room.cast::<F>().read() };
    // SAFETY: there is room for the result.
    unsafe { room.cast::<R>().write(body()) };
}

#[inline(always)]
fn caught(room: *mut u8, payload: *mut u8) {
    // LLVM puts the function that calls both into others late where return addresses are signed, and then looks for what else is to
    // be put there only if it has a call of some kind. Without this `run` stays a function of its own.
    // SAFETY: it is no instruction.
    unsafe { core::arch::asm!("", options(nomem, nostack, preserves_flags)) };
    // SAFETY: there is room for it, and the body is gone.
    unsafe { room.cast::<u64>().write(payload.addr() as u64) };
}
