// SPDX-License-Identifier: MIT OR Apache-2.0

//! Chores.
#![forbid(unsafe_code)]

fn main() {}
