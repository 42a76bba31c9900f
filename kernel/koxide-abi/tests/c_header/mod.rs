// SPDX-License-Identifier: GPL-2.0-only

//! From the Rust declarations of the ABI to the C header.

use std::fmt::Write;
use std::path::Path;

use syn::parse::{Parse, ParseStream};

/// A run of function declarations, the content of `shims!` and `fields!`.
struct Functions(Vec<syn::ForeignItemFn>);

impl Parse for Functions {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut functions = Vec::new();
        while !input.is_empty() {
            functions.push(input.parse()?);
        }
        Ok(Self(functions))
    }
}

/// A run of struct names, the content of `opaque!`.
struct Structs(Vec<syn::ItemStruct>);

impl Parse for Structs {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut structs = Vec::new();
        while !input.is_empty() {
            structs.push(input.parse()?);
        }
        Ok(Self(structs))
    }
}

/// A run of sizes, the content of `rooms!`.
struct Rooms(Vec<syn::ItemConst>);

impl Parse for Rooms {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut rooms = Vec::new();
        while !input.is_empty() {
            rooms.push(input.parse()?);
        }
        Ok(Self(rooms))
    }
}

/// The declaration files in the order of their names: stem and content.
fn files(src: &Path) -> Vec<(String, syn::File)> {
    let mut files: Vec<_> = std::fs::read_dir(src)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .map(|path| {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let file = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (stem, file)
        })
        .collect();
    // The structs' names come before what uses them.
    files.sort_by_key(|(stem, _)| (stem != "types", stem.clone()));
    files
}

/// The macros that declare functions.
pub(crate) const SHIMS: &[&str] = &["shims", "variadic_shims"];

/// The macro that declares fields.
pub(crate) const FIELDS: &[&str] = &["fields"];

/// The functions that one file declares in these macros.
fn functions(file: &syn::File, of: &[&str]) -> Vec<syn::ForeignItemFn> {
    let mut all = Vec::new();
    for item in &file.items {
        if let syn::Item::Macro(item) = item
            && of.iter().any(|name| item.mac.path.is_ident(name))
        {
            all.extend(item.mac.parse_body::<Functions>().unwrap().0);
        }
    }
    all
}

/// The names of all shims, or of all fields.
pub(crate) fn names(src: &Path, of: &[&str]) -> Vec<String> {
    files(src)
        .iter()
        .flat_map(|(_, file)| functions(file, of))
        .map(|function| function.sig.ident.to_string())
        .collect()
}

/// The names of all rooms that a kernel may need more of.
pub(crate) fn room_names(src: &Path) -> Vec<String> {
    files(src)
        .iter()
        .flat_map(|(_, file)| file.items.iter().flat_map(rooms))
        .map(|room| room.ident.to_string())
        .collect()
}

/// The rooms that an item declares.
fn rooms(item: &syn::Item) -> Vec<syn::ItemConst> {
    match item {
        syn::Item::Macro(item) if item.mac.path.is_ident("rooms") => {
            item.mac.parse_body::<Rooms>().unwrap().0
        }
        _ => Vec::new(),
    }
}

/// The whole header.
pub(crate) fn generate(src: &Path) -> String {
    let mut out = String::from(
        "/* SPDX-License-Identifier: GPL-2.0-only */\n\
         /* The Koxide ABI in C. Generated from the declarations in koxide-abi/src: change it there. */\n\
         #ifndef KOXIDE_H\n#define KOXIDE_H\n\n#include <linux/types.h>\n\n#include \"koxide_lockdep.h\"\n",
    );
    for (stem, file) in files(src) {
        let mut part = String::new();
        for item in &file.items {
            write_item(&mut part, item);
        }
        for function in functions(&file, SHIMS) {
            let name = function.sig.ident.to_string();
            let mut declared = declaration(&name, &function.sig.inputs, &function.sig.output);
            if function.sig.variadic.is_some() {
                declared.insert_str(declared.len() - 1, ", ...");
            }
            writeln!(part, "{declared};").unwrap();
        }
        for function in functions(&file, FIELDS) {
            writeln!(part, "typedef {};", field_type(&function)).unwrap();
        }
        if !part.is_empty() {
            write!(out, "\n/* {stem} */\n{part}").unwrap();
        }
    }
    out.push_str("\n#endif\n");
    out
}

/// The type that Rust takes a field to have, which `KX_FIELD` compares with the kernel's.
fn field_type(function: &syn::ForeignItemFn) -> String {
    let name = format!("{}_t", function.sig.ident);
    let place = function.attrs.iter().any(|attribute| {
        let says = attribute.parse_args::<syn::Ident>();
        attribute.path().is_ident("field") && says.is_ok_and(|what| what == "place")
    });
    match (&function.sig.output, function.sig.inputs.last()) {
        // What is written is the last argument.
        (syn::ReturnType::Default, Some(syn::FnArg::Typed(value))) => declare(&name, &value.ty),
        (syn::ReturnType::Type(_, ty), _) => match &**ty {
            syn::Type::Ptr(pointer) if place => declare(&name, &pointer.elem),
            ty => declare(&name, ty),
        },
        _ => panic!("{name}: a field without a type"),
    }
}

