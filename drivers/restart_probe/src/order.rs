// SPDX-License-Identifier: GPL-2.0-only

//! What is to happen.

use kernel::{
    prelude::*,
    sync::{
        Arc,
        atomic::{Atomic, Relaxed},
    },
    time::{Delta, delay::fsleep},
};

use crate::{Instance, later};

/// What is written to a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The write panics.
    Panic,
    /// It waits until it is told to go on.
    Wait,
    /// It waits, and panics then.
    WaitPanic,
    /// Those that wait go on.
    Go,
    /// A work, a timer, one in a hard interrupt, or a thread panics.
    Work,
    Timer,
    HrTimer,
    Thread,
    /// A work is to come in an hour.
    Later,
    /// The file owns something that is registered.
    Own,
    /// Dropping the module's value panics.
    DropPanics,
    /// The next init does that.
    Next(Init),
}

/// What an init does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Init {
    Nothing,
    Fails,
    Panics,
    /// What it has started panics before it is over.
    WorkPanics,
}

/// An init got as far as that.
pub(crate) struct Done;

/// What the next init does.
static NEXT: Atomic<u32> = Atomic::new(0);

/// Those that wait may go on.
static GO: Atomic<bool> = Atomic::new(false);

/// Waits until it is told to go on, two seconds at most: what panics tells nobody.
fn wait() {
    for _ in 0..200 {
        if GO.load(Relaxed) {
            break;
        }
        fsleep(Delta::from_millis(10));
    }
}

/// Says what the next init does.
pub(crate) fn next_init(number: u32) {
    NEXT.store(number, Relaxed);
}

impl Init {
    /// The end of an init.
    pub(crate) fn happens(instance: &Arc<Instance>) -> Result<Done> {
        let this = match NEXT.load(Relaxed) {
            1 => Self::Fails,
            2 => Self::Panics,
            3 => Self::WorkPanics,
            _ => Self::Nothing,
        };
        next_init(0);
        match this {
            Self::Nothing => Ok(Done),
            Self::Fails => Err(ENXIO),
            Self::Panics => panic!("in init"),
            Self::WorkPanics => {
                later::work(instance)?;
                fsleep(Delta::from_millis(50));
                Ok(Done)
            }
        }
    }
}

impl Order {
    /// What a text says.
    pub(crate) fn of_text(text: &[u8]) -> Result<Self> {
        Ok(match text {
            b"panic" => Self::Panic,
            b"wait" => Self::Wait,
            b"wait-panic" => Self::WaitPanic,
            b"go" => Self::Go,
            b"work" => Self::Work,
            b"timer" => Self::Timer,
            b"hrtimer" => Self::HrTimer,
            b"thread" => Self::Thread,
            b"later" => Self::Later,
            b"own" => Self::Own,
            b"drop-panics" => Self::DropPanics,
            b"init-fails" => Self::Next(Init::Fails),
            b"init-panics" => Self::Next(Init::Panics),
            b"init-work-panics" => Self::Next(Init::WorkPanics),
            _ => return Err(EINVAL),
        })
    }

    /// Does it, but for what is the file's.
    pub(crate) fn happens(self, instance: &Arc<Instance>) -> Result {
        match self {
            Self::Panic => panic!("as it was told"),
            Self::Wait | Self::WaitPanic => {
                pr_info!("instance {} waits\n", instance.number);
                wait();
                assert!(self == Self::Wait, "it took a while");
                pr_info!("instance {} took a while\n", instance.number);
            }
            Self::Go => GO.store(true, Relaxed),
            Self::Work => later::work(instance)?,
            Self::Timer => later::timer(instance)?,
            Self::HrTimer => later::hrtimer(instance)?,
            Self::Thread => later::thread()?,
            Self::Later => later::in_an_hour(instance)?,
            Self::DropPanics => instance.breaks.store(true, Relaxed),
            Self::Next(init) => next_init(init as u32),
            Self::Own => {}
        }
        Ok(())
    }
}
