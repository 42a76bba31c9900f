// SPDX-License-Identifier: GPL-2.0-only

//! Parameters of every type.

use kernel::prelude::*;

use crate::module_parameters as given;

/// Says in the log what each parameter is.
pub(crate) fn log() {
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
    }
}
