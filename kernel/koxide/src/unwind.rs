// SPDX-License-Identifier: GPL-2.0-only

//! The way back from a panic to the border: every frame's drops run, from the one that panicked up.
//!
//! [`catch`] is the border; [`enter`](crate::entry::enter) calls it, and so do tests. A panic goes up the stack twice. First
//! it only looks whether there is a border at all: without one nothing is touched, and the kernel stops the thread with
//! `BUG()`. So it does when something panics that another panic drops. Then it gives control to each frame that has something to
//! drop, and last to the border's.
//!
//! Where frames keep their callers' registers, and where they have something to drop, a [`table`] of the module says, which the
//! build makes. Nothing is allocated, so that code may panic wherever it may run.

#![allow(unsafe_code, reason = "walks the stack, and jumps into frames")]

#[cfg_attr(target_arch = "x86_64", path = "unwind/x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "unwind/aarch64.rs")]
mod arch;
mod context;
mod message;
mod table;

use core::ffi::{CStr, c_char};
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::entry::callback::Words;
use context::Context;
pub(crate) use message::Message;
use table::{Fate, Header, Table};

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
    safe fn kx_raise(template: *const u8, args: *const u8, place: *const u8, may_unwind: bool)
    -> !;
}

/// Lets a panic begin. The first arguments are those of [`Message::new`]; one that may not unwind is the end.
#[inline(always)]
pub(crate) fn raise(template: *const u8, args: *const u8, place: *const u8, may_unwind: bool) -> ! {
    kx_raise(template, args, place, may_unwind)
}

/// What the panic says that was the last to begin, or 0 when it is over: for one that comes meanwhile, and is the end.
static LAST: AtomicU64 = AtomicU64::new(0);

/// What a message is packed with.
fn anchor() -> usize {
    (&raw const kx_unwind).addr()
}

/// Leaves in `cx` the state in which the next landing begins.
///
/// # Safety
///
/// Only `kx_raise` calls it, with its caller's state: that of who panics, with the arguments of [`raise`]; or that of a landing that is
/// over, with what the landing had, and no place.
#[optimize(size)]
unsafe extern "C" fn unwind(
    first: *const u8,
    args: *const u8,
    place: *const u8,
    may_unwind: bool,
    cx: &mut Context,
) {
    cx.payload = first.addr() as u64;
    if !place.is_null() {
        // SAFETY: that is what they are.
        let message = unsafe { Message::new(first, args, place) };
        cx.payload = message.pack(anchor());
        // SAFETY: it can always be asked.
        let traced = unsafe { koxide_abi::kx_panic_may_trace() };
        if traced {
            // SAFETY: the text has no values.
            unsafe { koxide_abi::variadic!(kx_printk(&raw const koxide_abi::kx_text_trace;)) };
        }
        let mut ahead = *cx;
        // SAFETY: it is the state of who panicked.
        let fate = unsafe { next(&mut ahead, Fate::ENDS, traced) };
        if !may_unwind || !fate.catches() {
            let first = LAST.load(Ordering::Relaxed);
            if first != 0 && fate.stops() {
                tell(
                    &raw const koxide_abi::kx_text_came_first,
                    first,
                    &Words::NONE,
                    c"",
                );
            }
            stop(cx)
        }
        crate::entry::begins(fate.for_device(), fate.for_module());
        LAST.store(cx.payload, Ordering::Relaxed);
    }
    // SAFETY: it is the state of who panicked, or whose landing is over.
    if !unsafe { next(cx, Fate::ANY, false) }.is(Fate::ANY) {
        stop(cx)
    }
    // SAFETY: the state is in the frame of this module's function that is to take it on; between that frame and the
    // landing's there are frames only that are left.
    #[cfg(sanitize = "address")]
    unsafe {
        forget(cx);
    }
}

/// Goes up the stack to the next landing of one of these fates, and says which; none where the code is not the module's, or is not known to
/// panic. A trace has a line for each call.
///
/// # Safety
///
/// It is the state of who panicked, or whose landing is over.
#[inline(never)]
#[optimize(size)]
unsafe fn next(cx: &mut Context, fates: Fate, traced: bool) -> Fate {
    // SAFETY: a module with code that may panic has one.
    let table = unsafe { Table::new(&raw const kx_unwind) };
    let text = table.text((kx_raise as *const ()).addr());
    loop {
        if traced {
            // The call itself: behind one that never returns another function may begin.
            let call: *const u8 = core::ptr::without_provenance(cx.ip.wrapping_sub(1));
            // SAFETY: the format is one for an address.
            unsafe { koxide_abi::variadic!(kx_printk(c"\x013  %pS\n".as_ptr(); call)) };
        }
        let Some(site) = table.site(text, cx.ip) else {
            return Fate::NONE;
        };
        if site.fate.is(fates) {
            cx.ip = site.pad;
            return site.fate;
        }
        // SAFETY: it is the state of this function.
        unsafe { cx.leave(site.shape) };
    }
}

/// Has KASAN forget what it was told of frames that are left for that of a landing.
///
/// Around the variables of a frame there is room that nobody may get at. A function says where when it begins, and takes it back
/// when it returns, which those do not that are left. Who is called from the landing has frames in the same place.
///
/// # Safety
///
/// From the state up to the landing's frame the stack is nobody's.
#[cfg(sanitize = "address")]
unsafe fn forget(cx: &Context) {
    use core::ffi::c_void;
    use core::ptr;

    unsafe extern "C" {
        /// What compilers call for variables of a size that they do not know, when they go.
        ///
        /// # Safety
        ///
        /// Between the addresses the stack is nobody's.
        fn __asan_allocas_unpoison(from: *const c_void, to: *const c_void);
    }
    let landing = ptr::without_provenance(cx.sp);
    // SAFETY: nobody has variables there.
    unsafe { __asan_allocas_unpoison(ptr::from_ref(cx).cast(), landing) };
}

/// Writes to the log what was packed, and what the text has besides.
#[inline(never)]
#[optimize(size)]
fn tell(text: *const c_char, payload: u64, words: &Words, poisoned: &CStr) {
    Message::unpack(payload, anchor()).tell(text, words, poisoned);
}

/// Writes to the log what is on its way, and stops this thread.
#[inline(never)]
#[cold]
#[optimize(size)]
fn stop(cx: &Context) -> ! {
    tell(
        &raw const koxide_abi::kx_text_panicked,
        cx.payload,
        &Words::NONE,
        c"",
    );
    crate::panic::end()
}

/// Writes to the log that it was contained: in which function, what that answered, and what is poisoned.
#[inline(always)]
pub(crate) fn contained(payload: u64, words: &Words, poisoned: &CStr) {
    LAST.store(0, Ordering::Relaxed);
    let count = &raw const koxide_abi::kx_panics;
    // SAFETY: it is C's, which only reads it.
    unsafe { &*count }.fetch_add(1, Ordering::Relaxed);
    tell(
        &raw const koxide_abi::kx_text_contained,
        payload,
        words,
        poisoned,
    );
    Message::unpack(payload, anchor()).done();
}

/// The message of a panic that ended at a test's border: it is over.
pub(crate) fn message(payload: u64) -> Message {
    LAST.store(0, Ordering::Relaxed);
    Message::unpack(payload, anchor())
}

/// What the border has room for: one after the other.
#[allow(dead_code, reason = "reached by its address")]
union Room<F, R> {
    body: ManuallyDrop<F>,
    result: ManuallyDrop<R>,
    payload: u64,
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
