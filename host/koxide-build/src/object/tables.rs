// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tables of functions, which the generated C file makes constants of, as a C driver's are.
//!
//! For each table the object has a record in a section that is not loaded: which kind it is of, the name that the code uses
//! for it, and a function that returns the address of the table that Rust has. That function is not called, nor is it kept:
//! it has one reference to data, which tells where the table is.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;
use std::path::Path;

use object::{Object, ObjectSection, ObjectSymbol, Relocation, RelocationTarget, SymbolKind};

use crate::addend;

use super::error::{Error, Result};
use super::link::parse;

/// The section of the records; kernel/koxide/src/table.rs writes them.
pub(crate) const SECTION: &str = ".koxide.tables";

/// The beginning of the names that the code uses for tables.
pub(crate) const PREFIX: &str = "kx_table_";

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// The name that the code uses for it.
    name: String,
    /// Its parts, one for each record: the kind, and the rows. The first one's kind is the table's.
    parts: Vec<(String, Vec<Row>)>,
}

type Row = Vec<Word>;

/// What is in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Number(u64),
    Text(Vec<u8>),
    /// So many bytes behind the beginning of a function or static.
    Address(String, u64),
}

/// The tables of an object, in the order of their names.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Table>> {
    let file = parse(path, bytes)?;
    let reader = Reader { path, file: &file };
    let mut tables: BTreeMap<String, Vec<(String, Vec<Row>)>> = BTreeMap::new();
    for section in file.sections().filter(|s| s.name() == Ok(SECTION)) {
        let mut seen = BTreeSet::new();
        let data = section.data().unwrap_or_default();
        let records = Records { data, at: 0 };
        let getters: BTreeMap<u64, Relocation> = section.relocations().collect();
        for record in records {
            let getter = getters.get(&record.at);
            // A function that was put into others has the record as often.
            if !seen.insert((record.name.clone(), record.kind.clone())) {
                continue;
            }
            let rows = getter
                .and_then(|getter| reader.rows(data, getter, &record))
                .ok_or_else(|| reader.unclear(&record.name))?;
            let parts = tables.entry(record.name).or_default();
            parts.push((record.kind, rows));
        }
    }
    let tables = tables.into_iter();
    Ok(tables.map(|(name, parts)| Table { name, parts }).collect())
}

/// The functions and statics that tables refer to.
pub(crate) fn addresses<'a>(tables: &'a [Table]) -> BTreeSet<&'a str> {
    let parts = tables.iter().flat_map(|table| &table.parts);
    let words = parts.flat_map(|(_, rows)| rows).flatten();
    let address = |word: &'a Word| match word {
        Word::Address(name, _) => Some(name.as_str()),
        _ => None,
    };
    words.filter_map(address).collect()
}

/// What stands for the tables' kinds among the shims that an object uses.
pub(crate) fn uses(tables: &[Table]) -> BTreeSet<String> {
    let kinds = tables.iter().filter_map(|table| table.parts.first());
    kinds.map(|(kind, _)| format!("{PREFIX}{kind}")).collect()
}

/// The tables in C. `KX_TABLE_<kind>` and `KX_ROW_<kind>` are macros of the shims; a table has an argument for each part.
pub(crate) fn source(tables: &[Table]) -> String {
    let mut out = String::new();
    let addresses: Vec<&str> = addresses(tables).into_iter().collect();
    // Names of Rust may have a dot in them.
    for (at, name) in addresses.iter().enumerate() {
        let _ = writeln!(out, "extern u8 kx_ref_{at}[] asm(\"{name}\");");
    }
    let word = |word: &Word| match word {
        Word::Number(number) if *number < 10 => number.to_string(),
        Word::Number(number) => format!("{number:#x}ULL"),
        Word::Text(text) => super::source::c_literal(text),
        Word::Address(name, offset) => {
            let at = addresses.binary_search(&name.as_str()).expect("it is one");
            match offset {
                0 => format!("kx_ref_{at}"),
                offset => format!("(kx_ref_{at} + {offset})"),
            }
        }
    };
    for Table { name, parts } in tables {
        let Some((kind, _)) = parts.first() else {
            continue;
        };
        let _ = write!(out, "KX_TABLE_{kind}({name}");
        for (kind, rows) in parts {
            out.push(',');
            for row in rows {
                let words: Vec<String> = row.iter().map(word).collect();
                let _ = write!(out, "\n\tKX_ROW_{kind}({})", words.join(", "));
            }
        }
        let _ = writeln!(out, ");");
    }
    out
}

/// A record, as kernel/koxide/src/table.rs writes it.
struct Record {
    /// Where it is; the address of the function that knows the table is its first field.
    at: u64,
    rows: usize,
    words: usize,
    kind: String,
    name: String,
}

/// The records of a section.
struct Records<'a> {
    data: &'a [u8],
    at: usize,
}

impl Records<'_> {
    fn number(&self, at: usize) -> Option<usize> {
        let bytes = self.data.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let (rows, words) = (self.number(self.at + 8)?, self.number(self.at + 12)?);
        let mut end = self.at + 16;
        let mut text = || {
            let text = until_nul(self.data.get(end..)?)?;
            end += text.len() + 1;
            String::from_utf8(text.to_vec()).ok()
        };
        let (kind, name) = (text()?, text()?);
        let at = std::mem::replace(&mut self.at, end.next_multiple_of(8));
        Some(Record {
            at: at as u64,
            rows,
            words,
            kind,
            name: format!("{PREFIX}{name}"),
        })
    }
}

fn until_nul(bytes: &[u8]) -> Option<&[u8]> {
    bytes
        .split_at_checked(bytes.iter().position(|b| *b == 0)?)
        .map(|(text, _)| text)
}

