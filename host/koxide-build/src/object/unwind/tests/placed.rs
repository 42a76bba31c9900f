// SPDX-License-Identifier: MIT OR Apache-2.0

//! The table that the linker makes of the words, read back as kernel/koxide/src/unwind/table.rs does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use koxide_process::Command;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use super::{Assembled, LANDINGS, TWO};
use crate::arch::Arch;
use crate::gnu::Gnu;
use crate::object::link::parse;
use crate::object::target::Target;
use crate::object::unwind::TABLE;

/// A module's code and its table.
struct Placed {
    bytes: Vec<u8>,
    /// The functions by where they are.
    functions: BTreeMap<u32, String>,
}

impl Placed {
    /// Places an object's functions as a kernel's build does; `options` are for the script.
    fn new(assembled: &Assembled, words: &str, options: &[&str]) -> Self {
        let (tools, at) = (Gnu::of(Arch::X86_64), |name: &str| {
            assembled.folder.path().join(name)
        });
        let sections = Command::new(tools.name("objdump"))
            .arg("-hw")
            .arg(&assembled.object)
            .output();
        fs::write(at("sections"), sections.unwrap().stdout).unwrap();
        fs::write(at("unwind"), words).unwrap();
        let script = Command::new("awk")
            .args(options.iter().flat_map(|option| ["-v", option]))
            .arg("-v")
            .arg(format!("unwind={}", at("unwind").display()))
            .arg("-f")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/kbuild/place.awk"))
            .arg(at("sections"))
            .output();
        fs::write(at("script"), script.unwrap().stdout).unwrap();
        Command::new(tools.name("ld"))
            .args(["-r", "-m", Target::of(Arch::X86_64).emulation, "-T"])
            .arg(at("script"))
            .arg("-o")
            .args([&at("placed.o"), &assembled.object])
            .output()
            .unwrap();
        Self::read(&fs::read(at("placed.o")).unwrap())
    }

    fn read(bytes: &[u8]) -> Self {
        let file = parse("placed.o".as_ref(), bytes).unwrap();
        let table = file.symbol_by_name(TABLE).unwrap();
        let rodata = file.section_by_index(table.section_index().unwrap());
        let start = usize::try_from(table.address()).unwrap();
        let text = file.section_by_name(".text").unwrap().index();
        let functions = file.symbols().filter(|symbol| {
            let name = symbol.name().unwrap();
            symbol.section_index() == Some(text) && !name.is_empty() && !name.starts_with("kx_at_")
        });
        let functions = functions.map(|symbol| {
            let at = u32::try_from(symbol.address()).unwrap();
            (at, symbol.name().unwrap().to_owned())
        });
        Self {
            bytes: rodata.unwrap().data().unwrap()[start..].to_vec(),
            functions: functions.filter(|(_, name)| name != ".text").collect(),
        }
    }

    fn short(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn long(&self, at: usize) -> u32 {
        u32::from(self.short(at)) | u32::from(self.short(at + 2)) << 16
    }

    /// What is in the table, as the words that it was made of.
    fn words(&self) -> String {
        let (functions, landings) = (self.short(4).into(), usize::from(self.short(6)));
        let landing = |at: usize| 8 + functions * 8 + at * 6;
        let shape = |at: usize| landing(landings) + at * 8;
        let mut words = format!("raise .text.{}\n", self.functions[&self.long(0)]);
        let (mut shapes, mut first) = (0, 0);
        for index in 0..functions {
            let at = 8 + index * 8;
            let (place, number) = (self.long(at) & 0xff_ffff, self.bytes[at + 3].into());
            if number == shapes {
                let slots = self.bytes[shape(number) + 2..][..6].iter();
                let slots: Vec<String> = slots.map(u8::to_string).collect();
                let end = self.short(shape(number));
                let _ = writeln!(words, "shape {end} {}", slots.join(" "));
                shapes += 1;
            }
            let (name, len) = (&self.functions[&place], self.short(at + 4));
            let _ = writeln!(words, "function .text.{name} {len} {number}");
            let next = first + usize::from(self.short(at + 6));
            for index in first..next {
                let [begin, len, pad] = [0, 2, 4].map(|word| self.short(landing(index) + word));
                let _ = writeln!(words, "landing {begin} {len} {pad}");
            }
            first = next;
        }
        assert_eq!(
            (first, self.bytes.len()),
            (landings, shape(shapes)),
            "that is all"
        );
        words
    }
}

#[test]
fn the_table_has_the_words_and_where_functions_are() {
    let landings = LANDINGS.replace("LEADS_TO", "quiet");
    // Landings of the first, of the last, and of one in the middle.
    for source in [
        TWO.to_owned(),
        [&landings, TWO].concat(),
        [TWO, &landings].concat(),
        [TWO, &landings, &TWO.replace("er\n", "er2\n")].concat(),
    ] {
        let assembled = Assembled::new(Arch::X86_64, &source);
        let words = assembled.words(Arch::X86_64).unwrap();
        assert!(words.contains("function"), "{words}");
        for options in [&["align=16"][..], &["align=16", "room=16"]] {
            let placed = Placed::new(&assembled, &words, options);
            assert_eq!(placed.words(), words, "{options:?}");
            let apart = options.len() > 1;
            let aligned = |at: &u32| at.is_multiple_of(16);
            assert_eq!(placed.functions.keys().all(aligned), apart);
        }
    }
}
