// SPDX-License-Identifier: GPL-2.0-only

//! Sizes in bytes: include/linux/sizes.h.
//!
//! The constants are of the type `usize`; [`SizeConstants`] has them for addresses of devices, which are as wide as the
//! device says.
//!
//! # Examples
//!
//! ```
//! use kernel::sizes::{SZ_4K, SizeConstants};
//!
//! assert_eq!(SZ_4K, 4096);
//! assert_eq!(3 * u64::SZ_2G, 6 << 30);
//! ```

macro_rules! sizes {
    ($($name:ident = $bytes:literal, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub const $name: usize = $bytes;
        )*

        /// The sizes, in types of other widths.
        pub trait SizeConstants {
            $(
                #[doc = $doc]
                const $name: Self;
            )*
        }

        sizes!(@impl u32: $($name = $bytes,)*);
        sizes!(@impl u64: $($name = $bytes,)*);
        sizes!(@impl usize: $($name = $bytes,)*);
    };
    (@impl $ty:ty: $($name:ident = $bytes:literal,)*) => {
        impl SizeConstants for $ty {
            $(const $name: Self = $bytes;)*
        }
    };
}

sizes! {
    SZ_1K = 0x400, "1 KiB.";
    SZ_2K = 0x800, "2 KiB.";
    SZ_4K = 0x1000, "4 KiB.";
    SZ_8K = 0x2000, "8 KiB.";
    SZ_16K = 0x4000, "16 KiB.";
    SZ_32K = 0x8000, "32 KiB.";
    SZ_64K = 0x10000, "64 KiB.";
    SZ_128K = 0x20000, "128 KiB.";
    SZ_256K = 0x40000, "256 KiB.";
    SZ_512K = 0x80000, "512 KiB.";
    SZ_1M = 0x100000, "1 MiB.";
    SZ_2M = 0x200000, "2 MiB.";
    SZ_4M = 0x400000, "4 MiB.";
    SZ_8M = 0x800000, "8 MiB.";
    SZ_16M = 0x1000000, "16 MiB.";
    SZ_32M = 0x2000000, "32 MiB.";
    SZ_64M = 0x4000000, "64 MiB.";
    SZ_128M = 0x8000000, "128 MiB.";
    SZ_256M = 0x10000000, "256 MiB.";
    SZ_512M = 0x20000000, "512 MiB.";
    SZ_1G = 0x40000000, "1 GiB.";
    SZ_2G = 0x80000000, "2 GiB.";
}
