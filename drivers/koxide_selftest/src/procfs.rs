// SPDX-License-Identifier: GPL-2.0-only

//! Files in `/proc/koxide_selftest`, of all kinds.

use core::sync::atomic::{AtomicI32, Ordering};

use kernel::{
    prelude::*,
    procfs::{Dir, File, Operations},
    seq_file::SeqFile,
    seq_print,
    time::{Delta, delay::fsleep},
    uaccess::UserSliceReader,
};

/// What is there while the module is loaded.
pub(crate) struct Files {
    _number: Pin<KBox<File<Number>>>,
    _secret: Pin<KBox<File<Number>>>,
    _long: Pin<KBox<File<Long>>>,
    _slow: Pin<KBox<File<Slow>>>,
    _busy: Pin<KBox<File<Busy>>>,
    _sink: Pin<KBox<File<Sink>>>,
}

impl Files {
    /// Makes the files.
    pub(crate) fn new() -> Result<Self> {
        let dir = Dir::new(c"koxide_selftest", None)?;
        let kinds = Dir::new(c"kinds", Some(&dir))?;
        Ok(Self {
            _number: file(c"number", 0o644, &dir, Number(AtomicI32::new(7)))?,
            _secret: file(c"secret", 0o600, &dir, Number(AtomicI32::new(42)))?,
            _long: file(c"long", 0o444, &kinds, Long)?,
            _slow: file(c"slow", 0o444, &kinds, Slow(AtomicI32::new(LIVES)))?,
            _busy: file(c"busy", 0o444, &kinds, Busy)?,
            _sink: file(c"sink", 0o222, &kinds, Sink)?,
        })
    }
}

/// Makes a file.
fn file<T: Operations>(name: &CStr, mode: u16, dir: &Dir, data: T) -> Result<Pin<KBox<File<T>>>> {
    KBox::try_pin_init(File::new(name, mode, Some(dir), data), GFP_KERNEL)
}

/// A number that can be read and written.
struct Number(AtomicI32);

#[vtable]
impl Operations for Number {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "{}\n", self.0.load(Ordering::Relaxed));
        Ok(())
    }

    fn write(&self, reader: &mut UserSliceReader) -> Result {
        let mut text = [0; 16];
        let text = text.get_mut(..reader.len()).ok_or(EINVAL)?;
        reader.read_slice(text)?;
        let number = core::str::from_utf8(text)?.trim().parse();
        self.0.store(number.map_err(|_| EINVAL)?, Ordering::Relaxed);
        Ok(())
    }
}

/// More than the kernel's buffer has room for at first.
struct Long;

#[vtable]
impl Operations for Long {
    fn show(&self, m: &SeqFile) -> Result {
        for line in 0..20_000 {
            seq_print!(m, "{:>9}\n", line);
        }
        Ok(())
    }
}

/// What [`Slow`] holds as long as it is not dropped.
const LIVES: i32 = 0x600d;

/// A file that takes its time, and notices when it is used after it was dropped.
struct Slow(AtomicI32);

#[vtable]
impl Operations for Slow {
    fn show(&self, m: &SeqFile) -> Result {
        fsleep(Delta::from_millis(200));
        match self.0.load(Ordering::Relaxed) {
            LIVES => seq_print!(m, "alive\n"),
            _ => pr_err!("a file was used after it was dropped\n"),
        }
        Ok(())
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.0.store(0xdead, Ordering::Relaxed);
    }
}

/// A file that cannot be read now.
struct Busy;

#[vtable]
impl Operations for Busy {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "this is not seen\n");
        Err(EBUSY)
    }
}

/// A file that can only be written.
struct Sink;

#[vtable]
impl Operations for Sink {
    fn write(&self, _reader: &mut UserSliceReader) -> Result {
        Ok(())
    }
}

#[kunit_tests(procfs)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_used_again() -> Result {
        for _ in 0..3 {
            let dir = Dir::new(c"koxide_selftest_again", None)?;
            let first = file(c"file", 0o444, &dir, Long)?;
            drop(dir.clone());
            drop(dir);
            drop(first);
        }
        Ok(())
    }

    #[test]
    fn names_that_the_kernel_would_warn_of_are_einval() -> Result {
        let dir = Dir::new(c"koxide_selftest_names", None)?;
        for name in [c"", c".", c"..", c"a/b"] {
            assert_eq!(Dir::new(name, Some(&dir)).err(), Some(EINVAL));
            assert_eq!(file(name, 0o444, &dir, Long).err(), Some(EINVAL));
        }
        assert_eq!(Dir::new(c"123", None).err(), Some(EINVAL));
        drop(Dir::new(c"123", Some(&dir))?);
        Ok(())
    }

    #[test]
    fn a_file_is_its_data() -> Result {
        let dir = Dir::new(c"koxide_selftest_data", None)?;
        let number = file(c"number", 0o444, &dir, Number(AtomicI32::new(3)))?;
        assert_eq!(number.0.load(Ordering::Relaxed), 3);
        Ok(())
    }
}
