// SPDX-License-Identifier: GPL-2.0-only

//! Initialisers that first find out what they are.

#![allow(unsafe_code, reason = "initialisers are made of closures")]

use crate::pin_init::{Init, PinInit, init_from_closure, pin_init_from_closure};

/// An initialiser that runs a function, and then the initialiser which that returns.
///
/// What the function finds out before the value is made can fail, or be used for several fields.
///
/// # Examples
///
/// ```
/// use kernel::{new_mutex, pin_init::pin_init_scope, prelude::*, sync::Mutex};
///
/// #[pin_data]
/// struct Channel {
///     #[pin]
///     queue: Mutex<KVec<u8>>,
///     size: usize,
/// }
///
/// impl Channel {
///     fn new(size: usize) -> impl PinInit<Self, Error> {
///         pin_init_scope(move || {
///             let queue = KVec::with_capacity(size, GFP_KERNEL)?;
///             let size = queue.capacity();
///             Ok(try_pin_init!(Self { queue <- new_mutex!(queue), size }))
///         })
///     }
/// }
///
/// let channel = KBox::pin_init(Channel::new(16), GFP_KERNEL)?;
/// assert!(channel.size >= 16);
/// # Ok::<(), Error>(())
/// ```
pub fn pin_init_scope<T, E, F, I>(make_init: F) -> impl PinInit<T, E>
where
    F: FnOnce() -> Result<I, E>,
    I: PinInit<T, E>,
{
    let initialise = move |slot| {
        let init = make_init()?;
        // SAFETY: the closure's caller promises what this function asks for.
        unsafe { init.__pinned_init(slot) }
    };
    // SAFETY: it fails before the slot was touched, or as `init` does, and succeeds as `init` does.
    unsafe { pin_init_from_closure(initialise) }
}

/// As [`pin_init_scope`], for values that may be moved afterwards.
pub fn init_scope<T, E, F, I>(make_init: F) -> impl Init<T, E>
where
    F: FnOnce() -> Result<I, E>,
    I: Init<T, E>,
{
    let initialise = move |slot| {
        let init = make_init()?;
        // SAFETY: the closure's caller promises what this function asks for.
        unsafe { init.__init(slot) }
    };
    // SAFETY: it fails before the slot was touched, or as `init` does, and succeeds as `init` does; such a value may move.
    unsafe { init_from_closure(initialise) }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::pin_init::{init_array_from_fn, pin_init_array_from_fn};
    use crate::prelude::*;

    #[test]
    fn what_fails_before_makes_nothing() {
        let number = |fail: bool| {
            init_scope(move || {
                if fail {
                    return Err(EBUSY);
                }
                Ok(Ok::<u32, Error>(7))
            })
        };
        assert_eq!(KBox::init(number(true), GFP_KERNEL).unwrap_err(), EBUSY);
        assert_eq!(*KBox::init(number(false), GFP_KERNEL).unwrap(), 7);
    }

    #[test]
    fn arrays_are_made_whole_or_not() {
        let count = Rc::new(());
        let one = |i: usize| if i < 3 { Ok(count.clone()) } else { Err(EBUSY) };
        let row: Result<KBox<[Rc<()>; 3]>> = KBox::init(init_array_from_fn(one), GFP_KERNEL);
        assert_eq!(Rc::strong_count(&count), 4);
        drop(row);
        let failed: Result<Pin<KBox<[Rc<()>; 4]>>> =
            KBox::pin_init(pin_init_array_from_fn(one), GFP_KERNEL);
        assert_eq!(failed.unwrap_err(), EBUSY);
        assert_eq!(Rc::strong_count(&count), 1);
    }

    #[test]
    fn what_is_made_can_be_looked_at() {
        let made: Result<Pin<KBox<u32>>> = KBox::try_pin_init(
            pin_init_scope(|| Ok(Ok::<u32, Error>(7))).pin_chain(|value: Pin<&mut u32>| {
                *value.get_mut() += 1;
                Ok::<(), Error>(())
            }),
            GFP_KERNEL,
        );
        assert_eq!(*made.unwrap(), 8);
    }
}
