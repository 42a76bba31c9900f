// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tells what a test printed from what Rust's test harness prints around it.

/// What a test printed by itself; all of it when that does not look like one test's output.
pub(crate) fn own_words(output: &str) -> String {
    let Some((_, rest)) = output.split_once("running 1 test\ntest ") else {
        return output.to_owned();
    };
    let Some((_, rest)) = rest.split_once(" ... ") else {
        return output.to_owned();
    };
    let end = rest.rfind("test result: ").unwrap_or(rest.len());
    let mut words = rest[..end].trim_end();
    if let Some((before, _)) = words.split_once("\nfailures:\n") {
        words = before.trim_end();
    }
    let words = words.strip_suffix("FAILED").unwrap_or(words);
    let words = words.strip_suffix("ok").unwrap_or(words);
    let lines = words.trim().lines();
    // How to get a backtrace is no help here: the machine is gone.
    let lines: Vec<&str> = lines
        .filter(|l| !l.starts_with("note: run with `RUST_BACKTRACE="))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failures_words_remain() {
        let output = "\nrunning 1 test\ntest a::b ... \n\
            thread 'a::b' (129) panicked at tests/misc.rs:198:43:\n\
            it was 3\n\
            note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n\
            FAILED\n\nfailures:\n\nfailures:\n    a::b\n\n\
            test result: FAILED. 0 passed; 1 failed\n\n";
        let words = "thread 'a::b' (129) panicked at tests/misc.rs:198:43:\nit was 3";
        assert_eq!(own_words(output), words);
    }

    #[test]
    fn a_success_says_what_it_printed() {
        let output = "\nrunning 1 test\ntest a ... printed\nok\n\ntest result: ok. 1 passed\n";
        assert_eq!(own_words(output), "printed");
    }

    #[test]
    fn a_test_that_took_the_machine_down_says_what_came() {
        assert_eq!(own_words("\nrunning 1 test\ntest a ... so far"), "so far");
        assert_eq!(own_words("why\n"), "why\n");
    }
}
