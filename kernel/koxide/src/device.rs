// SPDX-License-Identifier: GPL-2.0-only

//! Devices of the driver core: include/linux/device.h.

#![allow(unsafe_code, reason = "the C edge of devices")]

pub(crate) mod name;

use core::ffi::{CStr, c_char};
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::print::native::{Sink, Words};
use crate::print::{Level, with_text};
use crate::sync::aref::{ARef, AlwaysRefCounted};
use crate::types::Opaque;

/// A device.
///
/// Counting references to it is for modules with a GPL-compatible licence only.
///
/// What is known about it is its context: of any there is a reference ([`Normal`]); while one is [`Bound`], a driver is
/// bound to it. What a device can do as any, it can do as a bound one, too.
///
/// # Invariants
///
/// This is a `struct device` of the kernel, in that context.
#[repr(transparent)]
pub struct Device<Ctx: DeviceContext = Normal>(Opaque<koxide_abi::types::device>, PhantomData<Ctx>);

/// What is known about a device.
pub trait DeviceContext: sealed::Sealed {}

/// There is a reference to the device.
pub struct Normal;

/// A driver is bound to the device.
pub struct Bound;

impl DeviceContext for Normal {}
impl DeviceContext for Bound {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Normal {}
    impl Sealed for super::Bound {}
}

// SAFETY: any thread may give back a reference.
unsafe impl<Ctx: DeviceContext> Send for Device<Ctx> {}
// SAFETY: what can be done with a shared device is synchronised by the kernel.
unsafe impl<Ctx: DeviceContext> Sync for Device<Ctx> {}

impl<Ctx: DeviceContext> Device<Ctx> {
    /// The device at an address.
    ///
    /// # Safety
    ///
    /// During `'a` there is a reference to it, and it is in this context.
    pub(crate) unsafe fn from_raw<'a>(ptr: *mut koxide_abi::types::device) -> &'a Self {
        // SAFETY: the struct has the layout of its one field that is not empty, and lives for `'a`.
        unsafe { &*ptr.cast() }
    }

    /// The address of the device.
    pub(crate) fn as_raw(&self) -> *mut koxide_abi::types::device {
        self.0.get()
    }

    /// The device's name, as in sysfs.
    pub fn name(&self) -> &CStr {
        // SAFETY: whoever has `self` has a reference.
        let name = unsafe { koxide_abi::kx_dev_name(self.0.get()) };
        // SAFETY: it is a C string that lives as long as the device: this library renames none.
        unsafe { CStr::from_ptr(name) }
    }

    /// The log for messages about the device; the macros call it.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __log(&self, level: Level) -> Log<'_> {
        Log {
            level,
            dev: self.as_raw(),
            _device: PhantomData,
        }
    }
}

/// The log, as the `dev_*!` macros see it.
///
/// # Invariants
///
/// There is a reference to the device as long as this lives.
#[doc(hidden)]
pub struct Log<'a> {
    level: Level,
    dev: *const koxide_abi::types::device,
    _device: PhantomData<&'a ()>,
}

impl Sink for Log<'_> {
    #[inline(always)]
    unsafe fn native(&self, format: *const c_char, words: impl Words) {
        let level = self.level.text().as_ptr();
        // SAFETY: the caller promises it of the format; there is a reference, by the invariant.
        unsafe { words.dev_printk(level, self.dev, format) };
    }

    #[inline(always)]
    fn formatted(&self, args: fmt::Arguments<'_>) {
        match args.as_str() {
            Some(text) => self.write(text.as_bytes()),
            None => self.print_formatted(args),
        }
    }
}

impl Log<'_> {
    /// Writes a message that has arguments.
    #[inline(never)]
    fn print_formatted(&self, args: fmt::Arguments<'_>) {
        with_text(args, |text| self.write(text));
    }

    /// Hands text to the kernel.
    fn write(&self, text: &[u8]) {
        // SAFETY: there is a reference, by the invariant, and the text is readable for its length.
        unsafe { koxide_abi::kx_dev_print(self.level as u32, self.dev, text.as_ptr(), text.len()) };
    }
}

impl<Ctx: DeviceContext> AsRef<Device<Ctx>> for Device<Ctx> {
    fn as_ref(&self) -> &Device<Ctx> {
        self
    }
}

impl Deref for Device<Bound> {
    type Target = Device;

    fn deref(&self) -> &Device {
        // SAFETY: whoever has `self` has a reference.
        unsafe { Device::from_raw(self.as_raw()) }
    }
}

impl From<&Device<Bound>> for ARef<Device> {
    fn from(device: &Device<Bound>) -> Self {
        Self::from(&**device)
    }
}

// SAFETY: the driver core counts references to devices, and does not move them.
unsafe impl AlwaysRefCounted for Device {
    fn inc_ref(&self) {
        // SAFETY: whoever has `self` has a reference.
        unsafe { koxide_abi::kx_get_device(self.0.get()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: the caller gives its reference back.
        unsafe { koxide_abi::kx_put_device(obj.as_ptr().cast()) };
    }
}

/// The body of the `dev_*!` macros.
#[doc(hidden)]
#[macro_export]
macro_rules! __dev_print {
    ($level:ident, $dev:expr, $($args:tt)+) => {
        $crate::__printk! {
            ($crate::device::Device::__log(($dev).as_ref(), $crate::print::Level::$level))
            ("")
            $($args)+
        }
    };
}

/// Writes a message about a device, of the level emergency (0). Any context.
#[macro_export]
macro_rules! dev_emerg {
    ($dev:expr, $($args:tt)+) => { $crate::__dev_print!(Emerg, $dev, $($args)+) };
}

/// Writes a message about a device, of the level alert (1). Any context.
#[macro_export]
macro_rules! dev_alert {
    ($dev:expr, $($args:tt)+) => { $crate::__dev_print!(Alert, $dev, $($args)+) };
}

/// Writes a message about a device, of the level critical (2). Any context.
#[macro_export]
macro_rules! dev_crit {
    ($dev:expr, $($args:tt)+) => { $crate::__dev_print!(Crit, $dev, $($args)+) };
}

/// Writes a message about a device, of the level error (3). Any context.
#[macro_export]
macro_rules! dev_err {
    ($dev:expr, $($args:tt)+) => { $crate::__dev_print!(Err, $dev, $($args)+) };
}

/// Writes a message about a device, of the level warning (4). Any context.
#[macro_export]
macro_rules! dev_warn {
    ($dev:expr, $($args:tt)+) => { $crate::__dev_print!(Warn, $dev, $($args)+) };
}

/// Writes a message about a device, of the level notice (5). Any context.
#[macro_export]
macro_rules! dev_notice {
    ($dev:expr, $($args:tt)+) => { $crate::__dev_print!(Notice, $dev, $($args)+) };
}

/// Writes a message about a device, of the level info (6). Any context.
#[macro_export]
macro_rules! dev_info {
    ($dev:expr, $($args:tt)+) => { $crate::__dev_print!(Info, $dev, $($args)+) };
}

/// Writes a message about a device, of the level debug (7), in a build with debug assertions.
#[macro_export]
macro_rules! dev_dbg {
    ($dev:expr, $($args:tt)+) => {
        if cfg!(debug_assertions) {
            $crate::__dev_print!(Debug, $dev, $($args)+)
        }
    };
}
