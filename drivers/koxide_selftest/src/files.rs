// SPDX-License-Identifier: GPL-2.0-only

//! Devices for tests of user space: what each file operation does, and what it does when there is none.

use kernel::{
    fs::{
        File, Kiocb, Seek,
        events::{EPOLLIN, EPOLLOUT, EPOLLRDNORM, EPOLLWRNORM},
        flags::{O_ACCMODE, O_RDWR},
    },
    ioctl::_IOC_NR,
    iov::{IovIterDest, IovIterSource},
    kthread,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    mm::virt::VmaNew,
    new_mutex, new_poll_condvar,
    page::{PAGE_SHIFT, PAGE_SIZE, Page},
    pin_init::stack_pin_init,
    prelude::*,
    seq_file::{SeqFile, seq_print},
    sync::{
        Mutex, SetOnce,
        poll::{PollCondVar, PollTable},
    },
    time::{Delta, Monotonic, delay::udelay, hrtimer::*},
    uaccess::UserSlice,
};

/// The devices, as long as the module is loaded.
#[pin_data]
pub(crate) struct Devices {
    #[pin]
    _sized: MiscDeviceRegistration<Sized>,
    #[pin]
    _plain: MiscDeviceRegistration<Plain>,
    #[pin]
    _mapped: MiscDeviceRegistration<Mapped>,
}

impl Devices {
    /// Registers them.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _sized <- MiscDeviceRegistration::register(
                MiscDeviceOptions { name: c"koxide-sized" }.mode(0o640).minor(250)
            ),
            _plain <- MiscDeviceRegistration::register(
                MiscDeviceOptions { name: c"koxide-plain" }.mode(0o7666)
            ),
            _mapped <- MiscDeviceRegistration::register(
                MiscDeviceOptions { name: c"koxide-mapped" }
            ),
        })
    }
}

/// 100 bytes, from 0 to 99, that can be sought in; a 32-bit program's ioctls are others than a 64-bit one's.
pub(crate) struct Sized;

/// The bytes.
const NUMBERS: [u8; 100] = {
    let mut numbers = [0; 100];
    let mut at = 0;
    while at < numbers.len() {
        numbers[at] = at as u8;
        at += 1;
    }
    numbers
};

#[vtable]
impl MiscDevice for Sized {
    type Ptr = ();

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<()> {
        Ok(())
    }

    fn llseek(_device: (), _file: &File, seek: Seek) -> Result<i64> {
        match seek.offset {
            // What the library does with a position that there is not.
            -1000 => Ok(-1000),
            _ => seek.fixed_size(NUMBERS.len() as i64),
        }
    }

    fn read_iter(mut kiocb: Kiocb<'_, ()>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &NUMBERS)
    }

    fn ioctl(_device: (), _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match _IOC_NR(cmd) {
            2 => byte_at(arg),
            3 => kthread::spawn(c"koxide-reader", move || byte_at(arg))?.join(),
            4 => byte_in_an_interrupt(arg),
            _ => Ok(64),
        }
    }

    // As upstream's drivers have it.
    #[cfg(CONFIG_COMPAT)]
    fn compat_ioctl(_device: (), _file: &File, _cmd: u32, arg: usize) -> Result<isize> {
        Ok(if arg == 0xffff_fff0 { 32 } else { 0 })
    }
}

/// Reads a byte of user memory.
fn byte_at(address: usize) -> Result<isize> {
    let mut reader = UserSlice::new(UserPtr::from_addr(address), 1).reader();
    Ok(reader.read::<u8>()?.into())
}

/// Reads a byte of user memory in an interrupt of the thread that calls this.
fn byte_in_an_interrupt(address: usize) -> Result<isize> {
    stack_pin_init!(let reader = pin_init!(Reader {
        address,
        byte: SetOnce::new(),
        timer <- HrTimer::new(),
    }));
    let milli = Delta::from_millis(1);
    reader.as_ref().start_scoped(milli, || {
        while reader.byte.copy().is_none() {
            udelay(milli);
        }
    });
    reader.byte.copy().unwrap_or(Err(EAGAIN))
}

/// A timer that reads a byte of user memory.
#[pin_data]
struct Reader {
    address: usize,
    byte: SetOnce<Result<isize>>,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Reader { mode: RelativePinnedHardMode<Monotonic>, field: self.timer }
}

impl HrTimerCallback for Reader {
    type Pointer<'a> = Pin<&'a Self>;

    fn run(this: Pin<&Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        this.byte.populate(byte_at(this.address));
        HrTimerRestart::NoRestart
    }
}

/// A file that has no operation but an ioctl that gives its argument's upper half.
pub(crate) struct Plain;

#[vtable]
impl MiscDevice for Plain {
    type Ptr = ();

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<()> {
        Ok(())
    }

    fn ioctl(_device: (), _file: &File, _cmd: u32, arg: usize) -> Result<isize> {
        Ok((arg >> (usize::BITS / 2)).cast_signed() + 1)
    }
}

