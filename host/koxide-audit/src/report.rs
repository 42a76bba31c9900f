// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the audit says.

use std::path::PathBuf;

use serde::Serialize;

use crate::contract::Contracts;
use crate::walk::Found;

/// What a package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A driver: no unsafe code at all.
    Driver,
    /// The safe library.
    Library,
    /// The declarations of the shims, and their twins on the host.
    Abi,
    /// The library's macros; what they write stands in the drivers.
    Macros,
    /// What runs on the developer's machine or in the test machine.
    Host,
    /// Somebody else's crate in a driver's object: counted, and asked for no comments.
    Crate,
}

/// What says `unsafe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `unsafe { .. }`
    Block,
    /// `unsafe fn name`
    Function,
    /// `unsafe impl`
    Impl,
    /// `unsafe trait`
    Trait,
    /// `unsafe extern { .. }`
    Foreign,
    /// `#[unsafe(..)]`
    Attribute,
    /// The type `unsafe fn(..)`
    Type,
    /// The word alone, in what a macro takes: `unsafe(..)`
    Word,
}

/// How often each kind is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// `unsafe { .. }`
    pub blocks: usize,
    /// Functions that are unsafe to call, shims among them.
    pub functions: usize,
    /// `unsafe impl`
    pub impls: usize,
    /// `unsafe trait`
    pub traits: usize,
    /// `#[unsafe(..)]`
    pub attributes: usize,
}

impl Counts {
    fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Block => self.blocks += 1,
            Kind::Function => self.functions += 1,
            Kind::Impl => self.impls += 1,
            Kind::Trait => self.traits += 1,
            Kind::Attribute => self.attributes += 1,
            // What is in them counts.
            Kind::Foreign | Kind::Type | Kind::Word => {}
        }
    }

    /// Adds those of another part.
    pub fn add(&mut self, other: Self) {
        self.blocks += other.blocks;
        self.functions += other.functions;
        self.impls += other.impls;
        self.traits += other.traits;
        self.attributes += other.attributes;
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What has to be kept for something to be sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contract {
    /// Whose it is.
    pub of: String,
    /// Where it is written; nowhere here, if it is the language's or another crate's.
    pub at: Option<String>,
    /// What it says.
    pub says: Option<String>,
}

/// What a comment answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What is done.
    pub operation: String,
    /// The contract of that; more than one, when the name alone does not tell which.
    pub contracts: Vec<Contract>,
}

/// A place that says `unsafe`.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
    /// The function or type around it, or its own name.
    pub within: Option<String>,
    /// The macro whose body it is in.
    pub macro_body: Option<String>,
    /// Whether it is in a test.
    pub test: bool,
    /// What its `// SAFETY:` says; of functions and traits, what their `# Safety` says.
    pub comment: Option<String>,
    /// What the comment answers.
    pub answers: Vec<Answer>,
    /// What is wrong with it.
    pub complaint: Option<&'static str>,
}

/// A driver, a subject of the library, or a file of macros.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// What its package is.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// Lines of code, without comments and tests.
    pub lines: usize,
    /// How many of them are in `unsafe` blocks.
    pub unsafe_lines: usize,
    /// What is in it, without tests.
    pub counts: Counts,
    /// What is in its tests.
    pub in_tests: Counts,
    /// All places.
    pub sites: Vec<Site>,
}

/// The C side of a subject.
#[derive(Debug, Clone, Serialize)]
pub struct Shims {
    /// The file.
    pub file: PathBuf,
    /// Its shims.
    pub functions: usize,
    /// Lines of code, without comments.
    pub lines: usize,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Audit {
    /// All Rust code.
    pub parts: Vec<Part>,
    /// All C code.
    pub shims: Vec<Shims>,
}

impl Audit {
    /// All places of which there is something to complain.
    pub fn complaints(&self) -> impl Iterator<Item = (&Site, &'static str)> {
        let sites = self.parts.iter().flat_map(|part| &part.sites);
        sites.filter_map(|site| Some((site, site.complaint?)))
    }

    /// The part of that name, made if need be.
    pub(crate) fn part(&mut self, role: Role, name: &str) -> &mut Part {
        let at = self.parts.iter().position(|part| part.name == name);
        let at = at.unwrap_or_else(|| {
            self.parts.push(Part::new(role, name));
            self.parts.len() - 1
        });
        &mut self.parts[at]
    }
}

impl Part {
    fn new(role: Role, name: &str) -> Self {
        Self {
            role,
            name: name.to_owned(),
            lines: 0,
            unsafe_lines: 0,
            counts: Counts::default(),
            in_tests: Counts::default(),
            sites: Vec::new(),
        }
    }

    /// Adds what was found in one file.
    pub(crate) fn add(&mut self, found: &Found, contracts: &Contracts) {
        self.lines += found.lines.len();
        self.unsafe_lines += found.unsafe_lines.intersection(&found.lines).count();
        for raw in &found.sites {
            let counts = match raw.test {
                true => &mut self.in_tests,
                false => &mut self.counts,
            };
            counts.count(raw.kind);
            let mut site = contracts.site(&found.source, raw);
            if self.role == Role::Driver {
                site.complaint = Some("a driver has no unsafe code");
            } else if self.role == Role::Crate {
                site.complaint = None;
            }
            self.sites.push(site);
        }
    }
}
