// SPDX-License-Identifier: GPL-2.0-only

//! A closure as a work.

use core::cell::Cell;
use core::pin::Pin;

use macros::pin_data;

use super::{Queue, Work, WorkItem};
use crate::alloc::{AllocError, Flags, KBox};
use crate::init::InPlaceInit;
use crate::module::pending;
use crate::pin_init::pin_init;

/// A closure, and its work.
#[pin_data]
struct ClosureWork<T> {
    #[pin]
    work: Work<ClosureWork<T>>,
    function: Cell<Option<T>>,
}

crate::impl_has_work! {
    impl{T} HasWork<Self> for ClosureWork<T> { self.work }
}

impl<T: FnOnce() + Send + 'static> WorkItem for ClosureWork<T> {
    type Pointer = Pin<KBox<Self>>;

    fn run(this: Pin<KBox<Self>>) {
        if let Some(function) = this.function.take() {
            function();
        }
    }
}

/// Runs a closure as a work of a queue.
pub(super) fn spawn<T>(queue: &Queue, flags: Flags, function: T) -> Result<(), AllocError>
where
    T: FnOnce() + Send + 'static,
{
    if pending::is_closed() {
        return Err(AllocError);
    }
    let work = pin_init!(ClosureWork {
        work <- Work::of_function(c"Queue::try_spawn"),
        function: Cell::new(Some(function)),
    });
    queue.enqueue(KBox::pin_init(work, flags).map_err(|_| AllocError)?);
    Ok(())
}
