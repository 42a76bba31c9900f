// SPDX-License-Identifier: GPL-2.0-only

//! Files that say which instance of the driver they belong to.

use kernel::{
    chrdev::{Class, Minor, Node, Region, Registration},
    configfs::{self, GroupOperations, configfs_attrs},
    fs::{File, FileOperations, Kiocb, events::EPOLLIN},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    procfs,
    seq_file::SeqFile,
    seq_print,
    sync::{Arc, Mutex, atomic::Relaxed, poll::PollTable},
};

use crate::order::Order;
use crate::{INSTANCES, Instance};

/// The longest order.
const LONGEST: usize = 64;

/// The devices of an instance.
pub(crate) type Devices = [Registration<Arc<Instance>>; 2];

/// Registers `/dev/restart-probe`, and another one that does the same.
pub(crate) fn register(instance: &Arc<Instance>) -> Result<Devices> {
    let region = Region::alloc(c"restart-probe", 2)?;
    let class = Class::new(c"restart-probe")?;
    let register = |index, name| {
        Registration::new::<OpenFile>(&region, index, &class, Node::new(name), instance.clone())
    };
    Ok([
        register(0, c"restart-probe")?,
        register(1, c"restart-probe-other")?,
    ])
}

/// An open file.
#[pin_data(PinnedDrop)]
pub(crate) struct OpenFile {
    instance: Arc<Instance>,
    /// Something that is registered.
    #[pin]
    own: Mutex<Option<Arc<Class>>>,
}

#[vtable]
impl FileOperations<Minor<Arc<Instance>>> for OpenFile {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, minor: &Minor<Arc<Instance>>) -> Result<Self::Ptr> {
        let instance = minor.data().clone();
        let file = try_pin_init!(Self {
            instance,
            own <- new_mutex!(None),
        });
        KBox::try_pin_init(file, GFP_KERNEL)
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let digit = [b'0' + (kiocb.file().instance.number % 10) as u8];
        Ok(iov.copy_to_iter(&digit))
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let file = kiocb.file();
        if iov.len() > LONGEST {
            return Err(E2BIG);
        }
        let mut text = KVec::new();
        let written = iov.copy_from_iter_vec(&mut text, GFP_KERNEL)?;
        let order = Order::of_text(&text)?;
        if order == Order::Own {
            *file.own.lock() = Some(Class::new(c"restart-probe-own")?);
        }
        order.happens(&file.instance)?;
        Ok(written)
    }

    fn poll(_file: Pin<&Self>, _opened: &File, _table: PollTable<'_>) -> Result<u32> {
        Ok(EPOLLIN)
    }
}

#[pinned_drop]
impl PinnedDrop for OpenFile {
    fn drop(self: Pin<&mut Self>) {
        pr_info!("a file of instance {} is closed\n", self.instance.number);
    }
}

/// An open file of `/dev/restart-probe-misc`, which has nothing of its own.
pub(crate) struct MiscFile;

#[vtable]
impl MiscDevice for MiscFile {
    type Ptr = ();

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<()> {
        Ok(())
    }

    fn read_iter(_kiocb: Kiocb<'_, ()>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let digit = [b'0' + (INSTANCES.load(Relaxed) % 10) as u8];
        Ok(iov.copy_to_iter(&digit))
    }
}

/// `/proc/restart_probe`.
pub(crate) struct Shown(pub(crate) Arc<Instance>);

#[vtable]
impl procfs::Operations for Shown {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "{}", self.0.number);
        Ok(())
    }
}

/// Folders of user space's.
pub(crate) struct Folders;

#[vtable]
impl GroupOperations for Folders {
    type Child = ();

    fn make_group(&self, name: &CStr) -> Result<impl PinInit<configfs::Group<()>, Error>> {
        let kind = configfs_attrs! {
            container: configfs::Group<()>,
            data: (),
            attributes: [],
        };
        Ok(configfs::Group::new(name.try_into()?, kind, ()))
    }
}
