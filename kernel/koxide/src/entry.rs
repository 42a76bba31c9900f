// SPDX-License-Identifier: GPL-2.0-only

//! The border that every call from the kernel into Rust crosses.
//!
//! All `extern "C"` functions of this library have [`enter`] around what they do, and a test reads the sources for it.
//! Today a panic does not come back to it: the panic handler writes the message to the log and calls `BUG()`. Each
//! caller says already what the kernel is to be told when the code behind it panicked, so that panics can be contained
//! here, at one place.

/// Runs the Rust side of a call from the kernel, and gives its answer.
///
/// `if_panicked` is what the kernel is told when `body` panics. For an operation that can fail this is an errno; for
/// one that cannot it is whatever ends the matter without harm.
///
/// # Context
///
/// That of the call.
#[inline(always)]
pub fn enter<R>(if_panicked: R, body: impl FnOnce() -> R) -> R {
    let _ = if_panicked;
    body()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Looks at each function that the kernel can call: the first thing in its body is `enter`.
    fn check(path: &Path, found: &mut usize) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                check(&entry.unwrap().path(), found);
            }
            return;
        }
        let source = std::fs::read_to_string(path).unwrap();
        // A definition has a name, a type has none; the escaped quotes keep this file out of its own search.
        for (at, _) in source.match_indices("extern \x22C\x22 fn ") {
            *found += 1;
            let (signature, body) = source[at..].split_once('{').unwrap();
            assert!(
                body.trim_start().starts_with("enter("),
                "{}: {signature}",
                path.display()
            );
        }
    }

    #[test]
    fn every_function_that_the_kernel_calls_enters_here() {
        let mut found = 0;
        check(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut found,
        );
        assert!(
            found >= 5,
            "only {found} functions found: does the search still work?"
        );
    }
}
