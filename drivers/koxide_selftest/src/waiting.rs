// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/koxide-waiting`: the threads that use an open file wait for each other, each ioctl in another way.

use kernel::{
    fs::File,
    ioctl::_IO,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    pin_init::PinInit,
    prelude::*,
    sync::{
        Completion, CondVar, CondVarTimeoutResult, Mutex, RwSemaphore, SpinLock, WaitQueue,
        atomic::{Atomic, Full, Relaxed, Release},
        new_condvar, new_mutex, new_rwsem, new_spinlock, new_waitqueue,
    },
};

/// What the threads of an open file share.
#[pin_data]
pub(crate) struct Waiting {
    #[pin]
    turns: Mutex<usize>,
    #[pin]
    changed: CondVar,
    #[pin]
    spinning: SpinLock<usize>,
    #[pin]
    spinning_changed: CondVar,
    events: Atomic<usize>,
    #[pin]
    happened: WaitQueue,
    #[pin]
    done: Completion,
    #[pin]
    shared: RwSemaphore<isize>,
}

const WAIT: u32 = _IO(b'w' as u32, 1);
const WAIT_INTERRUPTIBLE: u32 = _IO(b'w' as u32, 2);
const WAIT_TIMEOUT: u32 = _IO(b'w' as u32, 3);
const WAIT_INTERRUPTIBLE_TIMEOUT: u32 = _IO(b'w' as u32, 4);
const NOTIFY_ONE: u32 = _IO(b'w' as u32, 5);
const NOTIFY_ALL: u32 = _IO(b'w' as u32, 6);
const NOTIFY_SYNC: u32 = _IO(b'w' as u32, 7);
const SPIN_WAIT: u32 = _IO(b'w' as u32, 8);
const SPIN_NOTIFY: u32 = _IO(b'w' as u32, 9);
const EVENT_WAIT: u32 = _IO(b'w' as u32, 10);
const EVENT_WAIT_INTERRUPTIBLE: u32 = _IO(b'w' as u32, 11);
const EVENT_WAIT_TIMEOUT: u32 = _IO(b'w' as u32, 12);
const EVENT_WAIT_INTERRUPTIBLE_TIMEOUT: u32 = _IO(b'w' as u32, 13);
const EVENT: u32 = _IO(b'w' as u32, 14);
const DONE_WAIT: u32 = _IO(b'w' as u32, 15);
const DONE_WAIT_INTERRUPTIBLE: u32 = _IO(b'w' as u32, 16);
const DONE_WAIT_TIMEOUT: u32 = _IO(b'w' as u32, 17);
const DONE_WAIT_INTERRUPTIBLE_TIMEOUT: u32 = _IO(b'w' as u32, 18);
const COMPLETE: u32 = _IO(b'w' as u32, 19);
const COMPLETE_ALL: u32 = _IO(b'w' as u32, 20);
const REINIT: u32 = _IO(b'w' as u32, 21);
const WRITE: u32 = _IO(b'w' as u32, 22);
const READ: u32 = _IO(b'w' as u32, 23);
const READ_INTERRUPTIBLE: u32 = _IO(b'w' as u32, 24);

impl Waiting {
    fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            turns <- new_mutex!(0),
            changed <- new_condvar!(),
            spinning <- new_spinlock!(0),
            spinning_changed <- new_condvar!(),
            events: Atomic::new(0),
            happened <- new_waitqueue!(),
            done <- Completion::new(),
            shared <- new_rwsem!(0),
        })
    }

    /// Takes turns with a mutex, and waits for one if there is none.
    fn turn(&self, cmd: u32, jiffies: usize) -> Result<isize> {
        let mut turns = self.turns.lock();
        while *turns == 0 {
            match cmd {
                WAIT => self.changed.wait(&mut turns),
                WAIT_INTERRUPTIBLE if self.changed.wait_interruptible(&mut turns) => {
                    return Err(ERESTARTSYS);
                }
                WAIT_INTERRUPTIBLE => {}
                WAIT_TIMEOUT => ended(self.changed.wait_timeout(&mut turns, jiffies))?,
                _ => {
                    ended(self.changed.wait_interruptible_timeout(&mut turns, jiffies))?;
                }
            }
        }
        *turns -= 1;
        Ok(0)
    }

    /// Waits for an event.
    fn event(&self, cmd: u32, jiffies: usize) -> Result<isize> {
        let happened = || {
            let mut events = self.events.load(Relaxed);
            while events > 0 {
                match self.events.cmpxchg(events, events - 1, Full) {
                    Ok(_) => return true,
                    Err(now) => events = now,
                }
            }
            false
        };
        let queue = &self.happened;
        let left = match cmd {
            EVENT_WAIT => {
                queue.wait_event(happened);
                0
            }
            EVENT_WAIT_INTERRUPTIBLE => {
                queue.wait_event_interruptible(happened)?;
                0
            }
            EVENT_WAIT_TIMEOUT => queue.wait_event_timeout(jiffies, happened)?,
            _ => queue.wait_event_interruptible_timeout(jiffies, happened)?,
        };
        Ok(left as isize)
    }

    /// Waits until it is done.
    fn completion(&self, cmd: u32, jiffies: usize) -> Result<isize> {
        let done = &self.done;
        let left = match cmd {
            DONE_WAIT => {
                done.wait_for_completion();
                0
            }
            DONE_WAIT_INTERRUPTIBLE => {
                done.wait_for_completion_interruptible()?;
                0
            }
            DONE_WAIT_TIMEOUT => done.wait_for_completion_timeout(jiffies)?,
            _ => done.wait_for_completion_interruptible_timeout(jiffies)?,
        };
        Ok(left as isize)
    }

    /// Writes while it waits until something is done, or reads.
    fn share(&self, cmd: u32, value: usize) -> Result<isize> {
        match cmd {
            WRITE => {
                let mut shared = self.shared.write();
                *shared = -1;
                self.done.wait_for_completion();
                *shared = value as isize;
                Ok(0)
            }
            READ => Ok(*self.shared.read()),
            _ => Ok(*self.shared.read_interruptible()?),
        }
    }

    /// Gives turns to those who wait.
    fn notify(&self, cmd: u32, turns: usize) {
        *self.turns.lock() += turns;
        match cmd {
            NOTIFY_ONE => self.changed.notify_one(),
            NOTIFY_SYNC => self.changed.notify_sync(),
            _ => self.changed.notify_all(),
        }
    }
}

