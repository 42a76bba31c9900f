// SPDX-License-Identifier: GPL-2.0-only

//! Does while it is loaded what its parameter names: one mistake for each detector of a debug kernel that can see Rust
//! code. Those with `unsafe` are what the library's own code could do wrong, the others what a driver can.

use core::hint::black_box;
use core::mem::forget;
use kernel::prelude::*;
use kernel::sync::{Arc, Mutex, SpinLock, new_mutex, new_spinlock};

module! {
    type: Broken,
    name: "broken_rust",
    authors: ["The authors of Koxide"],
    description: "Makes the mistake that its parameter names",
    license: "GPL",
    params: {
        fault: str { default: "", description: "The mistake" },
    },
}

static TABLE: [u8; 13] = *b"thirteen byte";

/// Reads a byte that is not in what the pointer points at.
fn read_beyond(bytes: &[u8]) {
    let beyond = black_box(bytes.as_ptr()).wrapping_add(bytes.len());
    // SAFETY: none. This is the mistake.
    black_box(unsafe { beyond.read_volatile() });
}

fn heap() -> Result {
    let mut bytes = KVec::with_capacity(13, GFP_KERNEL)?;
    bytes.extend_from_slice(&TABLE, GFP_KERNEL)?;
    read_beyond(&bytes);
    Ok(())
}

fn stack() -> Result {
    let bytes = black_box(TABLE);
    read_beyond(&bytes);
    Ok(())
}

fn global() -> Result {
    read_beyond(&TABLE);
    Ok(())
}

fn use_after_free() -> Result {
    let freed = KBox::into_raw(KBox::new(black_box(7_u64), GFP_KERNEL)?);
    // SAFETY: It came from a box, and is taken back once.
    drop(unsafe { KBox::from_raw(freed) });
    // SAFETY: none. This is the mistake.
    black_box(unsafe { freed.read_volatile() });
    Ok(())
}

fn copy() -> Result {
    let mut to = KVec::from_elem(0_u8, 13, GFP_KERNEL)?;
    let from = KVec::from_elem(1_u8, 64, GFP_KERNEL)?;
    // SAFETY: none. This is the mistake: there is room for 13.
    unsafe { core::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), black_box(14)) };
    black_box(&to);
    Ok(())
}

fn leaks() -> Result {
    forget(KBox::new([0x5a_u8; 777], GFP_KERNEL)?);
    Ok(())
}

fn sleeps_under_spinlock() -> Result {
    let lock = Arc::pin_init(new_spinlock!(0_u32), GFP_KERNEL)?;
    let mut number = SpinLock::lock(&lock);
    *number = *KBox::new(1, GFP_KERNEL)?;
    Ok(())
}

fn inverts_locks() -> Result {
    let first = Arc::pin_init(new_mutex!((), "first"), GFP_KERNEL)?;
    let second = Arc::pin_init(new_mutex!((), "second"), GFP_KERNEL)?;
    {
        let _outer = Mutex::lock(&first);
        let _inner = Mutex::lock(&second);
    }
    let _outer = Mutex::lock(&second);
    let _inner = Mutex::lock(&first);
    Ok(())
}

fn keeps_guard() -> Result {
    let lock = Arc::pin_init(new_mutex!(()), GFP_KERNEL)?;
    forget(lock.clone());
    forget(Mutex::lock(&lock));
    Ok(())
}

struct Broken;

impl kernel::Module for Broken {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        match module_parameters::fault.value().to_bytes() {
            b"heap" => heap(),
            b"stack" => stack(),
            b"global" => global(),
            b"use-after-free" => use_after_free(),
            b"copy" => copy(),
            b"leaks" => leaks(),
            b"sleeps-under-spinlock" => sleeps_under_spinlock(),
            b"inverts-locks" => inverts_locks(),
            b"keeps-guard" => keeps_guard(),
            _ => Err(EINVAL),
        }?;
        Ok(Self)
    }
}
