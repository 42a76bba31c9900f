// SPDX-License-Identifier: GPL-2.0-only

//! Who may open a device.

use kernel::{
    new_condvar, new_mutex,
    pin_init::PinInit,
    prelude::*,
    sync::{CondVar, Mutex},
    task::Kuid,
};

/// Who may open a device at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Everybody.
    Everybody,
    /// One user, as often as they like; others fail.
    OneUser,
    /// One user; others wait.
    OneUserOthersWait,
}

/// Who has a device open, where that matters.
struct Owner {
    user: Kuid,
    files: usize,
}

/// The entrance of a device.
#[pin_data]
pub(crate) struct Access {
    policy: Policy,
    #[pin]
    owner: Mutex<Option<Owner>>,
    #[pin]
    left: CondVar,
}

impl Access {
    /// The entrance of a device that nobody has open.
    pub(crate) fn new(policy: Policy) -> impl PinInit<Self> {
        pin_init!(Self {
            policy,
            owner <- new_mutex!(None),
            left <- new_condvar!(),
        })
    }

    /// A user comes in; [`leave`](Self::leave) is called for each success.
    ///
    /// # Errors
    ///
    /// While another user has the device: `EBUSY`, or, where one waits, `EAGAIN` for who does not, and `ERESTARTSYS` when a
    /// signal comes.
    pub(crate) fn enter(&self, user: Kuid, waits: bool) -> Result {
        if self.policy == Policy::Everybody {
            return Ok(());
        }
        let mut owner = self.owner.lock();
        loop {
            match &mut *owner {
                None => *owner = Some(Owner { user, files: 1 }),
                Some(owner) if owner.user == user => {
                    owner.files = owner.files.saturating_add(1);
                }
                Some(_) if self.policy == Policy::OneUser => return Err(EBUSY),
                Some(_) if !waits => return Err(EAGAIN),
                Some(_) => {
                    if self.left.wait_interruptible(&mut owner) {
                        return Err(ERESTARTSYS);
                    }
                    continue;
                }
            }
            return Ok(());
        }
    }

    /// A user goes out.
    pub(crate) fn leave(&self) {
        if self.policy == Policy::Everybody {
            return;
        }
        let mut owner = self.owner.lock();
        let Some(owned) = &mut *owner else { return };
        owned.files = owned.files.saturating_sub(1);
        if owned.files == 0 {
            *owner = None;
            self.left.notify_all();
        }
    }
}
