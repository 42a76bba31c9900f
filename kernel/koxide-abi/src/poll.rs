// SPDX-License-Identifier: GPL-2.0-only

//! What poll(2) and its relatives wait for: include/linux/poll.h.

use core::ffi::c_void;

#[cfg(not(target_os = "none"))]
use crate::host::wait as twin;
use crate::types::{file, poll_table_struct};

shims! {
    /// Lets whoever polls a file be woken by a wait queue.
    ///
    /// # Safety
    ///
    /// `file` is an open file, `head` was made by [`kx_init_waitqueue_head`](crate::kx_init_waitqueue_head), `table` is
    /// null or that of a poll under way. Before the queue goes, [`kx_end_polls`] is called. Process context; may
    /// sleep.
    #[host(twin::poll_wait)]
    pub fn kx_poll_wait(file: *mut file, head: *mut c_void, table: *mut poll_table_struct);

    /// Has everybody who polls on a queue leave it, and waits until they have. An epoll or io_uring leaves at once; a poll or select
    /// when its thread returns to user space. Process context; sleeps.
    ///
    /// # Safety
    ///
    /// `head` was made by [`kx_init_waitqueue_head`](crate::kx_init_waitqueue_head), and nobody registers with it any more.
    #[host(twin::end_polls)]
    pub fn kx_end_polls(head: *mut c_void);
}