/// How a wait ended, as an errno.
fn ended(result: CondVarTimeoutResult) -> Result {
    match result {
        CondVarTimeoutResult::Woken { .. } => Ok(()),
        CondVarTimeoutResult::Timeout => Err(ETIMEDOUT),
        CondVarTimeoutResult::Signal { .. } => Err(ERESTARTSYS),
    }
}

#[vtable]
impl MiscDevice for Waiting {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        KBox::pin_init(Waiting::new(), GFP_KERNEL)
    }

    fn ioctl(this: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            WAIT..=WAIT_INTERRUPTIBLE_TIMEOUT => this.turn(cmd, arg),
            NOTIFY_ONE | NOTIFY_ALL | NOTIFY_SYNC => {
                this.notify(cmd, arg);
                Ok(0)
            }
            SPIN_WAIT => {
                let mut turns = this.spinning.lock();
                while *turns == 0 {
                    this.spinning_changed.wait(&mut turns);
                }
                *turns -= 1;
                Ok(0)
            }
            SPIN_NOTIFY => {
                *this.spinning.lock() += arg;
                this.spinning_changed.notify_all();
                Ok(0)
            }
            EVENT_WAIT..=EVENT_WAIT_INTERRUPTIBLE_TIMEOUT => this.event(cmd, arg),
            EVENT => {
                this.events.fetch_add(arg, Release);
                this.happened.wake_up();
                Ok(0)
            }
            DONE_WAIT..=DONE_WAIT_INTERRUPTIBLE_TIMEOUT => this.completion(cmd, arg),
            COMPLETE => {
                (0..arg).for_each(|_| this.done.complete());
                Ok(0)
            }
            COMPLETE_ALL => {
                this.done.complete_all();
                Ok(0)
            }
            REINIT => {
                this.done.reinit();
                Ok(0)
            }
            WRITE..=READ_INTERRUPTIBLE => this.share(cmd, arg),
            _ => Err(ENOTTY),
        }
    }
}

/// Registers `/dev/koxide-waiting`.
pub(crate) fn registration() -> impl PinInit<MiscDeviceRegistration<Waiting>, Error> {
    MiscDeviceRegistration::register(MiscDeviceOptions {
        name: c"koxide-waiting",
    })
}

#[kunit_tests(waiting)]
mod tests {
    use kernel::{
        kthread,
        sync::Arc,
        time::{Delta, delay::fsleep},
    };

    use super::*;

    #[test]
    fn a_thread_that_waits_can_be_stopped() -> Result {
        let waiting = Arc::pin_init(Waiting::new(), GFP_KERNEL)?;
        let theirs = waiting.clone();
        let thread = kthread::spawn(c"waiting", move || {
            let mut looked = 0;
            let ended = theirs.happened.wait_event_interruptible(|| {
                looked += 1;
                kthread::should_stop()
            });
            (ended, looked)
        })?;
        fsleep(Delta::from_millis(50));
        waiting.happened.wake_up();
        fsleep(Delta::from_millis(50));
        assert!(!thread.is_finished());
        let (ended, looked) = thread.stop();
        // It looked before it waited, when it was in the queue, and whenever it was woken; it did not go round and round.
        assert!(ended.is_ok() && (3..=6).contains(&looked));
        Ok(())
    }
}
