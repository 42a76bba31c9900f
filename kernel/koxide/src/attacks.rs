// SPDX-License-Identifier: GPL-2.0-only

//! What a driver tries in vain: the examples here do not compile, each for the reason that its first sentence says.
//!
//! They are the tests of what `SAFETY.md` says of the language and of several parts of the library at once. Those of one
//! type are with its documentation. An example names the compiler's error where it has a number: one that fails for
//! another reason proves nothing.
//!
//! What a driver can write, and what happens then, is in `attacks/tests.rs`.
//!
//! The order is that of the kinds of faults that drivers in C are known for.

#![allow(dead_code, reason = "the structs have documentation, and nothing else")]

/// What was freed is not used again.
///
/// ```compile_fail,E0382
/// use kernel::prelude::*;
///
/// fn read(record: KBox<u32>) -> u32 {
///     drop(record);
///     *record
/// }
/// ```
struct UseAfterFree;

/// Nothing is freed that somebody still refers to.
///
/// ```compile_fail,E0505
/// use kernel::prelude::*;
///
/// fn read(record: KBox<u32>) -> u32 {
///     let field: &u32 = &record;
///     drop(record);
///     *field
/// }
/// ```
struct FreeWhileBorrowed;

/// Nothing is freed twice.
///
/// ```compile_fail,E0382
/// use kernel::prelude::*;
///
/// fn end(record: KBox<u32>) {
///     drop(record);
///     drop(record);
/// }
/// ```
struct FreeTwice;

/// A vector does not move its elements to other memory under a reference to one.
///
/// ```compile_fail,E0502
/// use kernel::prelude::*;
///
/// fn grow(records: &mut KVec<u32>) -> Result<u32> {
///     let first = &records[0];
///     records.push(1, GFP_KERNEL)?;
///     Ok(*first)
/// }
/// ```
struct MoveWhileBorrowed;

/// What has no value yet is not read.
///
/// ```compile_fail,E0381
/// fn answer(known: bool) -> u32 {
///     let value: u32;
///     if known {
///         value = 42;
///     }
///     value
/// }
/// ```
struct ReadUninitialised;

/// A struct with a field that has no value yet does not exist.
///
/// ```compile_fail,E0063
/// use kernel::prelude::*;
///
/// struct Record { first: u32, second: u32 }
///
/// fn record() -> impl Init<Record> {
///     init!(Record { first: 1 })
/// }
/// ```
struct LeaveAFieldOut;

/// Memory that there may not be is not used before somebody looked.
///
/// ```compile_fail,E0308
/// use kernel::prelude::*;
///
/// fn record() -> KBox<u32> {
///     KBox::new(1, GFP_KERNEL)
/// }
/// ```
struct UseFailedAllocation;

/// What may be missing, C's null pointer, is not read before somebody looked.
///
/// ```compile_fail,E0614
/// fn first(records: &[u32]) -> u32 {
///     *records.first()
/// }
/// ```
struct ReadNull;

/// An error is not taken for a value, as C's error pointers are.
///
/// ```compile_fail,E0599
/// use kernel::{faux, prelude::*};
///
/// fn name(parent: &kernel::device::Device) -> usize {
///     faux::Registration::new(c"x", Some(parent)).as_ref().name().to_bytes().len()
/// }
/// ```
struct UseAnError;

/// An error that nobody looks at is refused by the lints of this repository's drivers, and of packages that `new` makes.
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// use kernel::{prelude::*, uaccess::UserSliceWriter};
///
/// fn answer(mut writer: UserSliceWriter) {
///     writer.write_slice(b"yes");
/// }
/// ```
struct IgnoreAnError;

/// A number is not made an address.
///
/// ```compile_fail,E0133
/// fn read(address: usize) -> u8 {
///     *(address as *const u8)
/// }
/// ```
struct ReadAnAddress;

/// User memory is not lent out as if it were the kernel's.
///
/// ```compile_fail,E0614
/// fn first(user: kernel::uaccess::UserPtr) -> u8 {
///     *user
/// }
/// ```
struct ReadUserMemory;

/// A reader of user memory goes forward: what it checked is not read once more, changed by another thread meanwhile.
///
/// ```compile_fail,E0382
/// use kernel::{prelude::*, uaccess::UserSlice};
///
/// fn fetch_twice(arg: usize) -> Result<u32> {
///     let slice = UserSlice::new(arg, 4);
///     let size: u32 = slice.reader().read()?;
///     if size > 16 {
///         return Err(EINVAL);
///     }
///     slice.reader().read()
/// }
/// ```
struct FetchTwice;

/// What threads share is not changed without a lock or an atomic.
///
/// ```compile_fail,E0133
/// static mut OPENED: u32 = 0;
///
/// fn open() {
///     OPENED += 1;
/// }
/// ```
struct ChangeAStatic;

/// A value that is made for one thread is not shared by a static.
///
/// ```compile_fail,E0277
/// static OPENED: core::cell::Cell<u32> = core::cell::Cell::new(0);
/// ```
struct ShareACell;

