// SPDX-License-Identifier: MIT OR Apache-2.0

//! To be written.
#![forbid(unsafe_code)]
