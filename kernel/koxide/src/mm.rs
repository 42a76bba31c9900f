// SPDX-License-Identifier: GPL-2.0-only

//! The memory of programs: include/linux/mm.h.

pub mod virt;
