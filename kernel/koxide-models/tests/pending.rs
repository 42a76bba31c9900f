// SPDX-License-Identifier: GPL-2.0-only

//! A module goes when nothing of it runs any more, and nothing will.

extern crate koxide_models as kernel;

// The library shows this to nobody: so it is built here once more, and brings its own tests along.
#[allow(dead_code, unreachable_pub)]
#[path = "../../koxide/src/module"]
mod module {
    pub(crate) mod pending;

    /// As if the module was just loaded.
    pub(crate) fn load() {
        pending::reset();
    }
}

// What it names from the library's root.
mod pin_init {
    pub(crate) use kernel::pin_init::*;
}
mod entry {
    /// Nothing that is dropped here panics.
    pub(crate) fn dropping(body: impl FnOnce()) {
        body();
    }
}
mod prelude {
    pub(crate) use kernel::prelude::*;
}

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use core::{Watched, model};
use loom::thread;
use macros::pin_data;
use module::pending::{self, Ended, Entry, Kind, Owed, Scope};
use prelude::*;

/// Explores a module's life; `body` gets what stands for its code.
fn loaded(body: impl Fn(Arc<Watched>) + Send + Sync + 'static) {
    // There is one list in a program, and one module at a time.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    // What the first callback of all does happens once, and a model is the same each time.
    drop(Owed::new());
    model(move || {
        module::load();
        drop(Owed::new());
        body(Arc::new(Watched::new()));
    });
}

/// The module goes, and its memory with it.
fn unload(code: &Watched) {
    pending::finish();
    code.write();
}

#[test]
fn a_callback_is_refused_or_waited_for() {
    loaded(|code| {
        let caller = {
            let code = code.clone();
            thread::spawn(move || {
                if let Some(owed) = Owed::new() {
                    code.read();
                    drop(owed);
                }
            })
        };
        unload(&code);
        caller.join().unwrap();
        assert!(Owed::new().is_none());
    });
}

#[test]
fn a_callback_that_the_kernel_has_is_waited_for() {
    loaded(|code| {
        Owed::new().unwrap().into_kernel();
        let callback = {
            let code = code.clone();
            thread::spawn(move || {
                // SAFETY: one was given up for this callback.
                let owed = unsafe { Owed::from_kernel() };
                code.read();
                // It is done again, if the module stays.
                if let Some(again) = Owed::new() {
                    code.read();
                    drop(again);
                }
                code.read();
                drop(owed);
            })
        };
        unload(&code);
        callback.join().unwrap();
    });
}

/// An entry, and how often it was ended.
#[pin_data]
struct Thing {
    #[pin]
    entry: Entry,
    memory: Watched,
    settled: AtomicU32,
}

static KIND: Kind = Kind { end, settle };

/// The thing around an entry.
///
/// # Safety
///
/// The entry is that of a thing, which lives for `'a`.
unsafe fn thing_of<'a>(entry: *const Entry) -> &'a Thing {
    let thing = entry.wrapping_byte_sub(core::mem::offset_of!(Thing, entry));
    // SAFETY: as the caller promises.
    unsafe { &*thing.cast() }
}

/// Takes it.
///
/// # Safety
///
/// As for [`Kind::end`].
unsafe fn end(entry: *const Entry, _: Scope) -> Ended {
    // SAFETY: all entries here are those of things, and what is in the list lives.
    let thing = unsafe { thing_of(entry) };
    thing.memory.write();
    // Others run meanwhile, if they can.
    thread::yield_now();
    Ended::Taken
}

/// Counts it.
///
/// # Safety
///
/// As for [`Kind::settle`].
unsafe fn settle(entry: *const Entry) {
    // SAFETY: the things here live until both threads are through.
    let thing = unsafe { thing_of(entry) };
    thing.settled.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn an_entry_is_taken_or_leaves_by_itself() {
    loaded(|_| {
        let thing = pin_init!(Thing {
            entry <- Entry::new(&KIND),
            memory: Watched::new(),
            settled: AtomicU32::new(0),
        });
        let thing = Arc::new(KBox::pin_init(thing, GFP_KERNEL).unwrap());
        // SAFETY: it is new, and the thing around it is initialised.
        unsafe { Entry::list(&raw const thing.entry) };
        let owner = {
            let thing = thing.clone();
            thread::spawn(move || {
                let unlisted = thing.entry.unlist();
                if unlisted {
                    thing.memory.write();
                }
                unlisted
            })
        };
        pending::finish();
        let left = u32::from(owner.join().unwrap());
        assert_eq!(left + thing.settled.load(Ordering::Relaxed), 1);
    });
}
