// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel still owes this module: work that is queued, timers that are armed, threads that run.
//!
//! A module may go only when none of its code runs any more or will be called later. While it is loaded, nobody has to
//! wait for a queued work or to keep the handle of a thread; so the module's exit (and an init that fails) calls
//! [`finish`] after the module's value was dropped. From then on nothing new is taken ([`Owed::new`] gives `None`),
//! and it waits for two kinds of things:
//!
//! - *owed* callbacks, which the kernel will call once: each is counted by an [`Owed`], from before it is handed to the
//!   kernel until the end of the callback;
//! - *entries*: what can be called off, or must be told to end. Each [`Entry`] is in a list as long as it exists.
//!
//! At last it waits until the last instruction of the last callback has been executed. A module that uses none of this
//! pays for none of it: nothing refers to [`Pending::finish`] but what makes an entry or counts a callback.

#![allow(unsafe_code, reason = "a list through values that others own")]

use core::cell::Cell;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use koxide_abi::types::workqueue_struct;
use macros::{pin_data, pinned_drop};

use crate::entry::dropping;
use crate::pin_init::{PinInit, pin_init, pin_init_from_closure};

/// [`finish_used`], once there is something to finish.
static FINISH: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// What this module waits for.
static PENDING: Pending = Pending::new();

/// Ends what is pending and waits for it; nothing new is taken from now on.
///
/// # Context
///
/// The module's exit, its init that failed, or between both when it is set up again. Sleeps.
pub(crate) fn finish() {
    let finish = FINISH.load(Ordering::Acquire);
    if !finish.is_null() {
        // SAFETY: only `finish_used` is stored there, whose type this is.
        unsafe { core::mem::transmute::<*mut (), fn()>(finish)() };
    }
}

/// What [`finish`] does once something was pending.
#[inline(never)]
fn finish_used() {
    PENDING.finish();
}

/// Makes the module's exit call [`finish_used`].
fn used() {
    // Mostly it is there already; a store would take the cache line from the other CPUs each time.
    if FINISH.load(Ordering::Relaxed).is_null() {
        FINISH.store(finish_used as fn() as *mut (), Ordering::Release);
    }
}

/// Takes what is new again after [`finish`]: the module is set up once more.
#[cfg(all(target_os = "none", panic = "unwind"))]
pub(super) fn reopen() {
    PENDING.closed.store(false, Ordering::SeqCst);
}

/// Takes what is new again, as a module does that was just loaded.
#[cfg(not(target_os = "none"))]
pub(super) fn reset() {
    PENDING.owed.store(0, Ordering::SeqCst);
    PENDING.closed.store(false, Ordering::SeqCst);
}

/// Calls off the delayed works that wait for a queue.
///
/// # Context
///
/// Process context; may sleep.
pub(crate) fn end_waiting_for(queue: *mut workqueue_struct) {
    PENDING.end_entries(Scope::Queue(queue));
}

/// Clears away what is over.
///
/// # Context
///
/// Process context; may sleep.
pub(crate) fn end_spent() {
    PENDING.end_entries(Scope::Spent);
}

/// Whether the module is going: what repeats itself ends now.
pub(crate) fn is_closed() -> bool {
    PENDING.closed.load(Ordering::SeqCst)
}

