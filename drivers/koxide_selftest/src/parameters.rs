// SPDX-License-Identifier: GPL-2.0-only

//! Parameters of every type.

use kernel::{
    kthread::{self, JoinHandle},
    prelude::*,
    time::Delta,
};

use crate::module_parameters as given;

/// Says in the log what each parameter is.
pub(crate) fn log() {
    pr_info!(
        "{} {:?} {:?}\n",
        given::a_text.value(),
        given::a_row.value(),
        given::some_bools.value(),
    );
    pr_info!(
        "{} {} {} {} {} {} {} {} {} {}\n",
        given::a_i8.value(),
        given::a_u8.value(),
        given::a_i16.value(),
        given::a_u16.value(),
        given::a_i32.value(),
        given::a_u32.value(),
        given::a_i64.value(),
        given::a_u64.value(),
        given::an_isize.value(),
        given::a_bool.value(),
    );
}

/// A thread that looks at the parameters that change: how often it did, and how often one was not whole.
pub(crate) type Watcher = JoinHandle<(u64, u64)>;

/// Starts the thread, if it is wanted.
pub(crate) fn watch() -> Result<Option<Watcher>> {
    if !given::watch.value() {
        return Ok(None);
    }
    kthread::spawn(c"kx-watcher", || {
        let (mut rounds, mut torn) = (0, 0);
        while kthread::sleep(Delta::from_micros(50)) {
            rounds += 1;
            if !is_whole() {
                torn += 1;
            }
        }
        (rounds, torn)
    })
    .map(Some)
}

/// Whether each is as the test writes it: equal bytes, equal letters, and as many numbers as the numbers say.
fn is_whole() -> bool {
    let number = given::live_number.value().to_ne_bytes();
    let row = given::live_row.value();
    number.iter().all(|byte| *byte == number[0])
        && given::live_text.value().is_ok_and(|text| {
            let letters = text.to_bytes();
            letters.iter().all(|letter| *letter == letters[0])
        })
        && row
            .iter()
            .all(|number| usize::try_from(*number) == Ok(row.len()))
}

/// Says in the log what a thread has seen, and what is there now.
pub(crate) fn log_watched(watcher: Watcher) {
    let (rounds, torn) = watcher.stop();
    let often = if rounds > 20 { "often" } else { "seldom" };
    pr_info!("watched {often}, {torn} of it torn\n");
    if let Ok(text) = given::live_text.value() {
        pr_info!(
            "at last {:#x} {} {text} {:?}\n",
            given::live_number.value(),
            given::live_bool.value(),
            given::live_row.value(),
        );
    }
}

#[kunit_tests(parameters)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_knows_that_it_is_a_module() {
        assert!(cfg!(MODULE));
    }

    #[test]
    fn defaults_are_those_of_the_source() {
        assert_eq!(given::a_i8.value(), -8);
        assert_eq!(given::a_u16.value(), 16);
        assert_eq!(*given::a_i64.value_ref(), -64);
        assert_eq!(given::an_isize.value(), -1);
        assert!(!given::a_bool.value());
        assert_eq!(given::a_text.value(), c"nothing \"said\"");
        assert_eq!(*given::a_row.value(), [1, -2]);
        assert!(given::live_row.value().is_empty());
    }

    #[test]
    fn a_text_that_can_change_is_copied() -> Result {
        assert_eq!(&*given::live_text.value()?, c"");
        Ok(())
    }
}
