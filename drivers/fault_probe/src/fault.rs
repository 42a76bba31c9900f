// SPDX-License-Identifier: GPL-2.0-only

//! What goes wrong: each kind of panic that compilers and programmers know.

use kernel::{
    fmt,
    pin_init::pin_init_array_from_fn,
    prelude::*,
    sync::{Arc, ArcBorrow},
    time::{
        Delta, Jiffies,
        delay::fsleep,
        timer::{Timer, TimerCallback, impl_has_timer},
    },
};

use crate::plan::{Fault, Plan};

/// Lets it happen.
#[inline(never)]
pub(crate) fn happen(plan: Plan) {
    // The compiler does not know what it is.
    let one = plan.one();
    let few = [1, 2, 3, 4];
    let result = match plan.fault() {
        Fault::Nothing => 0,
        Fault::Index => few[3 + one],
        Fault::Overflow => usize::MAX + one,
        Fault::Divide => 1 / (one - 1),
        Fault::None => few.get(3 + one).copied().unwrap(),
        Fault::Expect => few.get(3 + one).copied().expect("there is a fifth"),
        Fault::Slice => few[3 + one * 2..].len(),
        Fault::Panic => panic!("as it was planned"),
        Fault::Assert => {
            assert_eq!(one, 2, "one is not two");
            0
        }
        Fault::Late => {
            fsleep(Delta::from_millis(500));
            // Who has this check fail without the sleep before it does not sleep where nobody may.
            assert!(one != 1, "later than others");
            0
        }
        Fault::Display => {
            pr_info!("this is not in the log: {}\n", Unspeakable(one));
            0
        }
        other => broken(other, one).map_or(1, |()| 0),
    };
    core::hint::black_box(result);
}

/// What owns something, and breaks when it is dropped or made.
fn broken(fault: Fault, one: usize) -> Result {
    match fault {
        Fault::DropBox => drop(KBox::new(Fragile::new(one)?, GFP_ATOMIC)?),
        Fault::DropArc => drop(Arc::new(Fragile::new(one)?, GFP_ATOMIC)?),
        Fault::DropRow => drop(row(one)?),
        Fault::DropRest => drop(row(one)?.into_iter()),
        Fault::Half => drop(KBox::pin_init(Ticking::new(one, one), GFP_ATOMIC)?),
        Fault::HalfRow => {
            let row = pin_init_array_from_fn(|at| Ticking::new(at, one));
            let row: Pin<KBox<[Ticking; 3]>> = KBox::pin_init(row, GFP_ATOMIC)?;
            drop(row);
        }
        _ => drop(Fragile::new(one)?),
    }
    Ok(())
}

/// Some of which the second breaks.
fn row(one: usize) -> Result<KVec<Fragile>> {
    let mut row = KVec::new();
    for breaks in [0, one, 0] {
        row.push(Fragile::new(breaks)?, GFP_ATOMIC)?;
    }
    Ok(row)
}

/// Panics when it is dropped, if its number is not 0.
struct Fragile(usize, KBox<usize>);

impl Fragile {
    fn new(breaks: usize) -> Result<Self> {
        Ok(Self(breaks, KBox::new(breaks, GFP_ATOMIC)?))
    }
}

impl Drop for Fragile {
    // One place that panics, not one in whatever drops it.
    #[inline(never)]
    fn drop(&mut self) {
        assert!(self.0 == 0 && *self.1 == 0, "it broke when it was dropped");
    }
}

/// Panics when it is to be shown.
struct Unspeakable(usize);

impl fmt::Display for Unspeakable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(self.0 == 0, "there are no words for it");
        f.write_str("it is nothing")
    }
}

/// A timer, which the module's exit knows of from the moment it is made; what comes after it cannot be made.
#[pin_data]
struct Ticking {
    #[pin]
    timer: Timer<Self>,
    owned: KBox<usize>,
    last: usize,
}

impl_has_timer! {
    impl HasTimer<Self> for Ticking { self.timer }
}

impl TimerCallback for Ticking {
    fn run(_this: ArcBorrow<'_, Self>) -> Option<Jiffies> {
        None
    }
}

impl Ticking {
    /// One that is made whole before the second.
    fn new(at: usize, one: usize) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            timer <- Timer::new(),
            owned: KBox::new(at, GFP_ATOMIC)?,
            last: 1 / (at.abs_diff(one)),
        })
    }
}
