// SPDX-License-Identifier: MIT OR Apache-2.0

//! What tests ask of every page that the command writes.

/// Fails if a page has to be told anything that is not in it: whoever opens it may have nothing but the page.
#[track_caller]
pub(crate) fn assert_needs_nothing_else(page: &str) {
    for foreign in ["http", "src=", "<script", "@import", "url(\""] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}
