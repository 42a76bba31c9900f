// SPDX-License-Identifier: GPL-2.0-only

//! The functions that the kernel calls for attributes: `struct sysfs_ops`, which leads to them.

#![allow(unsafe_code, reason = "the C edge of attributes")]

use core::ffi::{CStr, c_char, c_void};
use core::marker::PhantomData;

use koxide_abi::SysfsAttribute;

use super::AttributeOperations;
use crate::entry::{Module, callback, enter};
use crate::error::from_result;
use crate::fs::table::answer;
use crate::page::PAGE_SIZE;
use crate::table::define_table;

/// The attributes of a group whose data is a `Data`. [`sysfs_attrs!`](crate::sysfs_attrs) makes it.
///
/// # Invariants
///
/// The table is one of so many attributes of such groups.
pub struct AttributeList<Data> {
    room: *const c_void,
    len: usize,
    _data: PhantomData<fn(Data)>,
}

impl<Data> AttributeList<Data> {
    /// The room, and for how many attributes.
    pub(super) fn room(&self) -> (*const c_void, usize) {
        (self.room, self.len)
    }
}

/// What [`sysfs_attrs!`](crate::sysfs_attrs) says about a group.
pub trait Kind: 'static {
    /// Its data.
    type Data: 'static;
    /// Its attributes.
    const ATTRIBUTES: &'static [Attribute<Self::Data>];
}

/// An attribute of groups whose data is a `Data`.
#[repr(transparent)]
pub struct Attribute<Data>(SysfsAttribute, PhantomData<fn(Data)>);

impl<Data> Attribute<Data> {
    /// The attribute with the operations of an `ID`.
    pub const fn new<const ID: u64>(name: &'static CStr) -> Self
    where
        Data: AttributeOperations<ID, Data = Data>,
    {
        let attribute = SysfsAttribute {
            name: name.as_ptr(),
            show: if Data::HAS_SHOW {
                Some(show::<ID, Data>)
            } else {
                None
            },
            store: if Data::HAS_STORE {
                Some(store::<ID, Data>)
            } else {
                None
            },
        };
        Self(attribute, PhantomData)
    }
}

/// The attributes of a group, for the kernel.
pub fn attribute_list<K: Kind>() -> AttributeList<K::Data> {
    let room = define_table! {
        kind: "sysfs_attribute",
        row: SysfsAttribute,
        rows: K::ATTRIBUTES.len(),
        getter: list::<K>,
    };
    // INVARIANT: the table is made of these attributes.
    AttributeList {
        room,
        len: K::ATTRIBUTES.len(),
        _data: PhantomData,
    }
}

/// The attributes of a group.
fn list<K: Kind>() -> *const c_void {
    K::ATTRIBUTES.as_ptr().cast()
}

/// `show` of an attribute.
///
/// # Safety
///
/// `data` is that of a group, a `Data`, which lives during the call; `page` is a page of zeros that only this call uses.
unsafe extern "C" fn show<const ID: u64, Data>(data: *mut c_void, page: *mut c_char) -> isize
where
    Data: AttributeOperations<ID, Data = Data>,
{
    enter(callback::SHOW, Module, || {
        // SAFETY: the caller promises it.
        let data = unsafe { &*data.cast::<Data>() };
        // SAFETY: the caller promises it.
        let page = unsafe { &mut *page.cast::<[u8; PAGE_SIZE]>() };
        // The kernel complains of a page that is full.
        from_result(|| answer(Data::show(data, page), PAGE_SIZE - 1))
    })
}

/// `store` of an attribute.
///
/// # Safety
///
/// `data` is that of a group, a `Data`, which lives during the call; `page` has `len` bytes, which nobody changes.
unsafe extern "C" fn store<const ID: u64, Data>(
    data: *mut c_void,
    page: *const c_char,
    len: usize,
) -> isize
where
    Data: AttributeOperations<ID, Data = Data>,
{
    enter(callback::STORE, Module, || {
        // SAFETY: the caller promises it.
        let data = unsafe { &*data.cast::<Data>() };
        // SAFETY: the caller promises it.
        let page = unsafe { core::slice::from_raw_parts(page.cast::<u8>(), len) };
        from_result(|| answer(Data::store(data, page).map(|()| len), len))
    })
}
