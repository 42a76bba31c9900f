// SPDX-License-Identifier: GPL-2.0-only

//! The functions that the kernel calls for a kind of folder: `struct config_item_type`.

#![allow(unsafe_code, reason = "the C edge of configfs")]

use core::ffi::{CStr, c_char, c_void};
use core::marker::PhantomData;

use koxide_abi::types::{config_group, config_item};
use koxide_abi::{ConfigfsAttribute, ConfigfsType};

use super::{AttributeOperations, Group, GroupOperations, Subsystem};
use crate::alloc::flags::GFP_KERNEL;
use crate::entry::{
    Always, Module,
    callback::{self, error_pointer},
    enter,
};
use crate::error::{code::ENODEV, from_result};
use crate::fs::table::answer;
use crate::init::InPlaceInit;
use crate::module::restart::Held;
use crate::page::PAGE_SIZE;
use crate::sync::{Arc, ArcBorrow};
use crate::table::define_table;

/// What is in a folder: its files, and the folders that user space can make. [`configfs_attrs!`](crate::configfs_attrs)
/// makes it.
///
/// # Invariants
///
/// It is at the address of a table for folders of the kind `Container`, with data of the type `Data`.
pub struct ItemType<Container, Data> {
    // Without a size: what is there is the kernel's.
    _room: [u8; 0],
    _kind: PhantomData<fn(Container, Data)>,
}

impl<Container, Data> ItemType<Container, Data> {
    /// The room.
    pub(super) fn as_ptr(&self) -> *const c_void {
        core::ptr::from_ref(self).cast()
    }
}

/// The kinds of folders.
pub trait Container {
    /// What takes the folder back when nobody uses it.
    #[doc(hidden)]
    const RELEASE: Release;
}

/// A function that takes a folder back.
#[doc(hidden)]
pub struct Release(Option<unsafe extern "C" fn(item: *mut config_item)>);

impl<Data: 'static> Container for Subsystem<Data> {
    const RELEASE: Release = Release(None);
}

impl<Data: 'static> Container for Group<Data> {
    const RELEASE: Release = Release(Some(release::<Data>));
}

/// What [`configfs_attrs!`](crate::configfs_attrs) says about a folder.
pub trait Kind: 'static {
    /// The kind of folder.
    type Container: Container + 'static;
    /// Its data.
    type Data: 'static;
    /// Its files.
    const ATTRIBUTES: &'static [Attribute<Self::Data>];
    /// The folders in it.
    const CHILDREN: Option<Children<Self::Data>>;
}

/// A file in folders whose data is a `Data`.
#[repr(transparent)]
pub struct Attribute<Data>(ConfigfsAttribute, PhantomData<fn(Data)>);

impl<Data> Attribute<Data> {
    /// The file with the operations of an `ID`.
    pub const fn new<const ID: u64>(name: &'static CStr) -> Self
    where
        Data: AttributeOperations<ID, Data = Data>,
    {
        let attribute = ConfigfsAttribute {
            name: name.as_ptr(),
            show: show::<ID, Data>,
            store: if Data::HAS_STORE {
                Some(store::<ID, Data>)
            } else {
                None
            },
        };
        Self(attribute, PhantomData)
    }
}

/// The folders that user space makes in folders whose data is a `Data`.
pub struct Children<Data> {
    make_group:
        unsafe extern "C" fn(group: *mut config_group, name: *const c_char) -> *mut config_group,
    drop_item: unsafe extern "C" fn(group: *mut config_group, item: *mut config_item),
    _data: PhantomData<fn(Data)>,
}

impl<Data: GroupOperations> Children<Data> {
    /// Folders whose data is a `Child`.
    pub const fn of<Child>() -> Self
    where
        Data: GroupOperations<Child = Child>,
    {
        Self {
            make_group: make_group::<Data>,
            drop_item: drop_item::<Data>,
            _data: PhantomData,
        }
    }
}

/// A kind of folder, for the kernel.
pub fn item_type<K: Kind>() -> &'static ItemType<K::Container, K::Data> {
    let room = define_table! {
        kind: "configfs_type",
        row: ConfigfsType,
        rows: 1,
        getter: kind::<K>,
        more: "configfs_attribute",
        row: ConfigfsAttribute,
        rows: K::ATTRIBUTES.len(),
        getter: attributes::<K>,
    };
    let room = if cfg!(target_os = "none") {
        room
    } else {
        core::ptr::dangling()
    };
    // INVARIANT: the table is made for this kind.
    // SAFETY: the type has no bytes, so that a reference to it needs an address only, which is not null.
    unsafe { &*room.cast() }
}

/// A kind of folder.
fn kind<K: Kind>() -> *const c_void {
    (&raw const *Table::<K>::TABLE).cast()
}

/// The files in such a folder.
fn attributes<K: Kind>() -> *const c_void {
    K::ATTRIBUTES.as_ptr().cast()
}

/// A constant for each kind.
struct Table<K>(K);

