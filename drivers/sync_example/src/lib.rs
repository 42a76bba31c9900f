// SPDX-License-Identifier: GPL-2.0-only

//! Threads and a timer that wait for each other, and say in the kernel log what they lock, unlock and wait for.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod on_host;

mod logged;
mod post;

use kernel::{
    kthread::JoinHandle,
    prelude::*,
    sync::Arc,
    time::{
        msecs_to_jiffies,
        timer::{TimerHandle, TimerPointer},
    },
    types::ScopeGuard,
};

use post::Post;

module! {
    type: SyncExample,
    name: "sync_example",
    authors: ["The Koxide authors"],
    description: "Threads and a timer that wait for each other, and say so",
    license: "GPL",
    params: {
        parcels: u32 {
            default: 3,
            description: "How many parcels are sent",
        },
        period_ms: u32 {
            default: 50,
            description: "How many milliseconds lie between two parcels",
        },
    },
}

/// The post office and who works there. Dropping a thread's handle waits for the thread, and dropping a timer's disarms it.
struct SyncExample {
    post: Arc<Post>,
    _clock: Option<TimerHandle<Post>>,
    _sender: JoinHandle<Result>,
    _receiver: JoinHandle<u64>,
}

impl kernel::Module for SyncExample {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let parcels = module_parameters::parcels.value();
        let post = Post::new(parcels, module_parameters::period_ms.value())?;
        let receiver = post::spawn_receiver(&post)?;
        // Without a sender the receiver would wait for ever, and its handle for it.
        let closing = ScopeGuard::new_with_data(post.clone(), |post| post.close());
        let sender = post::spawn_sender(&post)?;
        let post = closing.dismiss();
        let module = Self {
            _clock: (parcels > 0).then(|| post.clone().arm(post.period())),
            _sender: sender,
            _receiver: receiver,
            post,
        };
        let patience = msecs_to_jiffies(5000);
        let left = module.post.opened.wait_for_completion_timeout(patience)?;
        pr_info!("completion: opened, {left} of {patience} jiffies before the time was over\n");
        Ok(module)
    }
}

impl Drop for SyncExample {
    fn drop(&mut self) {
        // The threads wait for this, and the handles for the threads.
        self.post.close();
        pr_info!("closed\n");
    }
}
