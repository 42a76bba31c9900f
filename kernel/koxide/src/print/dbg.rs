// SPDX-License-Identifier: GPL-2.0-only

//! Messages for the search after a fault.

/// Writes an expression, its value and where it is to the log, and gives the value back: a look while searching a fault.
///
/// The level is info (6), in builds of each profile. A value that is not `Copy` is moved through; `dbg!(&value)` borrows it.
/// Several values come back as a tuple; without any, the place alone is written. Any context.
///
/// # Examples
///
/// ```no_run
/// # // kunit: run
/// # const __LOG_PREFIX: &core::ffi::CStr = c"doc";
/// # fn main() {
/// let a = 2;
/// // Writes `[src/lib.rs:3:9] a * 2 = 4`.
/// let b = kernel::dbg!(a * 2) + 1;
/// assert_eq!(b, 5);
/// # }
/// ```
#[macro_export]
macro_rules! dbg {
    () => {
        $crate::pr_info!("[{}:{}:{}]\n", ::core::file!(), ::core::line!(), ::core::column!())
    };
    ($value:expr $(,)?) => {
        // Not a `let`: what the expression borrows for a moment lives until the value was used.
        match $value {
            value => {
                $crate::pr_info!(
                    "[{}:{}:{}] {} = {:#?}\n",
                    ::core::file!(),
                    ::core::line!(),
                    ::core::column!(),
                    ::core::stringify!($value),
                    &value,
                );
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => {
        ($($crate::dbg!($value)),+,)
    };
}

#[cfg(test)]
mod tests {
    use koxide_abi::host::print::take;

    #[test]
    fn values_come_back() {
        assert_eq!(dbg!(1 + 1, "{x}"), (2, "{x}"));
        dbg!();
        let lines = take();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].1.ends_with("] 1 + 1 = 2\n"), "{lines:?}");
        assert!(lines[1].1.ends_with("] \"{x}\" = \"{x}\"\n"), "{lines:?}");
        assert!(
            lines[2].1.starts_with("koxide: [") && lines[2].1.ends_with("]\n"),
            "{lines:?}"
        );
    }
}
