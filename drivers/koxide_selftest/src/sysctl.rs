// SPDX-License-Identifier: GPL-2.0-only

//! Settings of all kinds in `/proc/sys/koxide/selftest`.

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize, Ordering::Relaxed};

use kernel::{
    prelude::*,
    sysctl::{Entry, Registration, Table, Text},
};

static INT: AtomicI32 = AtomicI32::new(-5);
static UINT: AtomicU32 = AtomicU32::new(5);
static LONG: AtomicUsize = AtomicUsize::new(1 << (usize::BITS - 24));
static SWITCH: AtomicBool = AtomicBool::new(false);
static TEXT: Text<8> = Text::new("start");

/// `/proc/sys/koxide/selftest`.
pub(crate) struct Settings;

impl Table for Settings {
    const PATH: &'static CStr = c"koxide/selftest";
    const ENTRIES: &'static [Entry] = &[
        Entry::i32(c"int", 0o644, &INT, -10..=10),
        Entry::u32(c"uint", 0o600, &UINT, 3..=u32::MAX),
        Entry::usize(c"long", 0o644, &LONG, 1..=usize::MAX - 1),
        Entry::bool(c"switch", 0o644, &SWITCH),
        Entry::text(c"text", 0o644, &TEXT),
        Entry::i32(c"fixed", 0o444, &INT, -10..=10),
    ];
}

/// The settings while the module is loaded; it logs them when they go.
pub(crate) struct Logged {
    _registration: Registration<Settings>,
}

impl Logged {
    /// Registers the settings.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            _registration: Registration::new()?,
        })
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        pr_info!(
            "settings: {} {} {} {} {:?}\n",
            INT.load(Relaxed),
            UINT.load(Relaxed),
            LONG.load(Relaxed),
            SWITCH.load(Relaxed),
            TEXT.to_cstring(),
        );
    }
}

#[kunit_tests(sysctl)]
mod tests {
    use super::*;

    #[test]
    fn a_table_can_be_registered_again() -> Result {
        for _ in 0..3 {
            drop(Registration::<Settings>::new()?);
        }
        Ok(())
    }

    #[test]
    fn texts_are_read_and_changed() -> Result {
        static OTHER: Text<4> = Text::new("abc");
        assert_eq!(&*OTHER.to_cstring()?, c"abc");
        OTHER.set(c"")?;
        assert_eq!(&*OTHER.to_cstring()?, c"");
        assert_eq!(OTHER.set(c"abcd"), Err(EINVAL));
        OTHER.set(c"xyz")?;
        assert_eq!(&*OTHER.to_cstring()?, c"xyz");
        Ok(())
    }

    /// Declares a table with one entry.
    macro_rules! table {
        ($name:ident, $path:expr, $file:expr, $mode:expr) => {
            struct $name;
            impl Table for $name {
                const PATH: &'static CStr = $path;
                const ENTRIES: &'static [Entry] = &[Entry::i32($file, $mode, &INT, 0..=1)];
            }
        };
    }
    table!(Up, c"koxide/..", c"x", 0o644);
    table!(Empty, c"koxide//x", c"x", 0o644);
    table!(Executable, c"koxide", c"x", 0o755);
    table!(Folder, c"koxide", c"x/y", 0o644);

    table!(Taken, c"kernel", c"panic", 0o644);
    table!(TakenByFolder, c"kernel", c"random", 0o644);
    table!(InFile, c"kernel/panic", c"x", 0o644);

    /// The kernel itself would lose the other settings of the folder.
    #[test]
    fn a_name_that_is_taken_is_eexist_and_leaves_the_others() -> Result {
        assert_eq!(Registration::<Taken>::new().err(), Some(EEXIST));
        assert_eq!(Registration::<TakenByFolder>::new().err(), Some(EEXIST));
        assert_eq!(Registration::<InFile>::new().err(), Some(ENOTDIR));
        // Those of the folder can still be found: they are taken, too.
        table!(Other, c"kernel", c"hostname", 0o644);
        assert_eq!(Registration::<Other>::new().err(), Some(EEXIST));
        let first = Registration::<Settings>::new()?;
        assert_eq!(Registration::<Settings>::new().err(), Some(EEXIST));
        drop(first);
        Ok(())
    }

    #[test]
    fn tables_that_no_folder_can_be_made_of_are_einval() {
        assert_eq!(Registration::<Up>::new().err(), Some(EINVAL));
        assert_eq!(Registration::<Empty>::new().err(), Some(EINVAL));
        assert_eq!(Registration::<Executable>::new().err(), Some(EINVAL));
        assert_eq!(Registration::<Folder>::new().err(), Some(EINVAL));
    }
}
