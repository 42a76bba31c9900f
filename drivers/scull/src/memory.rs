// SPDX-License-Identifier: GPL-2.0-only

//! The memory devices: `/dev/scull0` to `/dev/scull3`, `/dev/sculluid` and `/dev/scullwuid`.

use kernel::{
    chrdev::Minor,
    fs::{
        File, FileOperations, Kiocb, Seek, Whence,
        flags::{O_ACCMODE, O_APPEND, O_NONBLOCK, O_TRUNC, O_WRONLY},
    },
    ioctl::_IOR,
    iov::{IovIterDest, IovIterSource},
    new_mutex,
    pin_init::PinInit,
    prelude::*,
    sync::{
        Arc, ArcBorrow, Mutex,
        atomic::{Atomic, Relaxed},
    },
    task::cond_resched,
    uaccess::UserSlice,
};

use crate::access::{Access, Policy};
use crate::content::{Content, Piece, Shape};

/// Gets how many bytes of memory a device uses.
const USED: u32 = _IOR::<u64>('k' as u32, 1);

/// A memory device: what is in it stays when its files are closed.
#[pin_data]
pub(crate) struct Memory {
    #[pin]
    access: Access,
    #[pin]
    content: Mutex<Content>,
    /// How many bytes of memory are used: changed with `content` locked, and read without.
    used: Atomic<usize>,
}

impl Memory {
    /// A device with nothing in it.
    pub(crate) fn new(policy: Policy, shape: Shape) -> impl PinInit<Self> {
        pin_init!(Self {
            access <- Access::new(policy),
            content <- new_mutex!(Content::new(shape)),
            used: Atomic::new(0),
        })
    }
}

/// An open file is an owner of its device.
#[vtable]
impl FileOperations<Minor<Arc<Self>>> for Memory {
    type Ptr = Arc<Self>;

    fn open(file: &File, minor: &Minor<Arc<Self>>) -> Result<Arc<Self>> {
        let memory = minor.data();
        let flags = file.flags();
        memory
            .access
            .enter(file.cred().euid(), flags & O_NONBLOCK == 0)?;
        // As with any file that a shell writes to with `>`, and not with `>>`.
        let only_written = flags & (O_ACCMODE | O_APPEND) == O_WRONLY;
        if only_written || flags & O_TRUNC != 0 {
            memory.content.lock().trim(&memory.used);
        }
        Ok(memory.clone())
    }

    fn release(memory: Arc<Self>, _file: &File) {
        memory.access.leave();
    }

    fn llseek(this: ArcBorrow<'_, Self>, _file: &File, seek: Seek) -> Result<i64> {
        let content = this.content.lock();
        match seek.whence {
            Whence::Data | Whence::Hole if seek.offset < 0 => Err(ENXIO),
            Whence::Data => content.next(seek.offset, false),
            Whence::Hole => content.next(seek.offset, true),
            _ => seek.unbounded(content.size()),
        }
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let memory = kiocb.file();
        let content = memory.content.lock();
        let start = kiocb.ki_pos();
        let mut position = start;
        while !iov.is_empty()
            && let Some(piece) = content.at(position)
        {
            if position > start && !go_on() {
                break;
            }
            let copied = match piece {
                Piece::Data(bytes) => iov.copy_to_iter(bytes),
                Piece::Hole(length) => iov.zero(length),
            };
            match copied {
                0 if position == start => return Err(EFAULT),
                0 => break,
                _ => position = position.saturating_add_unsigned(copied as u64),
            }
        }
        *kiocb.ki_pos_mut() = position;
        Ok(position.abs_diff(start) as usize)
    }

    fn write_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let memory = kiocb.file();
        let mut content = memory.content.lock();
        let start = if kiocb.flags() & O_APPEND != 0 {
            content.size()
        } else {
            kiocb.ki_pos()
        };
        let mut position = start;
        while !iov.is_empty() {
            if position > start && !go_on() {
                break;
            }
            match write_piece(&mut content, &memory.used, position, iov) {
                Ok(end) => position = end,
                // What was written before counts.
                Err(_) if position > start => break,
                Err(error) => return Err(error),
            }
        }
        *kiocb.ki_pos_mut() = position;
        Ok(position.abs_diff(start) as usize)
    }

    fn ioctl(this: ArcBorrow<'_, Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            USED => {
                let used = this.used.load(Relaxed) as u64;
                UserSlice::new(UserPtr::from_addr(arg), size_of::<u64>())
                    .writer()
                    .write(&used)?;
                Ok(0)
            }
            _ => Err(ENOTTY),
        }
    }
}

/// Writes up to the end of a quantum; says how far.
fn write_piece(
    content: &mut Content,
    used: &Atomic<usize>,
    position: i64,
    iov: &mut IovIterSource<'_>,
) -> Result<i64> {
    let room = content.room_at(position, used)?;
    // The last position that there is has no end.
    let most = room.len().min(i64::MAX.abs_diff(position) as usize);
    if most == 0 {
        return Err(EFBIG);
    }
    match iov.copy_from_iter(&mut room[..most]) {
        0 => Err(EFAULT),
        copied => {
            let end = position.saturating_add_unsigned(copied as u64);
            content.wrote_up_to(end);
            Ok(end)
        }
    }
}

/// Lets others run in a long read or write; whether it goes on.
fn go_on() -> bool {
    cond_resched();
    !current!().signal_pending()
}

#[kunit_tests(memory)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_what_user_space_was_told() {
        assert_eq!(USED, 0x8008_6b01);
    }

    #[test]
    fn one_user_keeps_others_out() -> Result {
        let shape = Shape::new(4000, 1000, 1 << 20)?;
        let memory = Arc::pin_init(Memory::new(Policy::OneUser, shape), GFP_KERNEL)?;
        let me = kernel::task::Kuid::current_euid();
        memory.access.enter(me, true)?;
        memory.access.enter(me, true)?;
        memory.access.leave();
        memory.access.leave();
        // One more is no harm.
        memory.access.leave();
        memory.access.enter(me, false)
    }
}