/// Two pages that can be mapped, read and written, and a third that cannot be used; it is ready for a read once it was
/// written.
#[pin_data]
pub(crate) struct Mapped {
    pages: [Page; 2],
    #[pin]
    writes: Mutex<usize>,
    #[pin]
    written: PollCondVar,
}

/// What must not succeed; but where there is no memory, it fails for that reason.
fn refused(result: Result, errno: Error) -> Result {
    match result {
        Err(ENOMEM) => result,
        _ => {
            assert_eq!(result, Err(errno));
            Ok(())
        }
    }
}

#[vtable]
impl MiscDevice for Mapped {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<Pin<KBox<Self>>> {
        let pages = [Page::alloc_page(GFP_KERNEL)?, Page::alloc_page(GFP_KERNEL)?];
        KBox::pin_init(
            pin_init!(Self {
                pages,
                writes <- new_mutex!(0),
                written <- new_poll_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    fn mmap(this: Pin<&Self>, _file: &File, vma: &VmaNew) -> Result {
        let count = (vma.end() - vma.start()) >> PAGE_SHIFT;
        if vma.pgoff() + count > 3 {
            return Err(ENXIO);
        }
        if !vma.writable() {
            vma.try_clear_maywrite()?;
        }
        assert_eq!(vma.writable(), vma.try_clear_maywrite().is_err());
        assert!(vma.as_mixedmap_vma().is_none());
        vma.set_dontexpand();
        let mixed = vma.set_mixedmap();
        for (at, page) in this.pages.iter().skip(vma.pgoff()).take(count).enumerate() {
            let address = vma.start() + at * PAGE_SIZE;
            mixed.vm_insert_page(address, page)?;
            // There can only be one page at an address.
            refused(mixed.vm_insert_page(address, page), EBUSY)?;
            vma.zap_vma_range(address, PAGE_SIZE);
            mixed.vm_insert_page(address, page)?;
        }
        refused(mixed.vm_insert_page(vma.end(), &this.pages[0]), EFAULT)?;
        // Addresses outside are left alone.
        vma.zap_vma_range(vma.end(), PAGE_SIZE);
        vma.zap_vma_range(vma.start(), usize::MAX);
        // So are those that are not whole pages: the kernel would look for the end where there is none.
        vma.zap_vma_range(vma.start(), 100);
        vma.zap_vma_range(vma.start() + 1, PAGE_SIZE);
        Ok(())
    }

    fn poll(this: Pin<&Self>, file: &File, table: PollTable<'_>) -> Result<u32> {
        table.register_wait(file, &this.written);
        match *this.writes.lock() {
            0 => Ok(EPOLLOUT),
            1 => Ok(EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | u32::MAX << 24),
            _ => Err(EIO),
        }
    }

    fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let mut content = KVec::from_elem(0, 2 * PAGE_SIZE, GFP_KERNEL)?;
        let (first, second) = content.split_at_mut(PAGE_SIZE);
        kiocb.file().pages[0].read(0, first)?;
        kiocb.file().pages[1].read(0, second)?;
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &content)
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let this = kiocb.file();
        let mut bytes = [0; 16];
        let copied = iov.copy_from_iter(&mut bytes);
        this.pages[0].write(0, &bytes[..copied])?;
        *this.writes.lock() += 1;
        this.written.notify_all();
        Ok(copied)
    }

    fn show_fdinfo(this: Pin<&Self>, m: &SeqFile, file: &File) {
        let writable = file.flags() & O_ACCMODE == O_RDWR;
        seq_print!(
            m,
            "writes:\t{}\nwritable:\t{writable}\n",
            *this.writes.lock()
        );
    }
}

#[kunit_tests(files)]
mod tests {
    use super::*;

    #[test]
    fn minors_that_cannot_be_chosen_are_refused() -> Result {
        let named = MiscDeviceOptions {
            name: c"koxide-plain",
        };
        for (minor, errno) in [(127, Some(EINVAL)), (255, Some(EINVAL)), (251, None)] {
            let registered: Result<Pin<KBox<MiscDeviceRegistration<Plain>>>> = KBox::try_pin_init(
                MiscDeviceRegistration::register(named.minor(minor)),
                GFP_KERNEL,
            );
            assert_eq!(registered.err(), errno);
        }
        Ok(())
    }

    #[test]
    fn a_minor_is_only_given_once() -> Result {
        let first = MiscDeviceOptions {
            name: c"koxide-one",
        }
        .minor(251);
        let second = MiscDeviceOptions {
            name: c"koxide-two",
        }
        .minor(251);
        let _first: Pin<KBox<MiscDeviceRegistration<Plain>>> =
            KBox::try_pin_init(MiscDeviceRegistration::register(first), GFP_KERNEL)?;
        let second: Result<Pin<KBox<MiscDeviceRegistration<Plain>>>> =
            KBox::try_pin_init(MiscDeviceRegistration::register(second), GFP_KERNEL);
        assert_eq!(second.err(), Some(EBUSY));
        Ok(())
    }
}
