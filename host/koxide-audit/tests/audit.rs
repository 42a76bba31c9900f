// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the audit finds, and what it refuses.

use std::path::Path;

use koxide_audit::{Audit, Error, Folder, Kind, Role, Site, audit};

/// The audit of one file.
fn of(role: Role, text: &str) -> Result<Audit, Error> {
    let folder = tempfile::tempdir().unwrap();
    let src = folder.path().join("src");
    std::fs::create_dir(&src).unwrap();
    std::fs::write(src.join("lib.rs"), text).unwrap();
    audit(folder.path(), &[Folder::new(role, "x", folder.path())])
}

fn sites(text: &str) -> Vec<Site> {
    of(Role::Library, text).unwrap().parts.remove(0).sites
}

/// What is wrong with each place.
fn complaints(text: &str) -> Vec<Option<&'static str>> {
    sites(text).iter().map(|site| site.complaint).collect()
}

const READ: &str = "/// Reads.\n///\n/// # Safety\n///\n/// `p` is valid.\nunsafe fn get(p: *const u8) -> u8 {\n    \
                    // SAFETY: as the caller promises, it is valid.\n    unsafe { *p }\n}\n";

#[test]
fn a_comment_stands_beside_the_contract_that_it_answers() {
    let text = format!(
        "{READ}fn f(p: &u8) -> u8 {{\n    // SAFETY: a reference\n    // is valid.\n    let x =\n        unsafe {{ get(p) }};\n    x\n}}\n"
    );
    let sites = sites(&text);
    let last = sites.last().unwrap();
    assert_eq!(
        (last.line, last.kind, last.within.as_deref()),
        (14, Kind::Block, Some("f"))
    );
    assert_eq!(last.comment.as_deref(), Some("a reference is valid."));
    let contract = &last.answers[0].contracts[0];
    assert_eq!(contract.says.as_deref(), Some("`p` is valid."));
    assert_eq!(contract.at.as_deref(), Some("src/lib.rs:6"));
    assert!(
        sites.iter().all(|site| site.complaint.is_none()),
        "{sites:?}"
    );
}

#[test]
fn what_has_no_reason_is_complained_of() {
    let none = Some("has no `// SAFETY:` above it");
    let nothing = Some("its `// SAFETY:` says nothing");
    assert_eq!(
        complaints("fn f(p: *const u8) -> u8 {\n    unsafe { *p }\n}\n"),
        [none]
    );
    // A comment of the statement before is not this one's.
    assert_eq!(
        complaints(
            "fn f(p: *const u8) -> u8 {\n    // SAFETY: of g.\n    g();\n    unsafe { *p }\n}\n"
        ),
        [none]
    );
    assert_eq!(
        complaints("fn f(p: *const u8) -> u8 {\n    // It is valid.\n    unsafe { *p }\n}\n"),
        [none]
    );
    assert_eq!(
        complaints("fn f(p: *const u8) -> u8 {\n    // SAFETY:\n    unsafe { *p }\n}\n"),
        [nothing]
    );
    assert_eq!(
        complaints("fn f(p: *const u8) -> u8 {\n    // SAFETY: see above.\n    unsafe { *p }\n}\n"),
        [nothing]
    );
    assert_eq!(
        complaints("struct A(*mut u8);\n// SAFETY: as for `Send`.\nunsafe impl Sync for A {}\n"),
        [nothing]
    );
    assert_eq!(
        complaints("struct A(*mut u8);\nunsafe impl Send for A {}\n"),
        [none]
    );
    assert_eq!(
        complaints("/// Does.\nunsafe fn f() {}\n"),
        [Some("has no `# Safety` in its documentation")]
    );
    assert_eq!(
        complaints("/// Is.\nunsafe trait T {}\n"),
        [Some("has no `# Safety` in its documentation")]
    );
}

#[test]
fn a_comment_is_above_the_whole_statement() {
    let text = "fn f(p: *const A) -> u8 {\n    g();\n    // SAFETY: it is valid.\n    let A {\n        one,\n        two,\n    } = h(1, unsafe { p.read() });\n    one\n}\n";
    assert_eq!(complaints(text), [None]);
    // That of one statement is not the next one's.
    let text = "fn f(p: *const A) -> u8 {\n    // SAFETY: it is valid.\n    if g() {\n    }\n    let one = unsafe { p.read() };\n    one\n}\n";
    assert_eq!(complaints(text), [Some("has no `// SAFETY:` above it")]);
}

#[test]
fn a_block_with_nothing_unsafe_that_is_known_is_complained_of() {
    let found = complaints("fn f() {\n    // SAFETY: it is.\n    unsafe { unheard_of() }\n}\n");
    assert!(
        found[0].is_some_and(|why| why.starts_with("does nothing unsafe")),
        "{found:?}"
    );
    let found = complaints("struct A;\n// SAFETY: it is.\nunsafe impl UnheardOf for A {}\n");
    assert!(
        found[0].is_some_and(|why| why.starts_with("implements a trait")),
        "{found:?}"
    );
}

