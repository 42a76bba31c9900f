// SPDX-License-Identifier: GPL-2.0-only

//! What is done once, such as a message, however often the code runs: include/linux/once_lite.h.

use core::sync::atomic::{AtomicBool, Ordering};

/// Whether this is the first call with this flag; the macros call it.
#[doc(hidden)]
pub fn first(done: &AtomicBool) -> bool {
    // The flag is read first, so that what was done costs no more than that.
    !done.load(Ordering::Relaxed) && !done.swap(true, Ordering::Relaxed)
}

/// Runs something only the first time that it is reached, by whichever thread. Any context.
///
/// # Examples
///
/// ```
/// use kernel::do_once_lite;
/// # use core::sync::atomic::{AtomicU32, Ordering};
///
/// static RUNS: AtomicU32 = AtomicU32::new(0);
///
/// for _ in 0..3 {
///     do_once_lite! {
///         RUNS.fetch_add(1, Ordering::Relaxed);
///     }
/// }
/// assert_eq!(RUNS.load(Ordering::Relaxed), 1);
/// ```
#[macro_export]
macro_rules! do_once_lite {
    ($($body:tt)*) => {{
        static DONE: ::core::sync::atomic::AtomicBool = ::core::sync::atomic::AtomicBool::new(false);
        if $crate::print::first(&DONE) {
            $($body)*
        }
    }};
}

/// As [`pr_emerg!`](crate::pr_emerg), but writes only the first time that it is reached. Any context.
#[macro_export]
macro_rules! pr_emerg_once {
    ($($args:tt)+) => { $crate::do_once_lite! { $crate::pr_emerg!($($args)+); } };
}

/// As [`pr_alert!`](crate::pr_alert), but writes only the first time that it is reached. Any context.
#[macro_export]
macro_rules! pr_alert_once {
    ($($args:tt)+) => { $crate::do_once_lite! { $crate::pr_alert!($($args)+); } };
}

/// As [`pr_crit!`](crate::pr_crit), but writes only the first time that it is reached. Any context.
#[macro_export]
macro_rules! pr_crit_once {
    ($($args:tt)+) => { $crate::do_once_lite! { $crate::pr_crit!($($args)+); } };
}

/// As [`pr_err!`](crate::pr_err), but writes only the first time that it is reached. Any context.
#[macro_export]
macro_rules! pr_err_once {
    ($($args:tt)+) => { $crate::do_once_lite! { $crate::pr_err!($($args)+); } };
}

/// As [`pr_warn!`](crate::pr_warn), but writes only the first time that it is reached. Any context.
#[macro_export]
macro_rules! pr_warn_once {
    ($($args:tt)+) => { $crate::do_once_lite! { $crate::pr_warn!($($args)+); } };
}

/// As [`pr_notice!`](crate::pr_notice), but writes only the first time that it is reached. Any context.
#[macro_export]
macro_rules! pr_notice_once {
    ($($args:tt)+) => { $crate::do_once_lite! { $crate::pr_notice!($($args)+); } };
}

/// As [`pr_info!`](crate::pr_info), but writes only the first time that it is reached. Any context.
#[macro_export]
macro_rules! pr_info_once {
    ($($args:tt)+) => { $crate::do_once_lite! { $crate::pr_info!($($args)+); } };
}

#[cfg(test)]
mod tests {
    use koxide_abi::host::print::take;

    #[test]
    fn each_place_writes_once() {
        for number in 0..3 {
            pr_info_once!("one {number}\n");
            pr_warn_once!("two\n");
        }
        let lines = take();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], (6, "koxide: one 0\n".into()));
    }
}
