// SPDX-License-Identifier: GPL-2.0-only

//! Memory from the C-like allocator of the standard library, with a header that remembers the layout, and a ledger of
//! what is in use.

use core::ffi::c_void;
use std::alloc::{Layout, alloc, dealloc};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::context;
use super::machine::{current, lock};

/// Below each block: its [`Header`], in room that keeps the alignment of 16 bytes.
const HEADER: usize = 32;

/// `__GFP_ZERO`.
const ZERO: u32 = 0x100;

/// `__GFP_DIRECT_RECLAIM`: the allocation may sleep.
const MAY_SLEEP: u32 = 0x400;

/// What the allocator must know to free a block.
struct Header {
    size: usize,
    align: usize,
    ledger: Arc<Ledger>,
}

const _: () = assert!(size_of::<Header>() <= HEADER);

/// What is in use of a machine's memory, and which allocations are to fail.
#[derive(Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Default)]
struct Book {
    /// How many allocations were asked for.
    asked: u64,
    /// The number of the allocation that fails.
    fails: Option<u64>,
    /// What is in use, by its address.
    blocks: BTreeMap<usize, Entry>,
    /// How many blocks there were in all.
    made: u64,
    /// How many there were before the module.
    before: u64,
}

struct Entry {
    size: usize,
    /// Its place among all blocks.
    made: u64,
    /// As [`Ledger::fail`] counts.
    number: u64,
    from: Backtrace,
}

impl Ledger {
    /// Lets one allocation fail, counted from now on: the first is 1. `None` lets all succeed.
    pub fn fail(&self, which: Option<u64>) {
        let mut book = lock(&self.0);
        book.asked = 0;
        book.fails = which;
    }

    /// How many allocations were asked for since [`fail`](Self::fail).
    pub fn asked(&self) -> u64 {
        lock(&self.0).asked
    }

    /// What is in use now is not reported.
    pub(super) fn mark(&self) {
        let mut book = lock(&self.0);
        book.before = book.made;
    }

    /// Notes a block.
    fn note(&self, addr: usize, size: usize, number: u64) {
        // Miri says itself where a leak was allocated, and takes long to look here.
        let from = if cfg!(miri) {
            Backtrace::disabled()
        } else {
            Backtrace::capture()
        };
        let mut book = lock(&self.0);
        book.made += 1;
        let made = book.made;
        let entry = Entry {
            size,
            made,
            number,
            from,
        };
        book.blocks.insert(addr, entry);
    }

    /// Counts an allocation: its number, unless it is to fail.
    pub(super) fn ask(&self) -> Option<u64> {
        let mut book = lock(&self.0);
        book.asked += 1;
        (book.fails != Some(book.asked)).then_some(book.asked)
    }

    /// A line for each block in use since [`mark`](Self::mark).
    pub(super) fn report(&self) -> Vec<String> {
        let line = |entry: &Entry| {
            let from = match entry.from.status() {
                BacktraceStatus::Captured => format!(", from\n{}", entry.from),
                _ => String::new(),
            };
            let Entry { size, number, .. } = entry;
            format!("{size} bytes of memory were not freed: allocation {number}{from}")
        };
        let book = lock(&self.0);
        let new = book
            .blocks
            .values()
            .filter(|entry| entry.made > book.before);
        new.map(line).collect()
    }
}

/// Whether an allocation of something that is no block may succeed.
pub(super) fn may_have() -> bool {
    context::might_sleep();
    current().ledger.ask().is_some()
}

/// The distance from what the allocator gave to what the caller gets.
fn offset(align: usize) -> usize {
    HEADER.max(align)
}