/// Nor by the module itself.
///
/// ```compile_fail,E0277
/// use core::cell::Cell;
/// use kernel::prelude::*;
///
/// struct Driver { opened: Cell<u32> }
///
/// impl kernel::Module for Driver {
///     fn init(_module: &'static ThisModule) -> Result<Self> {
///         Ok(Driver { opened: Cell::new(0) })
///     }
/// }
/// ```
struct ShareACellInAModule;

/// What a lock protects is not kept when it is unlocked.
///
/// ```compile_fail,E0515
/// use kernel::sync::Mutex;
///
/// fn keep(value: &Mutex<u32>) -> &u32 {
///     &*value.lock()
/// }
/// ```
struct KeepWhatALockProtects;

/// Nor changed through two references at once.
///
/// ```compile_fail,E0499
/// use kernel::sync::Mutex;
///
/// fn swap(value: &Mutex<[u32; 2]>) {
///     let mut guard = value.lock();
///     let one = &mut guard[0];
///     let other = &mut guard[1];
///     core::mem::swap(one, other);
/// }
/// ```
struct ChangeThroughTwo;

/// What several own is not changed without a lock.
///
/// ```compile_fail,E0594
/// use kernel::{prelude::*, sync::Arc};
///
/// fn count(opened: Arc<u32>) {
///     *opened += 1;
/// }
/// ```
struct ChangeWhatIsShared;

/// A reference is not given up twice: the owner who gave it up does not have it any more.
///
/// ```compile_fail,E0382
/// use kernel::sync::Arc;
///
/// fn put(record: Arc<u32>) {
///     drop(record);
///     drop(record);
/// }
/// ```
struct PutTwice;

/// A thread does not use what its starter has on the stack.
///
/// ```compile_fail,E0373
/// use kernel::{kthread, prelude::*};
///
/// fn start() -> Result {
///     let local = 1;
///     let thread = kthread::spawn(c"x", || local + 1)?;
///     Ok(())
/// }
/// ```
struct BorrowTheStack;

/// A registered device does not move: the kernel has its address.
///
/// ```compile_fail,E0507
/// use kernel::{miscdevice::{MiscDevice, MiscDeviceRegistration}, prelude::*};
///
/// fn take<T: MiscDevice>(device: Pin<KBox<MiscDeviceRegistration<T>>>) -> MiscDeviceRegistration<T> {
///     *device
/// }
/// ```
struct MoveARegistration;

/// What only a device with a driver has is not asked of one that may have lost its driver.
///
/// ```compile_fail,E0308
/// use kernel::{device::{Bound, Device}, sync::aref::ARef};
///
/// fn later(device: ARef<Device>) {
///     needs_a_driver(&device);
/// }
///
/// fn needs_a_driver(device: &Device<Bound>) {}
/// ```
struct UseAfterUnbind;

/// That it has one is not kept beyond the registration.
///
/// ```compile_fail,E0505
/// use kernel::{device::{Bound, Device}, faux, prelude::*};
///
/// fn end(registration: faux::Registration) -> usize {
///     let device: &faux::Device<Bound> = registration.as_ref();
///     drop(registration);
///     AsRef::<Device<Bound>>::as_ref(device).name().to_bytes().len()
/// }
/// ```
struct KeepABoundDevice;

/// Flags of allocations are not made of numbers.
///
/// ```compile_fail,E0423
/// use kernel::alloc::Flags;
///
/// const NOWAIT: Flags = Flags(0x40);
/// ```
struct ForgeFlags;

/// A trait that unsafe code relies on is not implemented by safe code.
///
/// ```compile_fail,E0200
/// struct Answer(bool);
///
/// impl kernel::transmute::FromBytes for Answer {}
/// ```
struct PromiseWithoutUnsafe;

/// Nor by code that says `unsafe` in a driver.
///
/// ```compile_fail
/// #![forbid(unsafe_code)]
/// struct Answer(bool);
///
/// unsafe impl kernel::transmute::FromBytes for Answer {}
/// ```
struct PromiseWithUnsafe;

/// A driver does not name functions of the kernel.
///
/// ```compile_fail
/// #![forbid(unsafe_code)]
/// unsafe extern "C" {
///     safe fn panic();
/// }
/// ```
struct DeclareForeignFunctions;

/// A driver does not give its functions names that the linker knows.
///
/// ```compile_fail
/// #![forbid(unsafe_code)]
/// #[unsafe(no_mangle)]
/// fn kx_mutex_lock() {}
/// ```
struct ChooseASymbol;

/// An exclusive reference to a lock does not let it be swapped with another one.
///
/// ```compile_fail,E0277
/// use kernel::{prelude::*, sync::Mutex};
///
/// fn swap(one: Pin<&mut Mutex<u32>>, other: Pin<&mut Mutex<u32>>) {
///     core::mem::swap(one.get_mut(), other.get_mut());
/// }
/// ```
struct SwapLocks;

#[cfg(test)]
mod tests;
