// SPDX-License-Identifier: GPL-2.0-only

//! Which attributes a driver may write where a macro hands them on.

use syn::Attribute;

/// Whether an attribute says nothing to the linker.
///
/// The compiler's lint against `unsafe` does not look into what passes through another crate's macros, so that
/// `#[unsafe(no_mangle)]` would go unnoticed.
pub(crate) fn is_plain(attribute: &Attribute) -> bool {
    ["doc", "allow", "expect", "cfg", "inline"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}