/// Allocates a block and writes its header; null when the allocator has nothing.
fn allocate(size: usize, align: usize, flags: u32) -> *mut c_void {
    if flags & MAY_SLEEP != 0 {
        context::might_sleep();
    }
    let ledger = current().ledger.clone();
    let Some(number) = ledger.ask() else {
        return core::ptr::null_mut();
    };
    let align = align.max(align_of::<Header>());
    let Some(total) = size.checked_add(offset(align)) else {
        return core::ptr::null_mut();
    };
    let Ok(layout) = Layout::from_size_align(total, align) else {
        return core::ptr::null_mut();
    };
    // SAFETY: the layout's size is not 0, since it contains the header.
    let base = unsafe { alloc(layout) };
    if base.is_null() {
        return core::ptr::null_mut();
    }
    // SAFETY: `offset(align)` is within the block.
    let block = unsafe { base.add(offset(align)) };
    ledger.note(block.addr(), size, number);
    // SAFETY: the header lies between `base` and `block`, and both are aligned to at least a `usize`.
    unsafe {
        header(block).write(Header {
            size,
            align,
            ledger,
        })
    };
    if flags & ZERO != 0 {
        // SAFETY: the block has `size` bytes from here on.
        unsafe { block.write_bytes(0, size) };
    }
    block.cast()
}

/// Where a block's header is.
fn header(block: *mut u8) -> *mut Header {
    block.wrapping_sub(HEADER).cast()
}

/// Twin of `kx_kmalloc`.
///
/// # Safety
///
/// As for `kx_kmalloc`.
pub(crate) unsafe fn kmalloc(size: usize, flags: u32) -> *mut c_void {
    assert!(size <= 4096 && flags & MAY_SLEEP != 0);
    allocate(size, 8, flags)
}

/// Twin of `kx_kvmalloc`.
///
/// # Safety
///
/// As for `kx_kvmalloc`.
pub(crate) unsafe fn kvmalloc(size: usize, flags: u32) -> *mut c_void {
    assert!(flags & MAY_SLEEP != 0);
    allocate(size, 8, flags)
}

/// Twin of `kx_krealloc`.
///
/// # Safety
///
/// As for `kx_krealloc`.
pub(crate) unsafe fn krealloc(
    ptr: *mut c_void,
    size: usize,
    align: usize,
    flags: u32,
) -> *mut c_void {
    let new = allocate(size, align, flags);
    if !ptr.is_null() && !new.is_null() {
        // SAFETY: `ptr` came from `allocate`, which wrote the header.
        let old_size = unsafe { (*header(ptr.cast())).size };
        // SAFETY: both blocks have at least so many bytes, and the new one is not the old one.
        unsafe { core::ptr::copy_nonoverlapping(ptr.cast::<u8>(), new.cast(), old_size.min(size)) };
        // SAFETY: `ptr` came from here and was not freed.
        unsafe { free(ptr) };
    }
    new
}

/// Twin of `kx_vrealloc` and `kx_kvrealloc`.
///
/// # Safety
///
/// As for `kx_vrealloc`.
pub(crate) unsafe fn vrealloc(
    ptr: *mut c_void,
    old_size: usize,
    size: usize,
    align: usize,
    flags: u32,
) -> *mut c_void {
    if !ptr.is_null() {
        // SAFETY: `ptr` came from `allocate`, which wrote the header.
        let known = unsafe { (*header(ptr.cast())).size };
        assert_eq!(
            known, old_size,
            "the caller named another size than it allocated"
        );
    }
    // SAFETY: the contract is the same but for `old_size`.
    unsafe { krealloc(ptr, size, align, flags) }
}

/// Twin of `kx_kfree`, `kx_vfree` and `kx_kvfree`.
///
/// # Safety
///
/// As for `kx_kfree`.
pub(crate) unsafe fn free(ptr: *mut c_void) {
    let block: *mut u8 = ptr.cast();
    // SAFETY: `ptr` came from `allocate`, which wrote the header, and is freed once.
    let Header {
        size,
        align,
        ledger,
    } = unsafe { header(block).read() };
    lock(&ledger.0).blocks.remove(&block.addr());
    let base = block.wrapping_sub(offset(align));
    // SAFETY: this is the layout that `allocate` made of the same two numbers.
    let layout = unsafe { Layout::from_size_align_unchecked(size + offset(align), align) };
    // SAFETY: `base` was allocated with this layout and is freed once.
    unsafe { dealloc(base, layout) };
}
