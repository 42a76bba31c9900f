// SPDX-License-Identifier: MIT OR Apache-2.0

//! The C file that goes with an object: what cannot live in Rust, written from the object's own records.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::cache;

use super::error::{Error, Result};
use super::info::Info;
use super::link::Linked;
use super::tables;

/// The shim file that binds parameters.
const PARAMS: &str = "module_param.c";

/// The shim file that each module needs.
const MODULE: &str = "module.c";

/// The shim files that define what an object needs, sorted by name.
pub(crate) fn shims_for(shims: &Path, used: &[String], info: &Info) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(shims).map_err(|e| cache::Error::io("read", shims, e))?;
    let mut missing: Vec<&String> = used.iter().collect();
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.extension().is_none_or(|e| e != "c") {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|e| cache::Error::io("read", &path, e))?;
        let before = missing.len();
        missing.retain(|symbol| !guards(&text, symbol));
        let wanted = name == MODULE || (name == PARAMS && !info.params.is_empty());
        if wanted || missing.len() < before {
            files.push(name.into_owned());
        }
    }
    files.sort();
    // An ABI of another version is told in better words by the generated file itself.
    missing.retain(|symbol| !symbol.starts_with("kx_abi_"));
    if missing.is_empty() {
        return Ok(files);
    }
    Err(Error::NoShim {
        shims: shims.to_owned(),
        symbols: missing.into_iter().cloned().collect(),
    })
}

/// Whether a shim file has a definition that is compiled when `symbol` is used.
fn guards(text: &str, symbol: &str) -> bool {
    let guard = format!("KX_USE_{symbol}");
    text.match_indices(&guard).any(|(at, _)| {
        let after = text[at + guard.len()..].chars().next();
        !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The whole file.
pub(crate) fn generate(linked: &Linked, shims: &[String]) -> String {
    let Linked {
        info, used, tables, ..
    } = linked;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "// SPDX-License-Identifier: GPL-2.0-only\n/* The C side of {}. Generated from its object: do not edit. */",
        info.name
    );
    // Not KBUILD_MODNAME, which tells a module and its test builds apart: messages begin with the driver's name.
    let _ = writeln!(out, "#define KX_MODULE {}", c_string(&info.name));
    for symbol in used {
        let _ = writeln!(out, "#define KX_USE_{symbol} 1");
    }
    for (name, size) in info.rooms.iter() {
        let _ = writeln!(out, "#define KX_{name} {size}");
    }
    let _ = writeln!(
        out,
        "\n#include <linux/init.h>\n#include <linux/module.h>\n\n#include \"koxide.h\"\n"
    );
    let _ = writeln!(
        out,
        "#if KX_ABI_VERSION != {abi}\n\
         #error {name} was built for version {abi} of the Koxide ABI and these shims have another: build it again with the library that the shims belong to\n\
         #endif\n",
        abi = info.abi,
        name = info.name,
    );
    for shim in shims {
        let _ = writeln!(out, "#include \"shims/{shim}\"");
    }
    out.push('\n');
    for param in &info.params {
        let text = c_string(&param.description);
        let bind = if param.array {
            "KX_PARAM_ARRAY"
        } else {
            "KX_PARAM"
        };
        let _ = writeln!(
            out,
            "{bind}({}, {}, 0{:o}, {text});",
            param.name, param.ty, param.perm
        );
    }
    out.push_str(&tables::source(tables));
    out.push_str(&tags(info));
    out
}

fn tags(info: &Info) -> String {
    let mut out = String::new();
    let mut tag = |tag: &str, text: &str| {
        let _ = writeln!(out, "MODULE_{tag}({});", c_string(text));
    };
    tag("LICENSE", &info.license);
    for author in &info.authors {
        tag("AUTHOR", author);
    }
    if let Some(text) = &info.description {
        tag("DESCRIPTION", text);
    }
    if let Some(text) = &info.version {
        tag("VERSION", text);
    }
    for alias in &info.aliases {
        tag("ALIAS", alias);
    }
    for file in &info.firmware {
        tag("FIRMWARE", file);
    }
    for namespace in &info.namespaces {
        // What MODULE_IMPORT_NS stands for; its own argument was a word once, and is a string now.
        let _ = writeln!(out, "MODULE_INFO(import_ns, {});", c_string(namespace));
    }
    out
}

/// A text as a C string literal.
fn c_string(text: &str) -> String {
    c_literal(text.as_bytes())
}

/// A string literal.
pub(crate) fn c_literal(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in text {
        match *byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            // A question mark could begin a trigraph.
            byte @ b' '..=b'~' if byte != b'?' => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::super::info::Param;
    use super::super::variant::Rooms;
    use super::*;

    fn info() -> Info {
        Info {
            abi: 1,
            name: "toy".to_owned(),
            license: "GPL".to_owned(),
            authors: vec!["J\u{e4}ger \"x\"".to_owned()],
            params: vec![Param {
                name: "count".to_owned(),
                ty: "u32".to_owned(),
                array: false,
                perm: 0o644,
                description: "how often?".to_owned(),
            }],
            ..Info::default()
        }
    }

    #[test]
    fn only_what_is_used_is_defined() {
        let used = ["kx_print".to_owned()];
        let text = generate(&linked(info(), &used), &["print.c".to_owned()]);
        assert!(text.contains("#define KX_USE_kx_print 1\n"));
        assert!(text.contains("#define KX_MODULE \"toy\"\n"));
        assert!(!text.contains("ROOM"));
        assert!(text.contains("#include \"shims/print.c\"\n"));
        assert!(text.contains("#if KX_ABI_VERSION != 1\n"));
        assert!(text.contains("KX_PARAM(count, u32, 0644, \"how often\\077\");"));
        assert!(text.contains("MODULE_AUTHOR(\"J\\303\\244ger \\\"x\\\"\");"));
    }

    fn linked(info: Info, used: &[String]) -> Linked {
        Linked {
            info,
            used: used.to_vec(),
            tables: Vec::new(),
            unwind: super::super::unwind::Unwind::default(),
            compares: false,
        }
    }

    #[test]
    fn shims_are_checked_against_the_rooms_of_the_object() {
        let mut info = info();
        info.rooms = Rooms::parse("MUTEX_ROOM=160").unwrap();
        let text = generate(&linked(info, &[]), &[]);
        let room = text.find("#define KX_MUTEX_ROOM 160\n").unwrap();
        assert!(room < text.find("#include \"koxide.h\"").unwrap());
    }

    #[test]
    fn shims_are_found_by_their_guards() {
        let temp = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("module.c", ""),
            ("module_param.c", ""),
            ("print.c", "#ifdef KX_USE_kx_print\n#endif"),
            ("printer.c", "#ifdef KX_USE_kx_printer\n#endif"),
        ] {
            fs::write(temp.path().join(file), text).unwrap();
        }
        let used = ["kx_print".to_owned(), "kx_abi_1".to_owned()];
        let files = shims_for(temp.path(), &used, &info()).unwrap();
        assert_eq!(files, ["module.c", "module_param.c", "print.c"]);
        let error = shims_for(temp.path(), &["kx_no".to_owned()], &info()).unwrap_err();
        assert!(error.to_string().contains("kx_no"), "{error}");
    }
}
