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
    sync::{Arc, Mutex},
    task::cond_resched,
    uaccess::UserSlice,
};

use crate::access::{Access, Policy};
use crate::content::{Content, Piece, Shape};

/// Gets how many bytes of memory a device uses.
const USED: u32 = _IOR::<u64>('k' as u32, 1);

/// What is read where nobody wrote.
static ZEROS: [u8; 4096] = [0; 4096];

/// A memory device: what is in it stays when its files are closed.
#[pin_data]
pub(crate) struct Memory {
    #[pin]
    access: Access,
    #[pin]
    content: Mutex<Content>,
}

impl Memory {
    /// A device with nothing in it.
    pub(crate) fn new(policy: Policy, shape: Shape) -> impl PinInit<Self> {
        pin_init!(Self {
            access <- Access::new(policy),
            content <- new_mutex!(Content::new(shape)),
        })
    }
}

/// An open file of a memory device.
pub(crate) struct MemoryFile(Arc<Memory>);

impl Drop for MemoryFile {
    fn drop(&mut self) {
        self.0.access.leave();
    }
}

#[vtable]
impl FileOperations<Minor<Arc<Memory>>> for MemoryFile {
    type Ptr = KBox<Self>;

    fn open(file: &File, minor: &Minor<Arc<Memory>>) -> Result<KBox<Self>> {
        let memory = minor.data().clone();
        let flags = file.flags();
        memory
            .access
            .enter(file.cred().euid(), flags & O_NONBLOCK == 0)?;
        let opened = KBox::new(Self(memory), GFP_KERNEL)?;
        // As with any file that a shell writes to with `>`, and not with `>>`.
        let only_written = flags & O_ACCMODE == O_WRONLY && flags & O_APPEND == 0;
        if only_written || flags & O_TRUNC != 0 {
            opened.0.content.lock().trim();
        }
        Ok(opened)
    }

    fn llseek(this: &Self, _file: &File, seek: Seek) -> Result<i64> {
        let content = this.0.content.lock();
        match seek.whence {
            Whence::Data | Whence::Hole if seek.offset < 0 => Err(ENXIO),
            Whence::Data => content.next(seek.offset, false),
            Whence::Hole => content.next(seek.offset, true),
            _ => seek.unbounded(content.size()),
        }
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let content = kiocb.file().0.content.lock();
        let wanted = iov.len();
        let mut read = 0;
        while read < wanted {
            let bytes = match content.at(kiocb.ki_pos()) {
                Some(Piece::Data(bytes)) => bytes,
                Some(Piece::Hole(length)) => &ZEROS[..length.min(ZEROS.len())],
                None => break,
            };
            let bytes = &bytes[..bytes.len().min(wanted - read)];
            let copied = iov.copy_to_iter(bytes);
            read += copied;
            // A position within the content has no more than the content's size after it.
            *kiocb.ki_pos_mut() += copied as i64;
            match (copied < bytes.len(), read) {
                (true, 0) => return Err(EFAULT),
                (true, _) => break,
                _ if !go_on() => break,
                _ => {}
            }
        }
        Ok(read)
    }

    fn write_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut content = kiocb.file().0.content.lock();
        if kiocb.flags() & O_APPEND != 0 {
            *kiocb.ki_pos_mut() = content.size();
        }
        let mut written = 0;
        while !iov.is_empty() {
            match write_piece(&mut content, kiocb.ki_pos(), iov) {
                Ok((end, copied)) => {
                    *kiocb.ki_pos_mut() = end;
                    written += copied;
                }
                // What was written before counts.
                Err(_) if written > 0 => break,
                Err(error) => return Err(error),
            }
            if !go_on() {
                break;
            }
        }
        Ok(written)
    }

    fn ioctl(this: &Self, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            USED => {
                let used = this.0.content.lock().used() as u64;
                UserSlice::new(UserPtr::from_addr(arg), size_of::<u64>())
                    .writer()
                    .write(&used)?;
                Ok(0)
            }
            _ => Err(ENOTTY),
        }
    }
}

/// Writes up to the end of a quantum: where that is, and how many bytes were written.
fn write_piece(
    content: &mut Content,
    position: i64,
    iov: &mut IovIterSource<'_>,
) -> Result<(i64, usize)> {
    // The last position that there is has no end.
    let most = usize::try_from(i64::MAX - position)?;
    let room = content.room_at(position)?;
    let wanted = room.len().min(iov.len()).min(most);
    if wanted == 0 {
        return Err(EFBIG);
    }
    match iov.copy_from_iter(&mut room[..wanted]) {
        0 => Err(EFAULT),
        copied => {
            let end = position + copied as i64;
            content.wrote_up_to(end);
            Ok((end, copied))
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
