// SPDX-License-Identifier: GPL-2.0-only

//! Whatever a shim asks the kernel for, and the kernel may refuse, is part of fault plans: `include/koxide_faulty.h`.

use std::collections::BTreeSet;
use std::path::Path;

/// Parts of the names of functions that allocate.
const ALLOCATE: [&str; 15] = [
    "alloc",
    "asprintf",
    "create",
    "strdup",
    "insert",
    "kern_path",
    "map",
    "mkdir",
    "open",
    "register",
    "request",
    "set_name",
    "init_srcu",
    "_add",
    "memdup",
];

/// Functions that have such a part in their names, and need no memory or are made of what is in the header.
const OTHERS: [(&str, &str); 7] = [
    ("list_add", "needs no memory"),
    ("hash_add", "needs no memory"),
    ("lockdep_init_map", "needs no memory"),
    ("lockdep_register_key", "needs no memory"),
    ("kthread_create", "is a macro around kthread_create_on_node"),
    (
        "alloc_ordered_workqueue",
        "is a macro around alloc_workqueue",
    ),
    (
        "platform_driver_register",
        "is a macro around __platform_driver_register",
    ),
];

/// The names of what C code calls.
fn calls(code: &str) -> BTreeSet<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut all = BTreeSet::new();
    for (at, _) in code.match_indices('(') {
        let before = &code[..at];
        let start = before.rfind(|c| !is_word(c)).map_or(0, |at| at + 1);
        all.insert(&before[start..]);
    }
    all
}

/// C code without its comments.
fn without_comments(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out + rest
}

#[test]
fn whatever_a_shim_allocates_can_be_made_to_fail() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = std::fs::read_to_string(root.join("include/koxide_faulty.h")).unwrap();
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(root.join("shims")).unwrap() {
        let path = entry.unwrap().path();
        let code = without_comments(&std::fs::read_to_string(&path).unwrap());
        for name in calls(&code) {
            let allocates = ALLOCATE.iter().any(|part| name.contains(part));
            let ours = name.starts_with("kx");
            let other =
                OTHERS.iter().any(|(other, _)| name == *other) || name.contains("unregister");
            let known = header.contains(&format!("#define {name}("));
            if allocates && !ours && !other && !known {
                missing.push(format!("{name} of {}", path.display()));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "include/koxide_faulty.h has nothing of: {}",
        missing.join(", ")
    );
}
