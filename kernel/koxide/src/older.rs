// SPDX-License-Identifier: GPL-2.0-only

//! Macros at the places where Linux 6.12 had them, each with a note where it is now.
//!
//! What tutorials of that time print compiles:
//!
//! ```
//! # #![allow(deprecated)]
//! use kernel::{c_str, init::PinInit, prelude::*, types::ARef};
//!
//! module! {
//!     type: Tutorial,
//!     name: "tutorial",
//!     author: "A. Author",
//!     description: "As of Linux 6.12",
//!     license: "GPL",
//! }
//!
//! #[pin_data]
//! struct Shared {
//!     #[pin]
//!     count: kernel::sync::Mutex<u32>,
//! }
//!
//! impl Shared {
//!     fn new() -> impl PinInit<Self> {
//!         kernel::pin_init!(Self { count <- kernel::new_mutex!(0) })
//!     }
//! }
//!
//! struct Tutorial(ARef<kernel::task::Task>);
//!
//! impl kernel::Module for Tutorial {
//!     fn init(_module: &'static ThisModule) -> Result<Self> {
//!         let name = c_str!("tutorial");
//!         pr_info!("{name} has {} letters\n", name.as_bytes().len());
//!         kernel::stack_pin_init!(let shared = Shared::new());
//!         *shared.count.lock() += 1;
//!         Ok(Self(ARef::from(&**kernel::current!())))
//!     }
//! }
//! # fn main() {}
//! ```

macro_rules! moved {
    ($($name:ident, $note:literal;)*) => { moved! {@ ($) $($name, $note;)*} };
    (@ ($dollar:tt) $($name:ident, $note:literal;)*) => {$(
        #[doc(hidden)]
        #[macro_export]
        #[deprecated(note = $note)]
        macro_rules! $name {
            ($dollar($dollar tokens:tt)*) => { $crate::pin_init::$name!($dollar($dollar tokens)*) };
        }
    )*};
}

moved! {
    pin_init, "it is `kernel::pin_init::pin_init`, and in the prelude";
    stack_pin_init, "it is `kernel::pin_init::stack_pin_init`";
    stack_try_pin_init, "it is `kernel::pin_init::stack_try_pin_init`";
}
