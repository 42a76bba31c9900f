// SPDX-License-Identifier: GPL-2.0-only

//! Which of loom's atomics stands for which address.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::thread_local;

// Loom runs all threads of a model in turns on one thread of the system: what is local to that is shared by them.
thread_local! {
    static ACTIVE: Cell<bool> = const { Cell::new(false) };
    static CELLS: RefCell<HashMap<usize, Rc<dyn Any>>> = RefCell::default();
    static STORED: RefCell<HashSet<loom::thread::ThreadId>> = RefCell::default();
}

/// A model runs as long as this exists, also one that fails.
struct Active;

impl Drop for Active {
    fn drop(&mut self) {
        ACTIVE.set(false);
        drop(CELLS.take());
        STORED.take();
    }
}

/// Runs `body` in each order that its threads can run in, with each value that a load may see.
///
/// An atomic belongs to the thread that uses it first: who makes one uses it before sharing it.
pub fn model(body: impl Fn() + Send + Sync + 'static) {
    loom::model(move || {
        ACTIVE.set(true);
        let _active = Active;
        body();
    });
}

/// Whether a model runs.
pub fn active() -> bool {
    ACTIVE.get()
}

/// What stands for an address; `make` makes it when it is new.
pub(crate) fn cell<T: 'static>(address: usize, make: impl FnOnce() -> T) -> Rc<T> {
    let known = CELLS.with_borrow(|cells| cells.get(&address).cloned());
    if let Some(cell) = known.and_then(|cell| cell.downcast().ok()) {
        return cell;
    }
    let cell = Rc::new(make());
    CELLS.with_borrow_mut(|cells| cells.insert(address, cell.clone()));
    cell
}

/// The atomic at an address is gone.
pub(crate) fn forget(address: usize) {
    // A thread that ends may have none of this any more.
    let _ = CELLS.try_with(|cells| cells.borrow_mut().remove(&address));
}

/// Notes that this thread has done a store of the order `SeqCst`.
pub(crate) fn stored() {
    STORED.with_borrow_mut(|stored| stored.insert(loom::thread::current().id()));
}

/// Whether this thread has done such a store since this was last asked.
pub(crate) fn take_stored() -> bool {
    STORED.with_borrow_mut(|stored| stored.remove(&loom::thread::current().id()))
}
