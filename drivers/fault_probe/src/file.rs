// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/fault-probe`: what is written to it is the plan, and each of its operations may be what fails.

use kernel::{
    chrdev::{Class, Minor, Node, Region, Registration},
    fs::{File, FileOperations, Kiocb, Seek, events::EPOLLIN},
    iov::{IovIterDest, IovIterSource},
    mm::virt::VmaNew,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::{Arc, ArcBorrow, poll::PollTable},
};

use crate::deferred;
use crate::plan::{Place, Plan};
use crate::shared::Shared;

/// The longest plan.
const LONGEST: usize = 256;

/// The devices, as long as the module is loaded.
pub(crate) type Devices = [Registration<Data>; 2];

/// What a device is about.
pub(crate) struct Data(Arc<Shared>);

impl Drop for Data {
    fn drop(&mut self) {
        // Nobody is told whether it fails.
        let _ = self.0.reach(Place::DataDrop);
    }
}

/// Registers `/dev/fault-probe`, and another one that does the same.
pub(crate) fn register(shared: &Arc<Shared>) -> Result<Devices> {
    let region = Region::alloc(c"fault-probe", 2)?;
    let class = Class::new(c"fault-probe")?;
    let register = |index, name| {
        let data = Data(shared.clone());
        Registration::new::<ProbeFile>(&region, index, &class, Node::new(name), data)
    };
    Ok([
        register(0, c"fault-probe")?,
        register(1, c"fault-probe-other")?,
    ])
}

/// An open file.
struct ProbeFile;

#[vtable]
impl FileOperations<Minor<Data>> for ProbeFile {
    type Ptr = Arc<Shared>;

    fn open(_file: &File, minor: &Minor<Data>) -> Result<Arc<Shared>> {
        let shared = minor.data().0.clone();
        shared.reach(Place::Open)?;
        Ok(shared)
    }

    fn release(shared: Arc<Shared>, _file: &File) {
        // Nobody is told whether it fails.
        let _ = shared.reach(Place::Release);
    }

    fn llseek(shared: ArcBorrow<'_, Shared>, _file: &File, seek: Seek) -> Result<i64> {
        shared.reach(Place::Llseek)?;
        seek.fixed_size(0)
    }

    fn read_iter(mut kiocb: Kiocb<'_, Arc<Shared>>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let shared = kiocb.file();
        let read = iov.simple_read_from_buffer(kiocb.ki_pos_mut(), b"nothing happened\n")?;
        shared.reach(Place::Read)?;
        Ok(read)
    }

    fn write_iter(kiocb: Kiocb<'_, Arc<Shared>>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let shared = kiocb.file();
        if iov.len() > LONGEST {
            return Err(E2BIG);
        }
        let mut text = KVec::new();
        let written = iov.copy_from_iter_vec(&mut text, GFP_KERNEL)?;
        let plan = Plan::of_text(&text)?;
        shared.arm(plan);
        let shared = Arc::from(shared);
        match plan.place() {
            Some(Place::Write) => shared.reach(Place::Write)?,
            Some(Place::Wait) => shared.wait()?,
            Some(place) => deferred::start(&shared, place)?,
            None => {}
        }
        Ok(written)
    }

    fn ioctl(shared: ArcBorrow<'_, Shared>, _file: &File, _cmd: u32, _arg: usize) -> Result<isize> {
        shared.reach(Place::Ioctl)?;
        Ok(0)
    }

    #[cfg(CONFIG_COMPAT)]
    fn compat_ioctl(
        shared: ArcBorrow<'_, Shared>,
        _file: &File,
        _cmd: u32,
        _arg: usize,
    ) -> Result<isize> {
        shared.reach(Place::CompatIoctl)?;
        Ok(0)
    }

    fn poll(shared: ArcBorrow<'_, Shared>, _file: &File, _table: PollTable<'_>) -> Result<u32> {
        shared.reach(Place::Poll)?;
        Ok(EPOLLIN)
    }

    fn mmap(shared: ArcBorrow<'_, Shared>, _file: &File, _vma: &VmaNew) -> Result {
        shared.reach(Place::Mmap)
    }

    fn show_fdinfo(shared: ArcBorrow<'_, Shared>, m: &SeqFile, _file: &File) {
        seq_print!(m, "probe:\tbefore\n");
        if shared.reach(Place::ShowFdinfo).is_ok() {
            seq_print!(m, "probe:\tafter\n");
        }
    }
}
