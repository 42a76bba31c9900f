// SPDX-License-Identifier: GPL-2.0-only

//! Files in debugfs, `/proc`, sysfs and configfs: each of their functions may be what fails.

use kernel::{
    configfs::{self, GroupOperations, Subsystem, configfs_attrs},
    debugfs::{self, BinaryReader, BinaryWriter, Dir},
    faux, fmt,
    page::PAGE_SIZE,
    prelude::*,
    procfs,
    seq_file::SeqFile,
    seq_print,
    sync::{Arc, ArcBorrow},
    sysfs::{self, sysfs_attrs},
    uaccess::{UserSliceReader, UserSliceWriter},
};

use crate::plan::Place;
use crate::shared::Shared;

/// What is there while the module is loaded.
pub(crate) struct Folders {
    _text: Pin<KBox<debugfs::File<Arc<Shared>>>>,
    _bytes: Pin<KBox<debugfs::File<Known>>>,
    _proc: Pin<KBox<procfs::File<Known>>>,
    _settings: Pin<KBox<sysfs::Group<Known>>>,
    _device: faux::Registration,
    _config: Pin<KBox<Subsystem<Known>>>,
}

impl Folders {
    /// Makes them.
    pub(crate) fn new(shared: &Arc<Shared>) -> Result<Self> {
        let dir = Dir::new(c"fault_probe");
        let text = dir.read_write_callback_file(c"text", shared.clone(), &show, &take);
        let bytes = dir.read_write_binary_file(c"bytes", Known(shared.clone()));
        let proc = procfs::File::new(c"fault_probe", 0o644, None, Known(shared.clone()));
        let device = faux::Registration::new(c"fault-probe", None)?;
        let attributes = sysfs_attrs! {
            data: Known,
            attributes: [text: 0],
        };
        let settings = sysfs::Group::new(&device, c"settings", attributes, Known(shared.clone()));
        let kind = configfs_attrs! {
            container: Subsystem<Known>,
            data: Known,
            child: Inner,
            attributes: [text: 0],
        };
        let config = Subsystem::new(c"fault_probe", kind, Known(shared.clone()));
        Ok(Self {
            _text: KBox::pin_init(text, GFP_KERNEL)?,
            _bytes: KBox::pin_init(bytes, GFP_KERNEL)?,
            _proc: KBox::try_pin_init(proc, GFP_KERNEL)?,
            _settings: KBox::try_pin_init(settings, GFP_KERNEL)?,
            _device: device,
            _config: KBox::try_pin_init(config, GFP_KERNEL)?,
        })
    }
}

/// What each file knows.
struct Known(Arc<Shared>);

fn show(shared: &Arc<Shared>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("text\n")?;
    shared.reach(Place::DebugfsShow).map_err(|_| fmt::Error)
}

fn take(shared: &Arc<Shared>, _reader: &mut UserSliceReader) -> Result {
    shared.reach(Place::DebugfsTake)
}

impl BinaryWriter for Known {
    fn write_to_slice(&self, writer: &mut UserSliceWriter, offset: &mut i64) -> Result<usize> {
        if *offset > 0 {
            return Ok(0);
        }
        writer.write_slice(b"bytes")?;
        *offset += 5;
        self.0.reach(Place::DebugfsRead)?;
        Ok(5)
    }
}

impl BinaryReader for Known {
    fn read_from_slice(&self, reader: &mut UserSliceReader, _offset: &mut i64) -> Result<usize> {
        let len = reader.len();
        self.0.reach(Place::DebugfsWrite)?;
        Ok(len)
    }
}

#[vtable]
impl procfs::Operations for Known {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "text\n");
        self.0.reach(Place::ProcShow)
    }

    fn write(&self, _reader: &mut UserSliceReader) -> Result {
        self.0.reach(Place::ProcWrite)
    }
}

/// The attribute of a folder in one of the file systems: which place is where it is read, and where it is written.
macro_rules! attribute {
    ($file_system:ident: $show:ident, $store:ident) => {
        #[vtable]
        impl $file_system::AttributeOperations<0> for Known {
            type Data = Known;

            fn show(known: &Known, page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
                page[0] = b'\n';
                known.0.reach(Place::$show)?;
                Ok(1)
            }

            fn store(known: &Known, _page: &[u8]) -> Result {
                known.0.reach(Place::$store)
            }
        }
    };
}

attribute!(sysfs: SysfsShow, SysfsStore);
attribute!(configfs: ConfigfsShow, ConfigfsStore);

#[vtable]
impl GroupOperations for Known {
    type Child = Inner;

    fn make_group(&self, name: &CStr) -> Result<impl PinInit<configfs::Group<Inner>, Error>> {
        let kind = configfs_attrs! {
            container: configfs::Group<Inner>,
            data: Inner,
            attributes: [],
        };
        let inner = Inner(self.0.clone());
        self.0.reach(Place::MakeGroup)?;
        Ok(configfs::Group::new(name.try_into()?, kind, inner))
    }

    fn drop_item(&self, _child: ArcBorrow<'_, configfs::Group<Inner>>) {
        // Nobody is told whether it fails.
        let _ = self.0.reach(Place::DropItem);
    }
}

/// A folder that user space makes.
struct Inner(Arc<Shared>);

impl Drop for Inner {
    fn drop(&mut self) {
        // Nobody is told whether it fails.
        let _ = self.0.reach(Place::GroupDrop);
    }
}
