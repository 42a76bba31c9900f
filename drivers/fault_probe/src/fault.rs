// SPDX-License-Identifier: GPL-2.0-only

//! What goes wrong: each kind of panic that compilers and programmers know.

use crate::plan::{Fault, Plan};

/// Panics when it is dropped.
struct Fragile(usize);

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(self.0 == 0, "it broke when it was dropped");
    }
}

/// Lets it happen.
#[inline(never)]
pub(crate) fn happen(plan: Plan) {
    // The compiler does not know what it is.
    let one = plan.one();
    let few = [1, 2, 3, 4];
    let result = match plan.fault() {
        Fault::Nothing => 0,
        Fault::Index => few[3 + one],
        Fault::Overflow => usize::MAX + one,
        Fault::Divide => 1 / (one - 1),
        Fault::None => few.get(3 + one).copied().unwrap(),
        Fault::Expect => few.get(3 + one).copied().expect("there is a fifth"),
        Fault::Slice => few[3 + one * 2..].len(),
        Fault::Panic => panic!("as it was planned"),
        Fault::Assert => {
            assert_eq!(one, 2, "one is not two");
            0
        }
        Fault::Drop => {
            drop(Fragile(one));
            0
        }
    };
    core::hint::black_box(result);
}