/// Writes a constant, a struct that crosses the border, or the names of opaque structs.
fn write_item(out: &mut String, item: &syn::Item) {
    match item {
        syn::Item::Const(item) if matches!(item.vis, syn::Visibility::Public(_)) => {
            let name = if item.ident == "VERSION" {
                "ABI_VERSION".into()
            } else {
                item.ident.to_string()
            };
            let value = &item.expr;
            writeln!(out, "#define KX_{name} {}", quote::quote!(#value)).unwrap();
        }
        // A struct whose fields are its own business is written by hand.
        syn::Item::Struct(item) if has_public_fields(item) => {
            writeln!(out, "struct kx_{} {{", snake(&item.ident.to_string())).unwrap();
            for field in &item.fields {
                let name = field.ident.as_ref().unwrap().to_string();
                writeln!(out, "\t{};", field_declaration(&name, &field.ty)).unwrap();
            }
            out.push_str("};\n");
        }
        syn::Item::Macro(item) if item.mac.path.is_ident("opaque") => {
            for opaque in item.mac.parse_body::<Structs>().unwrap().0 {
                writeln!(out, "struct {};", opaque.ident).unwrap();
            }
        }
        // An object that has more room says so before it includes this.
        syn::Item::Macro(_) => {
            for room in rooms(item) {
                let (name, value) = (&room.ident, &room.expr);
                let value = quote::quote!(#value);
                writeln!(out, "#ifndef KX_{name}\n#define KX_{name} {value}\n#endif").unwrap();
            }
        }
        _ => {}
    }
}

fn has_public_fields(item: &syn::ItemStruct) -> bool {
    let public = |field: &syn::Field| matches!(field.vis, syn::Visibility::Public(_));
    matches!(&item.fields, syn::Fields::Named(fields) if fields.named.iter().all(public))
}

/// `MiscdeviceOps` as C writes it.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_uppercase() && at > 0 {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// A field or an argument: a function pointer, an optional one, or a value.
fn field_declaration(name: &str, ty: &syn::Type) -> String {
    match ty {
        syn::Type::FnPtr(function) => {
            let inputs: Vec<_> = function
                .inputs
                .iter()
                .map(|arg| declare(&arg.name.as_ref().unwrap().0.to_string(), &arg.ty))
                .collect();
            let pointer = format!("(*{name})({})", inputs.join(", "));
            returning(&pointer, &function.output)
        }
        syn::Type::Path(path) if path.path.segments[0].ident == "Option" => {
            let syn::PathArguments::AngleBracketed(inner) = &path.path.segments[0].arguments else {
                panic!("{name}: an Option of what?");
            };
            let syn::GenericArgument::Type(inner) = &inner.args[0] else {
                panic!("{name}: an Option of what?");
            };
            field_declaration(name, inner)
        }
        _ => declare(name, ty),
    }
}

/// A function's prototype without the semicolon.
fn declaration(
    name: &str,
    inputs: &syn::punctuated::Punctuated<syn::FnArg, syn::Token![,]>,
    output: &syn::ReturnType,
) -> String {
    let inputs: Vec<_> = inputs
        .iter()
        .map(|arg| {
            let syn::FnArg::Typed(arg) = arg else {
                panic!("{name} has a self")
            };
            let syn::Pat::Ident(arg_name) = &*arg.pat else {
                panic!("{name} has a pattern")
            };
            field_declaration(&arg_name.ident.to_string(), &arg.ty)
        })
        .collect();
    let inputs = if inputs.is_empty() {
        "void".to_owned()
    } else {
        inputs.join(", ")
    };
    returning(&format!("{name}({inputs})"), output)
}

/// A declarator with the type that it returns.
fn returning(declarator: &str, output: &syn::ReturnType) -> String {
    match output {
        syn::ReturnType::Default => format!("void {declarator}"),
        syn::ReturnType::Type(_, ty) => declare(declarator, ty),
    }
}

/// `ty name` as C writes it.
fn declare(name: &str, ty: &syn::Type) -> String {
    match ty {
        syn::Type::Ptr(pointer) => {
            let constant = if matches!(pointer.mutability, syn::PointerMutability::Const(_)) {
                "const "
            } else {
                ""
            };
            format!("{constant}{}", declare(&format!("*{name}"), &pointer.elem))
        }
        syn::Type::Path(path) => {
            let ident = path.path.get_ident().expect("a plain type").to_string();
            let c = match ident.as_str() {
                "c_void" => "void",
                "c_char" => "char",
                "c_int" => "int",
                "c_uint" => "unsigned int",
                "c_long" => "long",
                "c_ulong" => "unsigned long",
                "usize" => "size_t",
                "isize" => "ssize_t",
                "bool" | "u8" | "u16" | "u32" | "u64" => &ident,
                "i8" | "i16" | "i32" | "i64" => return format!("s{} {name}", &ident[1..]),
                // One of the structs that cross the border.
                own if own.starts_with(char::is_uppercase) => {
                    return format!("struct kx_{} {name}", snake(own));
                }
                opaque => return format!("struct {opaque} {name}"),
            };
            format!("{c} {name}")
        }
        _ => panic!("{name}: a type that C cannot take"),
    }
}
