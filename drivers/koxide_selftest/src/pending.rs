// SPDX-License-Identifier: GPL-2.0-only

//! What is still pending when the module goes, on request.

use kernel::{
    kthread,
    prelude::*,
    time::{Delta, delay::fsleep},
};

/// Leaves something behind, which the module's exit has to end.
pub(crate) fn leave(what: u32) -> Result {
    match what {
        1 => forget_a_thread(),
        2 => forget_a_thread().and(Err(EBUSY)),
        _ => Ok(()),
    }
}

/// Starts a thread that nobody will stop.
fn forget_a_thread() -> Result {
    let thread = kthread::spawn(c"kx-forgotten", || {
        while kthread::sleep(Delta::from_secs(3600)) {}
        fsleep(Delta::from_millis(100));
        pr_info!("the forgotten thread has ended\n");
    })?;
    core::mem::forget(thread);
    Ok(())
}
