// SPDX-License-Identifier: GPL-2.0-only

//! Devices of the driver core: include/linux/device.h.

#![allow(unsafe_code, reason = "the C edge of devices")]

pub(crate) mod name;

use core::ffi::CStr;
use core::fmt;
use core::ptr::NonNull;

use crate::print::{Level, with_text};
use crate::sync::aref::AlwaysRefCounted;
use crate::types::Opaque;

/// A device.
///
/// Counting references to it is for modules with a GPL-compatible licence only.
///
/// # Invariants
///
/// This is a `struct device` of the kernel.
#[repr(transparent)]
pub struct Device(Opaque<koxide_abi::types::device>);

// SAFETY: any thread may give back a reference.
unsafe impl Send for Device {}
// SAFETY: what can be done with a shared device is synchronised by the kernel.
unsafe impl Sync for Device {}

impl Device {
    /// The device at an address.
    ///
    /// # Safety
    ///
    /// During `'a` there is a reference to it.
    pub(crate) unsafe fn from_raw<'a>(ptr: *mut koxide_abi::types::device) -> &'a Self {
        // SAFETY: the struct has the layout of its one field, and lives for `'a`.
        unsafe { &*ptr.cast() }
    }

    /// The device's name, as in sysfs.
    pub fn name(&self) -> &CStr {
        // SAFETY: whoever has `self` has a reference.
        let name = unsafe { koxide_abi::kx_dev_name(self.0.get()) };
        // SAFETY: it is a C string that lives as long as the device: this library renames none.
        unsafe { CStr::from_ptr(name) }
    }

    /// Writes a message about the device; the macros call it.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __print(&self, level: Level, args: fmt::Arguments<'_>) {
        match args.as_str() {
            Some(text) => self.write(level, text.as_bytes()),
            None => self.print_formatted(level, args),
        }
    }

    /// Writes a message that has arguments.
    #[inline(never)]
    fn print_formatted(&self, level: Level, args: fmt::Arguments<'_>) {
        with_text(args, |text| self.write(level, text));
    }

    /// Hands text to the kernel.
    fn write(&self, level: Level, text: &[u8]) {
        // SAFETY: whoever has `self` has a reference, and the text is readable for its length.
        unsafe { koxide_abi::kx_dev_print(level as u32, self.0.get(), text.as_ptr(), text.len()) };
    }
}

impl AsRef<Device> for Device {
    fn as_ref(&self) -> &Device {
        self
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
        ::core::convert::AsRef::<$crate::device::Device>::as_ref(&$dev)
            .__print($crate::print::Level::$level, $crate::fmt!($($args)+))
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