/// A place in a section of the object.
type Spot = (object::SectionIndex, u64);

struct Reader<'a> {
    path: &'a Path,
    file: &'a object::File<'a>,
}

impl Reader<'_> {
    fn unclear(&self, name: &str) -> Error {
        Error::Form {
            path: self.path.to_owned(),
            why: format!("it does not show what is in the table {name}"),
        }
    }

    /// Where a relocation of a section with these bytes points at; nothing outside of the object.
    fn target(&self, data: &[u8], at: u64, relocation: &Relocation) -> Option<Spot> {
        let RelocationTarget::Symbol(index) = relocation.target() else {
            return None;
        };
        let symbol = self.file.symbol_by_index(index).ok()?;
        let mut offset = addend::of(data, at, relocation);
        // What is relative is so to the end of the instruction, four bytes on; other processors have no such addresses.
        let is_x86 = self.file.architecture() == object::Architecture::X86_64;
        if is_x86 && relocation.kind() != object::RelocationKind::Absolute {
            offset += 4;
        }
        let address = symbol.address().checked_add_signed(offset)?;
        Some((symbol.section_index()?, address))
    }

    /// The rows of a table that a function returns the address of.
    fn rows(&self, records: &[u8], getter: &Relocation, record: &Record) -> Option<Vec<Row>> {
        if record.rows == 0 {
            return Some(Vec::new());
        }
        let (data, start) = self.table(self.target(records, record.at, getter)?)?;
        let section = self.file.section_by_index(data).ok()?;
        let relocations: BTreeMap<u64, Relocation> = section.relocations().collect();
        let bytes = section.data().ok()?;
        let size = if self.file.is_64() { 8 } else { 4 };
        let word = |at: usize| {
            let at = start + (size * at) as u64;
            match relocations.get(&at) {
                Some(relocation) => self.referred(self.target(bytes, at, relocation)?),
                None => {
                    let at = usize::try_from(at).ok()?;
                    let mut word = [0; 8];
                    word[..size].copy_from_slice(bytes.get(at..at + size)?);
                    Some(Word::Number(u64::from_le_bytes(word)))
                }
            }
        };
        let row = |row: usize| {
            (0..record.words)
                .map(|at| word(row * record.words + at))
                .collect()
        };
        (0..record.rows).map(row).collect()
    }

    /// The one place in data that a function refers to; it may need two instructions for it.
    fn table(&self, (code, start): Spot) -> Option<Spot> {
        let is_getter = |s: &object::Symbol<'_, '_>| {
            s.kind() == SymbolKind::Text && s.section_index() == Some(code) && s.address() == start
        };
        let end = start + self.file.symbols().find(is_getter)?.size();
        let section = self.file.section_by_index(code).ok()?;
        let bytes = section.data().ok()?;
        let spots: HashSet<Spot> = section
            .relocations()
            .filter(|(at, _)| (start..end).contains(at))
            .filter_map(|(at, relocation)| self.target(bytes, at, &relocation))
            .filter(|(section, _)| *section != code)
            .collect();
        let mut spots = spots.into_iter();
        spots.next().filter(|_| spots.next().is_none())
    }

    /// What a table refers to: what has a name, else a text.
    fn referred(&self, (section, address): Spot) -> Option<Word> {
        let named = self.file.symbols().find(|s| {
            matches!(s.kind(), SymbolKind::Text | SymbolKind::Data)
                && s.section_index() == Some(section)
                && (s.address()..s.address() + s.size().max(1)).contains(&address)
        });
        if let Some(symbol) = named {
            let name = symbol.name().ok()?.to_owned();
            return Some(Word::Address(name, address - symbol.address()));
        }
        let data = self.file.section_by_index(section).ok()?.data().ok()?;
        let text = until_nul(data.get(usize::try_from(address).ok()?..)?)?;
        Some(Word::Text(text.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_one_by_one() {
        let mut data = vec![0; 8];
        data.extend([2, 0, 0, 0, 3, 0, 0, 0]);
        data.extend(b"kind\0_Rname.1\0\0\0");
        let first = data.len();
        data.extend_from_within(..);
        let records: Vec<Record> = Records { data: &data, at: 0 }.collect();
        let [one, two] = &records[..] else {
            panic!("there are {}", records.len());
        };
        assert_eq!((one.rows, one.words, one.kind.as_str()), (2, 3, "kind"));
        assert_eq!(one.name, "kx_table__Rname.1");
        assert_eq!((one.at, two.at), (0, first as u64));
    }

    #[test]
    fn tables_are_written_in_c() {
        let address = |name: &str, offset| Word::Address(name.to_owned(), offset);
        let row = vec![address("_Ropen.0", 0), Word::Number(0), address("_Rx", 8)];
        let text = vec![Word::Text(b"a\"b".to_vec()), Word::Number(0o644 << 32)];
        let tables = [Table {
            name: "kx_table_t".to_owned(),
            parts: vec![
                ("ops".to_owned(), vec![row]),
                ("file".to_owned(), vec![text.clone(), text]),
            ],
        }];
        assert_eq!(
            source(&tables),
            "extern u8 kx_ref_0[] asm(\"_Ropen.0\");\n\
             extern u8 kx_ref_1[] asm(\"_Rx\");\n\
             KX_TABLE_ops(kx_table_t,\n\
             \tKX_ROW_ops(kx_ref_0, 0, (kx_ref_1 + 8)),\n\
             \tKX_ROW_file(\"a\\\"b\", 0x1a400000000ULL)\n\
             \tKX_ROW_file(\"a\\\"b\", 0x1a400000000ULL));\n"
        );
        assert_eq!(
            uses(&tables).into_iter().collect::<Vec<_>>(),
            ["kx_table_ops"]
        );
    }
}