impl<K: Kind> Table<K> {
    const TABLE: &'static ConfigfsType = &ConfigfsType {
        make_group: match &K::CHILDREN {
            Some(children) => Some(children.make_group),
            None => None,
        },
        drop_item: match &K::CHILDREN {
            Some(children) => Some(children.drop_item),
            None => None,
        },
        release: K::Container::RELEASE.0,
    };
}

/// The data of a folder.
///
/// # Safety
///
/// The item is that of a folder whose data is a `Data`, and in use during `'a`.
unsafe fn data_of<'a, Data>(item: *mut config_item) -> &'a Data {
    // SAFETY: the library made it.
    let data = unsafe { koxide_abi::kx_configfs_data(item) };
    // SAFETY: the data was set before the folder was anywhere, and lives as long as it is in use.
    unsafe { &*data.cast::<Data>() }
}

/// `show` of an attribute.
///
/// # Safety
///
/// The kernel calls it, for a folder whose data is a `Data`; `page` is a page of its own.
unsafe extern "C" fn show<const ID: u64, Data>(item: *mut config_item, page: *mut c_char) -> isize
where
    Data: AttributeOperations<ID, Data = Data>,
{
    enter(callback::SHOW, Module, || {
        // SAFETY: the folder is in use during the call.
        let data: &Data = unsafe { data_of(item) };
        // SAFETY: it is a page, which was zero at first, and which only this call uses now.
        let page = unsafe { &mut *page.cast::<[u8; PAGE_SIZE]>() };
        from_result(|| answer(Data::show(data, page), PAGE_SIZE))
    })
}

/// `store` of an attribute.
///
/// # Safety
///
/// The kernel calls it, for a folder whose data is a `Data`; `page` has `len` bytes.
unsafe extern "C" fn store<const ID: u64, Data>(
    item: *mut config_item,
    page: *const c_char,
    len: usize,
) -> isize
where
    Data: AttributeOperations<ID, Data = Data>,
{
    enter(callback::STORE, Module, || {
        // SAFETY: the folder is in use during the call.
        let data: &Data = unsafe { data_of(item) };
        // SAFETY: there are so many bytes, which nobody changes during the call.
        let page = unsafe { core::slice::from_raw_parts(page.cast::<u8>(), len) };
        from_result(|| answer(Data::store(data, page).map(|()| len), len))
    })
}

/// `make_group`.
///
/// # Safety
///
/// The kernel calls it, for a folder whose data is a `Parent`; `name` is a C string.
unsafe extern "C" fn make_group<Parent: GroupOperations>(
    group: *mut config_group,
    name: *const c_char,
) -> *mut config_group {
    enter(callback::make_group(), Module, || {
        // SAFETY: the folder exists.
        let item = unsafe { koxide_abi::kx_configfs_item(group) };
        // SAFETY: it is in use during the call.
        let parent: &Parent = unsafe { data_of(item) };
        // SAFETY: it is a C string during the call.
        let name = unsafe { CStr::from_ptr(name) };
        let Some(held) = Held::new() else {
            return error_pointer(ENODEV);
        };
        let made = parent
            .make_group(name)
            .and_then(|init| Arc::pin_init(init, GFP_KERNEL));
        match made {
            Ok(child) => {
                held.into_kernel();
                child.into_kernel()
            }
            Err(error) => error_pointer(error),
        }
    })
}

/// `drop_item`.
///
/// # Safety
///
/// The kernel calls it, for a folder whose data is a `Parent`, with one that [`make_group`] made, and a reference to it.
unsafe extern "C" fn drop_item<Parent: GroupOperations>(
    group: *mut config_group,
    item: *mut config_item,
) {
    enter(callback::DROP_ITEM, Always(Module), || {
        if Parent::HAS_DROP_ITEM {
            // SAFETY: the folder exists.
            let own = unsafe { koxide_abi::kx_configfs_item(group) };
            // SAFETY: it is in use during the call.
            let parent: &Parent = unsafe { data_of(own) };
            // SAFETY: the library made the item.
            let owner = unsafe { koxide_abi::kx_configfs_owner(item) };
            // SAFETY: it is what `into_kernel` gave away, and `release` has not taken back, since the kernel has a reference.
            let child = unsafe { ArcBorrow::<Group<Parent::Child>>::from_raw(owner.cast()) };
            parent.drop_item(child);
        }
    });
    // SAFETY: the kernel gave a reference to this function.
    unsafe { koxide_abi::kx_config_item_put(item) };
}

/// `release` of a folder that user space made.
///
/// # Safety
///
/// The kernel calls it, once, for a folder that [`make_group`] made, with data of the type `Data`, which nobody uses any more.
unsafe extern "C" fn release<Data: 'static>(item: *mut config_item) {
    enter(callback::RELEASE_ITEM, Always(Module), || {
        // Dropped last.
        // SAFETY: `make_group` gave one up for this folder.
        let _held = unsafe { Held::from_kernel() };
        // SAFETY: the library made it.
        let owner = unsafe { koxide_abi::kx_configfs_owner(item) };
        // SAFETY: it is what `into_kernel` gave away, taken back once.
        drop(unsafe { Arc::<Group<Data>>::from_raw(owner.cast()) });
    });
}
