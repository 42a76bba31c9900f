// SPDX-License-Identifier: GPL-2.0-only

//! Files of all kinds in `/sys/kernel/debug/koxide_selftest`.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{
    debugfs::{Dir, File, Scope},
    fmt, new_mutex,
    prelude::*,
    sync::{Mutex, atomic::Atomic},
    time::{Delta, delay::fsleep},
    uaccess::UserSliceReader,
};

/// What is there while the module is loaded.
pub(crate) struct Files {
    _text: Pin<KBox<File<&'static str>>>,
    _number: Pin<KBox<File<Atomic<i32>>>>,
    _scope: Pin<KBox<Scope<Data>>>,
}

/// What most of the files are about.
#[pin_data]
struct Data {
    id: u32,
    list: KVec<u8>,
    nested: [AtomicU32; 2],
    #[pin]
    number: Mutex<i16>,
    #[pin]
    bytes: Mutex<[u8; 8]>,
    #[pin]
    slow: Mutex<Option<Pin<KBox<File<Slow>>>>>,
}

impl Files {
    /// Makes the files.
    pub(crate) fn new() -> Result<Self> {
        let dir = Dir::new(c"koxide_selftest");
        let text = KBox::pin_init(dir.read_only_file(c"text", "a \"text\""), GFP_KERNEL)?;
        let number = dir.read_write_file(c"number", Atomic::<i32>::new(-7));
        let number = KBox::pin_init(number, GFP_KERNEL)?;
        let slow = KBox::pin_init(
            dir.read_callback_file(c"slow", Slow(AtomicU32::new(LIVES)), &show_slowly),
            GFP_KERNEL,
        )?;
        let mut list = KVec::new();
        list.extend_from_slice(b"0123456789", GFP_KERNEL)?;
        let data = pin_init!(Data {
            id: 0xbeef,
            list,
            nested: [AtomicU32::new(1), AtomicU32::new(2)],
            number <- new_mutex!(3),
            bytes <- new_mutex!(*b"ABCDEFGH"),
            slow <- new_mutex!(Some(slow)),
        });
        let scope = dir.scope(data, c"scope", |data, dir| {
            dir.read_callback_file(c"id", &data.id, &show_hex);
            dir.read_binary_file(c"list", &data.list);
            dir.read_write_binary_file(c"bytes", &data.bytes);
            dir.write_binary_file(c"sink", &data.bytes);
            dir.read_write_file(c"number", &data.number);
            dir.write_only_file(c"silent", &data.number);
            dir.read_write_callback_file(c"both", &data.nested, &show_sum, &take_sum);
            dir.write_only_callback_file(c"remove_slow", data, &remove_slow);
            let nested = dir.dir(c"nested");
            nested.read_write_file(c"0", &data.nested[0]);
            nested.read_only_file(c"1", &data.nested[1]);
            // What is there already is left out, with what would be in it.
            dir.read_only_file(c"id", &data.nested[1]);
            dir.dir(c"nested").read_only_file(c"2", &data.nested[1]);
        });
        Ok(Self {
            _text: text,
            _number: number,
            _scope: KBox::pin_init(scope, GFP_KERNEL)?,
        })
    }
}

/// What [`Slow`] holds as long as it is not dropped.
const LIVES: u32 = 0x600d;

/// A value that takes its time, and notices when it is used after it was dropped.
struct Slow(AtomicU32);

impl Drop for Slow {
    fn drop(&mut self) {
        self.0.store(0xdead, Relaxed);
    }
}

fn show_slowly(slow: &Slow, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fsleep(Delta::from_millis(300));
    if slow.0.load(Relaxed) != LIVES {
        pr_err!("a file was used after it was dropped\n");
    }
    f.write_str("alive\n")
}

fn remove_slow(data: &Data, _reader: &mut UserSliceReader) -> Result {
    let removed = data.slow.lock().take();
    drop(removed);
    Ok(())
}

fn show_hex(value: &u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{value:#x}")
}

fn show_sum(values: &[AtomicU32; 2], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let sum: u32 = values.iter().map(|value| value.load(Relaxed)).sum();
    writeln!(f, "{sum}")
}

fn take_sum(values: &[AtomicU32; 2], reader: &mut UserSliceReader) -> Result {
    let mut byte = [0];
    reader.read_slice(&mut byte)?;
    let digit = char::from(byte[0]).to_digit(10).ok_or(EDOM)?;
    values[0].store(digit, Relaxed);
    values[1].store(0, Relaxed);
    Ok(())
}

#[kunit_tests(debugfs)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_go_in_any_order() -> Result {
        for _ in 0..3 {
            let dir = Dir::new(c"koxide_selftest_order");
            let inner = dir.subdir(c"inner");
            let file = KBox::pin_init(inner.read_only_file(c"file", 1u8), GFP_KERNEL)?;
            let scope = Scope::dir(2u8, c"koxide_selftest_scope", |data, dir| {
                dir.read_only_file(c"data", data);
            });
            let scope = KBox::pin_init(scope, GFP_KERNEL)?;
            drop((dir, inner));
            assert_eq!((**file, **scope), (1, 2));
        }
        Ok(())
    }

    #[test]
    fn names_that_are_taken_or_are_none_do_no_harm() -> Result {
        let dir = Dir::new(c"koxide_selftest_names");
        let again = Dir::new(c"koxide_selftest_names");
        let first = KBox::pin_init(dir.read_only_file(c"file", 1u8), GFP_KERNEL)?;
        let second = KBox::pin_init(dir.read_only_file(c"file", 2u8), GFP_KERNEL)?;
        let third = KBox::pin_init(again.read_only_file(c"file", 3u8), GFP_KERNEL)?;
        let empty = KBox::pin_init(dir.read_only_file(c"", 4u8), GFP_KERNEL)?;
        let slash = KBox::pin_init(dir.subdir(c"a/b").read_only_file(c"c", 5u8), GFP_KERNEL)?;
        assert_eq!(
            (**first, **second, **third, **empty, **slash),
            (1, 2, 3, 4, 5)
        );
        Ok(())
    }
}
