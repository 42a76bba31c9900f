// SPDX-License-Identifier: MIT OR Apache-2.0

//! The raw system calls: the one place on the host side that holds `unsafe`.
//!
//! Each function here is safe to call because of what it checks or of what it is handed, as its comments say.
#![allow(
    unsafe_code,
    reason = "system calls that neither std nor nix can make safe"
)]

use std::fs::File;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use nix::libc;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};

use crate::Errno;

/// The size of a page: kernels of one architecture may have different ones.
pub(crate) fn page() -> usize {
    // SAFETY: it can always be asked for.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).expect("a machine has pages")
}

fn result(value: impl Into<i64>) -> Result<usize, Errno> {
    let value: i64 = value.into();
    match usize::try_from(value) {
        Ok(value) => Ok(value),
        Err(_) => Err(nix::errno::Errno::last().into()),
    }
}

/// Where a range of pages is wished for: low, because the kernel refuses a buffer by itself whose claimed length reaches
/// beyond the end of the process's addresses, and next to which some architectures put mappings otherwise.
fn low_address(size: usize) -> Option<NonZeroUsize> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let (start, room): (usize, usize) = match usize::BITS {
        32 => (0x2000_0000, 0x1000_0000),
        _ => (0x2000_0000 << 8, 0x1000_0000 << 8),
    };
    let used = NEXT.fetch_add(size.next_multiple_of(1 << 20), Relaxed);
    NonZeroUsize::new(start + used % room)
}

/// A range of pages of this process that Rust holds no reference into.
///
/// The first `writable` bytes end where pages without any access begin, so the kernel finds out when it goes too far.
#[derive(Debug)]
pub(crate) struct Pages {
    start: NonNull<libc::c_void>,
    size: usize,
    accessible: usize,
}

impl Pages {
    /// Maps `accessible` bytes (rounded up to pages) with `access`, and one page behind them without any.
    pub(crate) fn new(accessible: usize, access: ProtFlags) -> Result<Self, Errno> {
        let accessible = accessible.next_multiple_of(page());
        let size = accessible + page();
        let length = NonZeroUsize::new(size).expect("one page at least");
        // SAFETY: a new private mapping overlaps nothing that exists: the address is a wish only.
        let start = unsafe {
            mmap_anonymous(
                low_address(size),
                length,
                ProtFlags::PROT_NONE,
                MapFlags::MAP_PRIVATE,
            )
        }?;
        let pages = Self {
            start,
            size,
            accessible,
        };
        if accessible > 0 {
            // SAFETY: the range is part of the mapping just made, and nothing refers to it.
            unsafe { mprotect(start, accessible, access) }?;
        }
        Ok(pages)
    }

    /// The address where the accessible part ends.
    pub(crate) fn end(&self) -> usize {
        self.start.as_ptr().addr() + self.accessible
    }

    /// Copies bytes out of the accessible part, `back` bytes before its end.
    pub(crate) fn copy_out(&self, back: usize, into: &mut [u8]) {
        assert!(into.len() <= back && back <= self.accessible);
        let from = self.start.as_ptr().cast::<u8>();
        // SAFETY: `accessible - back` is inside of the mapping, which is one allocation.
        let from = unsafe { from.add(self.accessible - back) };
        // SAFETY: the source has `back` readable bytes, at least as many as `into`, which is apart from the mapping
        // because safe code holds no reference into that.
        unsafe { from.copy_to_nonoverlapping(into.as_mut_ptr(), into.len()) };
    }

    /// Copies bytes into the accessible part, `back` bytes before its end.
    pub(crate) fn copy_in(&mut self, back: usize, bytes: &[u8]) {
        assert!(bytes.len() <= back && back <= self.accessible);
        let to = self.start.as_ptr().cast::<u8>();
        // SAFETY: `accessible - back` is inside of the mapping, which is one allocation.
        let to = unsafe { to.add(self.accessible - back) };
        // SAFETY: the target has `back` writable bytes, at least as many as `bytes`, which is apart from the mapping.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and nothing refers into it.
        let unmapped = unsafe { munmap(self.start, self.size) };
        // Under a fault plan this may fail for want of memory, and the pages stay until the process ends.
        debug_assert!(matches!(unmapped, Ok(()) | Err(nix::errno::Errno::ENOMEM)));
    }
}

