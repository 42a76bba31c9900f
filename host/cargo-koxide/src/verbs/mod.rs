// SPDX-License-Identifier: MIT OR Apache-2.0

//! One file for each verb.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod install;
pub(crate) mod kernel;
pub(crate) mod new;
pub(crate) mod run;
pub(crate) mod test;
