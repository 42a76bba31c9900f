// SPDX-License-Identifier: GPL-2.0-only

//! `/sys/kernel/config/koxide_selftest`: folders that user space makes.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{
    configfs::{self, AttributeOperations, Group, GroupOperations, Subsystem, configfs_attrs},
    new_mutex,
    page::PAGE_SIZE,
    prelude::*,
    sync::{ArcBorrow, Mutex},
    time::{Delta, delay::fsleep},
};

/// The driver's own folder: each folder in it is a [`Shelf`].
pub(crate) struct Library {
    made: AtomicU32,
}

/// Registers the folder under a name.
pub(crate) fn subsystem(name: &'static CStr) -> Result<Pin<KBox<Subsystem<Library>>>> {
    let kind = configfs_attrs! {
        container: Subsystem<Library>,
        data: Library,
        child: Shelf,
        attributes: [
            made: 0,
            too_much: 1,
        ],
    };
    let library = Library {
        made: AtomicU32::new(0),
    };
    KBox::try_pin_init(Subsystem::new(name, kind, library), GFP_KERNEL)
}

/// Formats a text into a page.
fn print(page: &mut [u8], text: kernel::fmt::Arguments<'_>) -> Result<usize> {
    let text = kernel::str::CString::try_from_fmt(text)?;
    let bytes = text.to_bytes();
    page.get_mut(..bytes.len())
        .ok_or(EFBIG)?
        .copy_from_slice(bytes);
    Ok(bytes.len())
}

#[vtable]
impl AttributeOperations<0> for Library {
    type Data = Library;

    fn show(library: &Library, page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        print(page, fmt!("{}\n", library.made.load(Relaxed)))
    }
}

#[vtable]
impl AttributeOperations<1> for Library {
    type Data = Library;

    fn show(_library: &Library, _page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        Ok(PAGE_SIZE + 1)
    }
}

#[vtable]
impl GroupOperations for Library {
    type Child = Shelf;

    fn make_group(&self, name: &CStr) -> Result<impl PinInit<Group<Shelf>, Error>> {
        let kind = configfs_attrs! {
            container: configfs::Group<Shelf>,
            data: Shelf,
            child: Book,
            attributes: [
                text: 0,
                slow: 7,
            ],
        };
        if name.to_bytes().starts_with(b"forbidden") {
            return Err(EACCES);
        }
        self.made.fetch_add(1, Relaxed);
        let shelf = Shelf::new(name.to_bytes().starts_with(b"broken"));
        Ok(Group::new(name.try_into()?, kind, shelf))
    }

    fn drop_item(&self, _child: ArcBorrow<'_, Group<Shelf>>) {
        self.made.fetch_sub(1, Relaxed);
    }
}

/// What [`Shelf`] holds as long as it is not dropped.
const LIVES: u32 = 0x600d;

/// A folder with a text.
#[pin_data(PinnedDrop)]
pub(crate) struct Shelf {
    state: AtomicU32,
    #[pin]
    text: Mutex<KVec<u8>>,
}

impl Shelf {
    fn new(broken: bool) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            state: if broken {
                return Err(EDOM);
            } else {
                AtomicU32::new(LIVES)
            },
            text <- new_mutex!(KVec::new()),
        })
    }
}

#[pinned_drop]
impl PinnedDrop for Shelf {
    fn drop(self: Pin<&mut Self>) {
        self.state.store(0xdead, Relaxed);
        pr_info!("a shelf is gone\n");
    }
}

#[vtable]
impl AttributeOperations<0> for Shelf {
    type Data = Shelf;

    fn show(shelf: &Shelf, page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        let text = shelf.text.lock();
        page[..text.len()].copy_from_slice(&text);
        Ok(text.len())
    }

    fn store(shelf: &Shelf, page: &[u8]) -> Result {
        if page.starts_with(b"!") {
            return Err(ERANGE);
        }
        let mut text = KVec::new();
        text.extend_from_slice(page, GFP_KERNEL)?;
        *shelf.text.lock() = text;
        Ok(())
    }
}

#[vtable]
impl AttributeOperations<7> for Shelf {
    type Data = Shelf;

    fn show(shelf: &Shelf, page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        fsleep(Delta::from_millis(100));
        if shelf.state.load(Relaxed) != LIVES {
            pr_err!("a folder was used after it was dropped\n");
        }
        print(page, fmt!("alive\n"))
    }
}

#[vtable]
impl GroupOperations for Shelf {
    type Child = Book;

    fn make_group(&self, name: &CStr) -> Result<impl PinInit<Group<Book>, Error>> {
        let kind = configfs_attrs! {
            container: configfs::Group<Book>,
            data: Book,
            attributes: [],
        };
        Ok(Group::new(name.try_into()?, kind, Book))
    }
}

/// A folder without anything.
pub(crate) struct Book;

#[kunit_tests(configfs)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_can_be_made_again() -> Result {
        for _ in 0..3 {
            drop(subsystem(c"koxide_selftest_again")?);
        }
        Ok(())
    }

    #[test]
    fn a_name_is_needed_and_is_only_given_once() -> Result {
        let first = subsystem(c"koxide_selftest_name")?;
        assert_eq!(subsystem(c"koxide_selftest_name").err(), Some(EEXIST));
        drop(first);
        for name in [c"", c".", c"..", c"a/b"] {
            assert_eq!(subsystem(name).err(), Some(EINVAL));
        }
        Ok(())
    }

    #[test]
    fn a_group_that_is_never_used_is_freed() -> Result {
        let library = Library {
            made: AtomicU32::new(0),
        };
        let group =
            library.make_group(c"a name that is longer than the room in the group itself")?;
        drop(KBox::try_pin_init(group, GFP_KERNEL)?);
        assert_eq!(library.made.load(Relaxed), 1);
        Ok(())
    }
}