/// Pages of a file in this process, that Rust holds no reference into.
#[derive(Debug)]
pub(crate) struct FilePages {
    start: NonNull<libc::c_void>,
    size: usize,
    writable: bool,
}

impl FilePages {
    /// Maps `count` pages from page number `first` on, shared with whoever else uses the file.
    pub(crate) fn new(
        file: &File,
        first: usize,
        count: usize,
        writable: bool,
    ) -> Result<Self, Errno> {
        let size = count * page();
        let length = NonZeroUsize::new(size).ok_or(Errno::EINVAL)?;
        let offset = libc::off_t::try_from(first * page()).map_err(|_| Errno::EINVAL)?;
        let mut access = ProtFlags::PROT_READ;
        access.set(ProtFlags::PROT_WRITE, writable);
        // SAFETY: a new mapping at an address that the kernel chooses overlaps nothing that exists.
        let start = unsafe { mmap(None, length, access, MapFlags::MAP_SHARED, file, offset) }?;
        Ok(Self {
            start,
            size,
            writable,
        })
    }

    /// One byte.
    pub(crate) fn get(&self, at: usize) -> u8 {
        assert!(at < self.size);
        // SAFETY: it is inside of the mapping, which is one allocation.
        let byte = unsafe { self.start.as_ptr().cast::<u8>().add(at) };
        // SAFETY: it is readable, or the kernel ends the process; who else writes it does so outside of this program.
        unsafe { byte.read_volatile() }
    }

    /// Writes one byte.
    pub(crate) fn set(&mut self, at: usize, value: u8) {
        assert!(at < self.size && self.writable);
        // SAFETY: it is inside of the mapping, which is one allocation.
        let byte = unsafe { self.start.as_ptr().cast::<u8>().add(at) };
        // SAFETY: it is writable, or the kernel ends the process; nothing of this program refers to it.
        unsafe { byte.write_volatile(value) };
    }

    /// Allows writing.
    pub(crate) fn allow_writing(&mut self) -> Result<(), Errno> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the range is this value's own, and nothing refers to it.
        unsafe { mprotect(self.start, self.size, access) }?;
        self.writable = true;
        Ok(())
    }
}

impl Drop for FilePages {
    fn drop(&mut self) {
        let unmap = || {
            // SAFETY: the mapping is this value's own, and nothing refers into it.
            unsafe { munmap(self.start, self.size) }
        };
        // The kernel may have no memory for that, where a test says so.
        let unmapped = unmap().or_else(|_| unmap());
        debug_assert!(unmapped.is_ok());
    }
}

/// An address for the kernel to use that it cannot do harm through: every writable byte from it up to the next
/// inaccessible page belongs to a [`Pages`] that the caller keeps, or there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Harmless(usize);

impl Harmless {
    /// The address `back` bytes before the end of `pages`.
    pub(crate) fn before_end(pages: &Pages, back: usize) -> Self {
        assert!(back <= pages.accessible);
        Self(pages.end() - back)
    }

    /// An address in the first page, which no process can map.
    pub(crate) const NULL: Self = Self(0);

    /// An address of the kernel's own half, where user space has no access.
    pub(crate) const KERNEL: Self = Self(match usize::BITS {
        32 => 0xc800_0000,
        _ => 0xffff_8880_0000_0000_u64 as usize,
    });

    /// The last address there is.
    pub(crate) const TOP: Self = Self(usize::MAX);
}

/// `read(2)` to `address`.
pub(crate) fn read(file: &File, address: Harmless, length: usize) -> Result<usize, Errno> {
    // SAFETY: the kernel writes from `address` up to the next inaccessible page at most: that is harmless by its type.
    let read = unsafe { libc::syscall(libc::SYS_read, file.as_raw_fd(), address.0, length) };
    result(read)
}

/// `write(2)` from `address`.
pub(crate) fn write(file: &File, address: Harmless, length: usize) -> Result<usize, Errno> {
    // SAFETY: the kernel only reads here.
    let written = unsafe { libc::syscall(libc::SYS_write, file.as_raw_fd(), address.0, length) };
    result(written)
}

