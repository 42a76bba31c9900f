// SPDX-License-Identifier: MIT OR Apache-2.0

//! The repository keeps its own rules.

#[test]
fn files_keep_the_rules() {
    xtask::rules::files(&xtask::root()).unwrap();
}

#[test]
fn unsafe_code_has_its_reasons() {
    xtask::safety::reasons(&xtask::root()).unwrap();
}

#[test]
fn claims_of_safety_have_their_tests() {
    xtask::safety::claims(&xtask::root()).unwrap();
}

#[test]
fn crates_stand_only_on_what_they_may() {
    xtask::rules::edges(&xtask::root()).unwrap();
}

#[test]
fn licences_are_allowed() {
    xtask::rules::licences(&xtask::root()).unwrap();
}

#[test]
fn files_are_formatted() {
    xtask::tools::format(&xtask::root()).unwrap();
}

#[test]
fn no_lint_is_broken() {
    xtask::tools::lints(&xtask::root()).unwrap();
}

#[test]
fn documentation_is_whole() {
    xtask::tools::documentation(&xtask::root()).unwrap();
}
