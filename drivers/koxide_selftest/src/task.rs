// SPDX-License-Identifier: GPL-2.0-only

//! Who runs.

use kernel::{current, prelude::*};

/// Says who loads the module.
pub(crate) fn say_who() {
    let task = current!();
    pr_info!(
        "loaded by {}, thread {} of process {}, user {}\n",
        task.comm(),
        task.pid(),
        task.tgid(),
        task.uid().into_uid_in_current_ns()
    );
}

#[kunit_tests(task)]
mod tests {
    use kernel::{
        kthread,
        sync::aref::ARef,
        task::{Kuid, Task, cond_resched, might_sleep},
    };

    use super::*;

    #[test]
    fn this_task_is_known() {
        let task = current!();
        assert_eq!(task.uid(), Kuid::current_euid());
        assert_eq!(task.tgid_vnr(), task.tgid());
        assert_eq!(task.group_leader().pid(), task.tgid());
        assert!(!task.signal_pending());
        assert!(**task == **current!());
        might_sleep();
        cond_resched();
    }

    #[test]
    fn a_task_is_kept_after_its_end() -> Result {
        let thread = kthread::spawn(c"kx-kept", || ARef::<Task>::from(&**current!()))?;
        let task = thread.join();
        // The thread is gone, and its task is still there.
        assert_eq!(task.comm().as_bytes(), b"kx-kept");
        assert_ne!(task.pid(), current!().pid());
        task.wake_up();
        Ok(())
    }
}
