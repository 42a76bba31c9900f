// SPDX-License-Identifier: GPL-2.0-only

//! Faults that a driver can write, and that do no harm to memory: what happens then.

#![allow(
    unsafe_code,
    reason = "the macro of locks has some, of which a driver's lint does not speak"
)]

use koxide_abi::host::uaccess::{START, set};

use crate::new_mutex;
use crate::prelude::*;
use crate::sync::{Arc, Mutex};
use crate::uaccess::UserSlice;

#[test]
fn a_number_that_was_cut_is_checked_where_it_is_used() {
    let records = [10, 20];
    let named = 0x1_0000_0001_u64;
    // The wrong record, and never one outside.
    assert_eq!(records.get(named as u32 as usize), Some(&20));
    assert_eq!(records.get((named + 1) as u32 as usize), None);
    // The idiom.
    assert!(u32::try_from(named).is_err());
}

/// Something that several own, and that may own another one of its kind.
#[pin_data]
struct Owner {
    watched: std::sync::Arc<()>,
    #[pin]
    next: Mutex<Option<Arc<Owner>>>,
}

#[test]
#[cfg_attr(miri, ignore = "it leaks, which is what it shows")]
fn owners_in_a_circle_leak() {
    let watched = std::sync::Arc::new(());
    let owner = || {
        let watched = watched.clone();
        let init = pin_init!(Owner { watched, next <- new_mutex!(None) });
        Arc::pin_init(init, GFP_KERNEL).unwrap()
    };
    let alone = owner();
    let circle = owner();
    *circle.next.lock() = Some(circle.clone());
    drop(alone);
    drop(circle);
    // The circle is still there, and will be for ever.
    assert_eq!(std::sync::Arc::strong_count(&watched), 2);
}

#[test]
fn two_readers_of_one_address_see_it_change() -> Result {
    set(&4_u32.to_le_bytes());
    let checked: u32 = UserSlice::new(START, 4).reader().read()?;
    set(&0xffff_ffff_u32.to_le_bytes());
    let used: u32 = UserSlice::new(START, 4).reader().read()?;
    // Both are numbers; but what was checked says nothing of what is used.
    assert_eq!((checked, used), (4, u32::MAX));
    Ok(())
}

#[test]
fn between_two_guards_the_value_changes() -> Result {
    let room = KBox::pin_init(new_mutex!(1_u32), GFP_KERNEL)?;
    let is_free = *room.lock() > 0;
    // Somebody else was faster.
    *room.lock() -= 1;
    assert!(is_free);
    // Where it is used it is looked at again, under the guard under which it is changed.
    let mut room = room.lock();
    assert_eq!(room.checked_sub(1).map(|left| *room = left), None);
    Ok(())
}