/// Has the descriptor of `file` stand for `other`, too; what it stood for is closed.
pub(crate) fn replace(file: &File, other: &File) -> Result<(), Errno> {
    // SAFETY: both are open; what other values of this program know of the descriptor is that it is open, as it remains.
    let replaced = unsafe { libc::dup2(other.as_raw_fd(), file.as_raw_fd()) };
    result(replaced)?;
    Ok(())
}

/// `ioctl(2)` with a pointer.
pub(crate) fn ioctl_at(file: &File, request: u32, address: Harmless) -> Result<i32, Errno> {
    ioctl_value(file, request, address.0)
}

/// `ioctl(2)` with a number. A driver that takes the number for an address may write there: what such a request does
/// is the driver's contract, and the process that asks is a test's own, in a machine made for it.
pub(crate) fn ioctl_value(file: &File, request: u32, argument: usize) -> Result<i32, Errno> {
    // SAFETY: the arguments are plain numbers for this system call; what the driver does with them is as said above.
    let value = unsafe { libc::syscall(libc::SYS_ioctl, file.as_raw_fd(), request, argument) };
    result(value).map(|value| i32::try_from(value).unwrap_or(i32::MAX))
}

/// `ioctl(2)` with a number, as a 32-bit program makes it: through the system call table of i386.
///
/// As for [`ioctl_value`]; an address has 32 bits there, so that no memory that this process uses is reached.
#[cfg(target_arch = "x86_64")]
pub(crate) fn ioctl_compat(file: &File, request: u32, argument: u32) -> Result<i32, Errno> {
    const IOCTL_OF_I386: u64 = 54;
    let mut value = IOCTL_OF_I386;
    // SAFETY: the instruction clobbers no more than is said here, and the stack is as the kernel expects it; rbx, which
    // the compiler keeps for itself, is put back. What the driver does is as said above.
    unsafe {
        core::arch::asm!(
            "xchg rbx, {file}",
            "int 0x80",
            "xchg rbx, {file}",
            file = inout(reg) i64::from(file.as_raw_fd()) => _,
            inlateout("rax") value,
            in("rcx") u64::from(request),
            in("rdx") u64::from(argument),
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    let value = value as i32;
    if (-4095..0).contains(&value) {
        Err(Errno(-value))
    } else {
        Ok(value)
    }
}

/// Makes the calling thread, and only it, act for another user without any capability.
pub(crate) fn become_user(uid: u32, gid: u32) -> Result<(), Errno> {
    // SAFETY: the raw system call takes a count of zero and reads nothing; it acts on this thread alone.
    let groups = unsafe { libc::syscall(libc::SYS_setgroups, 0_usize, 0_usize) };
    result(groups)?;
    // SAFETY: three numbers; the raw system call acts on this thread alone.
    let group = unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) };
    result(group)?;
    // SAFETY: three numbers; the raw system call acts on this thread alone.
    let user = unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) };
    result(user)?;
    Ok(())
}

/// Makes the terminal on standard input the controlling one of this session, with a size.
pub(crate) fn take_terminal(rows: u16, columns: u16) -> Result<(), Errno> {
    // SAFETY: the request takes a number.
    let taken = unsafe { libc::ioctl(0, libc::TIOCSCTTY as _, 0_usize) };
    result(taken)?;
    let size = libc::winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the request reads one `winsize`, which lives until the call returned.
    let set = unsafe { libc::ioctl(0, libc::TIOCSWINSZ as _, &raw const size) };
    result(set)?;
    Ok(())
}

/// The number of the calling thread.
pub(crate) fn thread_id() -> i32 {
    // SAFETY: it can always be asked for.
    unsafe { libc::gettid() }
}

/// Does nothing, but that it is called interrupts a system call.
extern "C" fn interrupted(_signal: libc::c_int) {}

/// Sends a thread of this process a signal that interrupts its system call, and does nothing else.
pub(crate) fn interrupt(thread: i32) -> Result<(), Errno> {
    // SAFETY: all zeroes are an empty mask and no flags: a system call is not started again.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = interrupted as *const () as usize;
    // SAFETY: the handler may be called at any time, and nothing else in the process uses the signal.
    let set = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
    result(set)?;
    let process = std::process::id();
    // SAFETY: three numbers; the signal has a handler now.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGUSR1) };
    result(sent)?;
    Ok(())
}
