// SPDX-License-Identifier: GPL-2.0-only

//! `include/koxide.h` says in C what `src/*.rs` declares in Rust. `KOXIDE_BLESS=1` writes it anew.

mod c_header;

use std::path::Path;

#[test]
fn the_header_is_what_the_declarations_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = c_header::generate(&root.join("src"));
    let path = root.join("include/koxide.h");
    if std::env::var_os("KOXIDE_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what the declarations say: run `KOXIDE_BLESS=1 cargo test -p koxide-abi --test header`",
        path.display()
    );
}

#[test]
fn every_declared_shim_is_defined_and_guarded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shims: String = std::fs::read_dir(root.join("shims"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let src = root.join("src");
    let functions = c_header::names(&src, c_header::SHIMS).into_iter();
    let functions = functions.map(|name| (format!("{name}("), name));
    let fields = c_header::names(&src, c_header::FIELDS).into_iter();
    let fields = fields.map(|name| (format!("({name}, "), name));
    for (definition, name) in functions.chain(fields) {
        let guard = format!("#ifdef KX_USE_{name}\n");
        assert_eq!(
            shims.matches(&guard).count(),
            1,
            "{name} needs one definition under {guard}"
        );
        let guarded = shims
            .split(&guard)
            .nth(1)
            .unwrap()
            .split("#endif")
            .next()
            .unwrap();
        // By a macro, which is given the name first.
        let by_macro = format!("({name}, ");
        assert!(
            guarded.contains(&definition) || guarded.contains(&by_macro),
            "{name} is not defined under its guard by {definition}"
        );
    }
}

#[test]
fn a_kernel_is_asked_for_every_size() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let probe = std::fs::read_to_string(root.join("probe/rooms.c")).unwrap();
    let asked = probe.lines().filter_map(|line| line.strip_prefix("ROOM("));
    let mut asked: Vec<_> = asked.map(|line| line.split(',').next().unwrap()).collect();
    let mut rooms = c_header::room_names(&root.join("src"));
    asked.sort();
    rooms.sort();
    assert_eq!(asked, rooms, "probe/rooms.c against the `rooms!` of src");
}

#[test]
fn the_abi_symbol_carries_the_version() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let symbol = format!("kx_abi_{}", koxide_abi::VERSION);
    let shims = std::fs::read_to_string(root.join("shims/module.c")).unwrap();
    assert!(
        shims.contains(&format!(".globl {symbol}\\n")),
        "shims/module.c defines no {symbol}"
    );
}

#[test]
fn the_rows_of_tables_have_the_fields_of_their_structs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = std::fs::read_to_string(root.join("include/koxide.h")).unwrap();
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(root.join("shims")).unwrap() {
        let shims = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for row in shims.split("#define KX_ROW_").skip(1) {
            let (kind, rest) = row.split_once('(').unwrap();
            let (arguments, _) = rest.split_once(')').unwrap();
            let words = arguments.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let arguments: Vec<_> = words.filter_map(|w| w.strip_suffix('_')).collect();
            assert_eq!(arguments, fields(&header, kind), "KX_ROW_{kind}");
            kinds.push(kind.to_owned());
        }
    }
    assert!(kinds.len() >= 7, "{kinds:?}");
}

/// The names of the fields of a struct in the header.
fn fields<'a>(header: &'a str, kind: &str) -> Vec<&'a str> {
    let start = format!("struct kx_{kind} {{\n");
    let (_, rest) = header.split_once(&start).expect(kind);
    let (body, _) = rest.split_once("\n};").unwrap();
    let name = |line: &'a str| match line.split_once("(*") {
        Some((_, function)) => function.split(')').next().unwrap(),
        None => line
            .rsplit([' ', '*'])
            .next()
            .unwrap()
            .trim_end_matches(';'),
    };
    body.lines().map(name).collect()
}
