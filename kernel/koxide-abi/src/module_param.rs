// SPDX-License-Identifier: GPL-2.0-only

//! Module parameters: include/linux/moduleparam.h.
//!
//! There is nothing to call: the generated C file of a driver binds each `kx_param_<name>` of the object to the
//! `kernel_param_ops` in `shims/module_param.c`.