#[test]
fn bodies_of_macros_and_what_they_quote_are_code() {
    let text = "macro_rules! m {\n    ($p:expr) => { unsafe { *$p } };\n}\nfn g() -> T {\n    quote!(unsafe impl Send for #name {})\n}\n";
    let sites = sites(text);
    let kinds: Vec<_> = sites
        .iter()
        .map(|site| (site.kind, site.macro_body.as_deref()))
        .collect();
    assert_eq!(kinds, [(Kind::Block, Some("m")), (Kind::Impl, None)]);
    assert!(sites.iter().all(|site| site.complaint.is_some()));
}

#[test]
fn what_an_exported_macro_is_given_is_not_evaluated_in_unsafe() {
    let body = "macro_rules! m {\n    ($p:expr) => {{\n        let p = $p;\n        // SAFETY: it is valid.\n        unsafe { $crate::read(BLOCK) }\n    }};\n}\n/// # Safety\n///\n/// It is valid.\nunsafe fn read(p: P) {}\n";
    let exported = format!("#[doc(hidden)]\n#[macro_export]\n{body}");
    let complaint = |text: &str| sites(text)[0].complaint.is_some();
    assert!(!complaint(&exported.replace("BLOCK", "p")));
    assert!(complaint(&exported.replace("BLOCK", "$p")));
    assert!(complaint(&exported.replace("BLOCK", "&[$p]")));
    let quoted = "fn f() -> T {\n    quote! {\n        let p = #p;\n        // SAFETY: it is valid.\n        unsafe { BLOCK.read() }\n    }\n}\n";
    assert!(!complaint(&quoted.replace("BLOCK", "p")));
    assert!(complaint(&quoted.replace("BLOCK", "#p")));
    // Who uses a macro of their own can see it.
    assert!(!complaint(&body.replace("BLOCK", "$p")));
}

#[test]
fn all_forms_are_told_apart() {
    let text = "type F = unsafe extern \"C\" fn(u8);\n#[unsafe(no_mangle)]\nextern \"C\" fn a() {}\n\
                unsafe extern \"C\" {\n    fn b();\n    safe fn c();\n}\nm!(unsafe(uninit) static X: u8 = 0;);\n\
                unsafe extern \"C\" fn d() {}\n\
                macro_rules! e { ($abi:literal) => { f!({unsafe extern $abi}); unsafe extern $abi fn g() {} } }\n";
    let kinds: Vec<_> = sites(text).iter().map(|site| site.kind).collect();
    let expected = [
        Kind::Type,
        Kind::Attribute,
        Kind::Foreign,
        Kind::Function,
        Kind::Word,
        Kind::Function,
        Kind::Word,
        Kind::Function,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn words_in_texts_and_comments_are_none() {
    let text = "//! unsafe { }\n/// unsafe fn\nfn f() -> &'static str {\n    // unsafe {}\n    \"unsafe {}\"\n}\n";
    assert!(sites(text).is_empty());
}

#[test]
fn tests_are_counted_apart() {
    let text = format!(
        "{READ}#[cfg(test)]\nmod tests {{\n    fn f() {{\n        // SAFETY: it is valid.\n        unsafe {{ get(&0) }};\n    }}\n}}\n"
    );
    let audit = of(Role::Library, &text).unwrap();
    let part = &audit.parts[0];
    assert_eq!((part.counts.blocks, part.in_tests.blocks), (1, 1));
    assert_eq!(
        (part.counts.functions, part.lines, part.unsafe_lines),
        (1, 4, 1)
    );
}

#[test]
fn a_driver_has_none_whatever_is_said_for_it() {
    let text = "fn f(p: &u8) -> u8 {\n    // SAFETY: a reference is valid.\n    unsafe { *std::ptr::from_ref(p) }\n}\n";
    let audit = of(Role::Driver, text).unwrap();
    let complaints: Vec<_> = audit.complaints().map(|(_, why)| why).collect();
    assert_eq!(complaints, ["a driver has no unsafe code"]);
}

#[test]
fn what_is_not_understood_is_an_error() {
    let error = of(Role::Library, "fn f( {\n").unwrap_err();
    assert!(matches!(error, Error::NotRust { line: 1, .. }), "{error}");
    let error = of(Role::Library, "\nfn f() { 1 2 }\n").unwrap_err();
    assert!(matches!(error, Error::NotRust { line: 2, .. }), "{error}");
    let error = of(
        Role::Library,
        "macro_rules! m {\n    ($x:expr) => { unsafe $x };\n}\n",
    )
    .unwrap_err();
    assert!(matches!(error, Error::Unclear { line: 2, .. }), "{error}");
    let nowhere = Folder::new(Role::Library, "x", Path::new("/nowhere"));
    assert!(matches!(
        audit(Path::new("/"), &[nowhere]),
        Err(Error::Folder(..))
    ));
}
