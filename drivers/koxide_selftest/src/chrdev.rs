// SPDX-License-Identifier: GPL-2.0-only

//! Character devices: one that tests of user space bring and remove through another.

use core::sync::atomic::{AtomicIsize, Ordering};

use kernel::{
    chrdev::{Class, Minor, Node, Region, Registration},
    fs::{File, FileOperations, Kiocb},
    ioctl::_IO,
    iov::IovIterDest,
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};

/// Brings the other device.
const BRING: u32 = _IO('|' as u32, 1);
/// Removes it.
const REMOVE: u32 = _IO('|' as u32, 2);
/// Says how much of what the driver keeps for it exists.
const COUNT: u32 = _IO('|' as u32, 3);

/// The devices, as long as the module is loaded.
pub(crate) struct Devices {
    _control: Registration<Arc<Control>>,
}

impl Devices {
    /// Registers the first one.
    pub(crate) fn new() -> Result<Self> {
        let region = Region::alloc(c"koxide-chr", 2)?;
        let class = Class::new(c"koxide-chr")?;
        let (its_region, its_class) = (region.clone(), class.clone());
        let control = Arc::pin_init(
            pin_init!(Control {
                region: its_region,
                class: its_class,
                other <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )?;
        let node = Node::new(c"koxide-control");
        Ok(Self {
            _control: Registration::new::<ControlFile>(&region, 0, &class, node, control)?,
        })
    }
}

/// What the first device is for.
#[pin_data]
struct Control {
    region: Arc<Region>,
    class: Arc<Class>,
    #[pin]
    other: Mutex<Option<Registration<Counted>>>,
}

/// How much of [`Counted`] there is.
static COUNTED: AtomicIsize = AtomicIsize::new(0);

/// What is kept for the other device.
struct Counted(());

impl Counted {
    fn new() -> Self {
        COUNTED.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        COUNTED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An open file of the first device.
struct ControlFile(Arc<Control>);

#[vtable]
impl FileOperations<Minor<Arc<Control>>> for ControlFile {
    type Ptr = KBox<Self>;

    fn open(_file: &File, minor: &Minor<Arc<Control>>) -> Result<KBox<Self>> {
        Ok(KBox::new(Self(minor.data().clone()), GFP_KERNEL)?)
    }

    fn ioctl(this: &Self, _file: &File, cmd: u32, _arg: usize) -> Result<isize> {
        match cmd {
            BRING => {
                let node = Node::new(c"koxide-other").mode(0o604);
                let other = Registration::new::<Other>(
                    &this.0.region,
                    1,
                    &this.0.class,
                    node,
                    Counted::new(),
                )?;
                let before = this.0.other.lock().replace(other);
                drop(before);
                Ok(0)
            }
            REMOVE => {
                let other = this.0.other.lock().take();
                other.map(|_| 0).ok_or(ENODEV)
            }
            COUNT => Ok(COUNTED.load(Ordering::Relaxed)),
            _ => Err(ENOTTY),
        }
    }
}

/// An open file of the other device.
struct Other;

#[vtable]
impl FileOperations<Minor<Counted>> for Other {
    type Ptr = ();

    fn open(_file: &File, minor: &Minor<Counted>) -> Result<()> {
        // It is there as long as this lasts, whoever removes the device meanwhile.
        let Counted(()) = minor.data();
        if minor.number() != 1 || minor.device().name() != c"koxide-other" {
            return Err(EIO);
        }
        kernel::task::cond_resched();
        Ok(())
    }

    fn read_iter(mut kiocb: Kiocb<'_, ()>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        iov.simple_read_from_buffer(kiocb.ki_pos_mut(), b"still here")
    }
}

#[kunit_tests(chrdev)]
mod tests {
    use super::*;
    use kernel::sync::aref::ARef;

    #[test]
    fn numbers_that_are_none_are_refused() {
        let refused = |region: Result<Arc<Region>>| region.err();
        assert_eq!(refused(Region::alloc(c"kx", 0)), Some(EINVAL));
        assert_eq!(refused(Region::alloc(c"", 1)), Some(EINVAL));
        assert_eq!(refused(Region::alloc(c"kx", (1 << 20) + 1)), Some(EINVAL));
        assert_eq!(refused(Region::register(c"kx", 0, 0, 1)), Some(EINVAL));
        // A number of 32 bits has no room for this one.
        assert_eq!(refused(Region::register(c"kx", 4096, 1, 1)), Some(EINVAL));
        assert_eq!(
            refused(Region::register(c"kx", 240, u32::MAX, 2)),
            Some(EINVAL)
        );
        assert_eq!(refused(Region::register(c"kx", 1, 0, 1)), Some(EBUSY));
    }

    #[test]
    fn a_region_is_given_back() -> Result {
        let major = Region::alloc(c"kx", 4)?.major();
        let again = Region::register(c"kx", major, 7, 3)?;
        assert_eq!((again.major(), again.first(), again.count()), (major, 7, 3));
        assert_eq!(Region::register(c"kx", major, 9, 1).err(), Some(EBUSY));
        Ok(())
    }

    #[test]
    fn a_number_has_one_device() -> Result {
        let region = Region::alloc(c"kx", 2)?;
        let class = Class::new(c"kx")?;
        let add = |index, name| {
            Registration::new::<Other>(&region, index, &class, Node::new(name), Counted::new())
        };
        let first = add(0, c"kx0")?;
        assert_eq!(first.minor().device().name(), c"kx0");
        assert_eq!(add(0, c"kx1").err(), Some(EBUSY));
        assert_eq!(add(2, c"kx2").err(), Some(EINVAL));
        assert_eq!(add(1, c"").err(), Some(EINVAL));
        assert_eq!(add(1, c"../kx1").err(), Some(EINVAL));
        let second = add(1, c"kx1")?;
        assert_eq!(COUNTED.load(Ordering::Relaxed), 2);
        drop(first);
        drop((second, add(0, c"kx0")?));
        assert_eq!(COUNTED.load(Ordering::Relaxed), 0);
        Ok(())
    }

    #[test]
    fn a_name_is_only_given_once() -> Result {
        let region = Region::alloc(c"kx", 2)?;
        let class = Class::new(c"kx")?;
        assert_eq!(Class::new(c"kx").err(), Some(EEXIST));
        assert_eq!(Class::new(c"").err(), Some(EINVAL));
        let add = |index| {
            Registration::new::<Other>(&region, index, &class, Node::new(c"kx0"), Counted::new())
        };
        let first = add(0)?;
        assert_eq!(add(1).err(), Some(EEXIST));
        drop(first);
        drop(add(1)?);
        assert_eq!(COUNTED.load(Ordering::Relaxed), 0);
        Ok(())
    }

    #[test]
    fn a_device_outlives_its_class() -> Result {
        let region = Region::alloc(c"kx", 1)?;
        let class = Class::new(c"kx")?;
        let node = Node::new(c"kx0");
        let registered = Registration::new::<Other>(&region, 0, &class, node, Counted::new())?;
        let device = ARef::from(registered.minor().device());
        drop((registered, class, region));
        // What was freed is used again, and written over.
        let mut over = KVec::new();
        for size in [64, 96, 128, 192, 256].into_iter().cycle().take(500) {
            over.push(KVec::from_elem(0xaa_u8, size, GFP_KERNEL)?, GFP_KERNEL)?;
        }
        // Such a line begins with the name of the class.
        dev_info!(device, "its class is gone\n");
        assert_eq!(device.name(), c"kx0");
        Ok(())
    }
}