/// A callback that the kernel owes the module; counted until this is dropped.
///
/// It also stands for the moment in which somebody is about to arm a timer: until it is dropped the module does not go.
#[must_use = "the callback counts until this is dropped"]
pub(crate) struct Owed(&'static Pending);

impl Owed {
    /// Counts a callback; `None` when the module is going and takes no new ones.
    #[inline(never)]
    pub(crate) fn new() -> Option<Self> {
        used();
        Self::of(&PENDING)
    }

    /// Counts a callback, unless it is closed.
    fn of(pending: &'static Pending) -> Option<Self> {
        // The order counts: `finish` closes first and looks at the count then, and this does the reverse. So either
        // this finds it closed, or `finish` finds the callback counted.
        pending.owed.fetch_add(1, Ordering::SeqCst);
        let owed = Self(pending);
        (!pending.closed.load(Ordering::SeqCst)).then_some(owed)
    }

    /// Leaves it to the callback, which takes it over with [`from_kernel`](Self::from_kernel).
    pub(crate) fn into_kernel(self) {
        core::mem::forget(self);
    }

    /// Takes it over: the first thing that the callback does, so that it is dropped last.
    ///
    /// # Safety
    ///
    /// One was given up by [`into_kernel`](Self::into_kernel) for this callback, or is about to be, and is taken over once.
    pub(crate) unsafe fn from_kernel() -> Self {
        Self(&PENDING)
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.owed.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Which entries are to end.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    /// All of them: the module goes.
    Module,
    /// Those that would be put into a queue, which goes.
    Queue(*mut workqueue_struct),
    /// Those that are over, and only have to be cleared away.
    Spent,
}

/// What came of trying to end an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// The kernel will not call it, and does not at the moment.
    Idle,
    /// Its callback is under way.
    Busy,
    /// It was called off, and stays in the list: [`Kind::settle`] does the rest.
    CalledOff,
    /// It leaves the list: [`Kind::settle`] does the rest.
    Taken,
}

/// What is done about an entry that was taken.
pub(crate) type Settle = unsafe fn(entry: *const Entry);

/// How entries of one type are ended.
pub(crate) struct Kind {
    /// Tries to end an entry, if it is within the scope, at once: interrupts are off, and the list is locked.
    ///
    /// # Safety
    ///
    /// The entry is in the list.
    pub(crate) end: unsafe fn(entry: *const Entry, scope: Scope) -> Ended,
    /// Does what is left to do after `end` said [`Ended::CalledOff`] or [`Ended::Taken`]; the list is not locked, and it may sleep. The entry
    /// may be gone after it.
    ///
    /// # Safety
    ///
    /// `end` has just said so of this entry.
    pub(crate) settle: Settle,
}

/// What the kernel may call the module through; a field of what it calls.
///
/// # Invariants
///
/// It is pinned. While it is `listed` it is in the list of `pending`, as `next` and `previous` say. These three are read and
/// written with the list locked.
#[pin_data(PinnedDrop)]
pub(crate) struct Entry {
    kind: &'static Kind,
    pending: &'static Pending,
    listed: Cell<bool>,
    next: Cell<*const Entry>,
    previous: Cell<*const Entry>,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: entries are linked and unlinked by any thread, with the list locked.
unsafe impl Send for Entry {}
// SAFETY: what a shared entry lets be changed is read and written with the list locked.
unsafe impl Sync for Entry {}

impl Entry {
    /// An entry, which is not in the list yet.
    pub(crate) fn new(kind: &'static Kind) -> impl PinInit<Self> {
        Self::of(&PENDING, kind)
    }

    /// An entry that is put into the list as soon as it is initialised.
    ///
    /// # Safety
    ///
    /// As for [`list`](Self::list): what `kind` needs of the value around it is initialised before.
    pub(crate) unsafe fn listed(kind: &'static Kind) -> impl PinInit<Self> {
        let initialise = move |slot: *mut Self| {
            // SAFETY: the closure's caller promises what this asks for.
            unsafe { Self::new(kind).__pinned_init(slot)? };
            // SAFETY: it was just initialised and is new; the slot is in the value; the rest is as the caller promises.
            unsafe { Self::list(slot) };
            Ok(())
        };
        // SAFETY: the slot was initialised, and the value stays where it is.
        unsafe { pin_init_from_closure(initialise) }
    }

    /// An entry for a list.
    fn of(pending: &'static Pending, kind: &'static Kind) -> impl PinInit<Self> {
        pin_init!(Self {
            kind,
            pending,
            listed: Cell::new(false),
            next: Cell::new(ptr::null()),
            previous: Cell::new(ptr::null()),
            _pin: PhantomPinned,
        })
    }

    /// Puts it into the list, where it stays until it was settled, taken out or dropped.
    ///
    /// # Safety
    ///
    /// It was not in the list before. The value around it is what `kind` expects: its functions may be called from now on.
    /// `this` may be used for the whole value around it, which is what becomes of it in the functions of `kind`: a reference
    /// to the entry would stand for the entry alone.
    #[inline(never)]
    pub(crate) unsafe fn list(this: *const Self) {
        used();
        // SAFETY: it is an entry, as the caller promises.
        let pending = unsafe { (*this).pending };
        // SAFETY: it is pinned, since there are none that are not, and its drop takes it out of the list.
        unsafe { pending.list(this) };
    }

    /// Takes it out of the list, if it is still there; whether it was.
    ///
    /// Where it was, its `settle` is not called any more.
    #[inline(never)]
    pub(crate) fn unlist(&self) -> bool {
        let _locked = Locked::new();
        // SAFETY: the list is locked.
        unsafe { self.pending.unlink(self) }
    }
}

#[pinned_drop]
impl PinnedDrop for Entry {
    fn drop(self: Pin<&mut Self>) {
        self.unlist();
    }
}

/// The list is locked as long as this exists.
struct Locked(core::ffi::c_ulong);

impl Locked {
    fn new() -> Self {
        // SAFETY: this CPU has not locked it: nothing that is done while it is locked calls back into this module.
        Self(unsafe { koxide_abi::kx_pending_lock() })
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // SAFETY: this CPU has locked it, and interrupts are off, so that it is still this CPU.
        unsafe { koxide_abi::kx_pending_unlock(self.0) };
    }
}

/// All that is pending.
struct Pending {
    closed: AtomicBool,
    owed: AtomicUsize,
    /// The first entry; read and written with the list locked.
    first: Cell<*const Entry>,
}

// SAFETY: the list is used while it is locked, and the rest is atomic.
unsafe impl Sync for Pending {}

impl Pending {
    const fn new() -> Self {
        Self {
            closed: AtomicBool::new(false),
            owed: AtomicUsize::new(0),
            first: Cell::new(ptr::null()),
        }
    }

    /// Puts an entry into the list.
    ///
    /// # Safety
    ///
    /// The entry is in no list, and stays where it is until it was unlinked.
    unsafe fn list(&self, this: *const Entry) {
        let _locked = Locked::new();
        let next = self.first.replace(this);
        // SAFETY: as the caller promises.
        let entry = unsafe { &*this };
        entry.listed.set(true);
        entry.next.set(next);
        entry.previous.set(ptr::null());
        // SAFETY: what is in the list is valid as long as it is locked.
        if let Some(next) = unsafe { next.as_ref() } {
            next.previous.set(this);
        }
    }

    /// Takes an entry out of the list, if it is there; whether it was.
    ///
    /// # Safety
    ///
    /// The list is locked.
    unsafe fn unlink(&self, entry: &Entry) -> bool {
        if !entry.listed.replace(false) {
            return false;
        }
        // SAFETY: what is in the list is valid as long as it is locked.
        match unsafe { entry.previous.get().as_ref() } {
            Some(previous) => previous.next.set(entry.next.get()),
            None => self.first.set(entry.next.get()),
        }
        // SAFETY: the next one is in the list, too, and valid as long as it is locked.
        if let Some(next) = unsafe { entry.next.get().as_ref() } {
            next.previous.set(entry.previous.get());
        }
        true
    }

    /// Closes, ends all entries, and waits until nothing is left that could call the module.
    fn finish(&self) {
        self.closed.store(true, Ordering::SeqCst);
        loop {
            // Nothing starts when nothing was owed and then no entry was busy: only this module's code starts something, and
            // in exit none runs but this. A callback under way is owed, or its entry is busy. When the module is set up
            // again, operations of files may be under way: what they start later is in the list, and exit's.
            let nothing_owed = self.owed.load(Ordering::SeqCst) == 0;
            if self.end_entries(Scope::Module) && nothing_owed {
                break;
            }
            // SAFETY: this is process context.
            unsafe { koxide_abi::kx_pending_pause() };
        }
        // SAFETY: this is process context, and no callback.
        unsafe { koxide_abi::kx_pending_synchronize() };
    }

    /// Tries to end all entries; whether all were idle.
    fn end_entries(&self, scope: Scope) -> bool {
        let mut idle = true;
        while let Some((settle, taken)) = self.end_some(scope, &mut idle) {
            idle = false;
            // Values of the driver may be dropped here: one that panics keeps nothing else from being ended.
            // SAFETY: `end` has just said that it is to be settled.
            dropping(|| unsafe { settle(taken) });
        }
        idle
    }

    /// Tries to end all entries up to one that is to be settled, and gives that; `idle` becomes false when one is busy.
    fn end_some(&self, scope: Scope, idle: &mut bool) -> Option<(Settle, *const Entry)> {
        let _locked = Locked::new();
        let mut at = self.first.get();
        // SAFETY: what is in the list is valid as long as it is locked.
        while let Some(entry) = unsafe { at.as_ref() } {
            // SAFETY: the entry is in the list, which is locked.
            match unsafe { (entry.kind.end)(at, scope) } {
                Ended::Idle => {}
                Ended::Busy => *idle = false,
                Ended::CalledOff => return Some((entry.kind.settle, at)),
                Ended::Taken => {
                    // SAFETY: the list is locked.
                    unsafe { self.unlink(entry) };
                    return Some((entry.kind.settle, at));
                }
            }
            at = entry.next.get();
        }
        None
    }
}

#[cfg(test)]
mod tests;
