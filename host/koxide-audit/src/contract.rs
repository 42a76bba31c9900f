// SPDX-License-Identifier: MIT OR Apache-2.0

//! The contracts of unsafe functions and traits, and which of them a place answers.

use std::collections::BTreeMap;

use crate::language;
use crate::operation::{Call, Operation};
use crate::report::{Answer, Contract, Kind, Site};
use crate::source::Source;
use crate::walk::{Found, RawContract, RawSite};

/// Comments that say nothing: they lead to another one, or say no more than that there is a reason.
const REFERENCES: [&str; 5] = ["see ", "as above", "same as ", "as for ", "as in "];
const SLOGANS: [&str; 3] = ["ffi call", "trivial", "safe"];

/// All contracts that were read.
pub(crate) struct Contracts {
    functions: BTreeMap<String, Vec<Entry>>,
    traits: BTreeMap<String, Contract>,
    /// `type Name = Type`
    aliases: BTreeMap<String, String>,
}

struct Entry {
    owner: Option<String>,
    method: bool,
    contract: Contract,
}

impl Contracts {
    pub(crate) fn new<'a>(all: impl Iterator<Item = &'a Found>) -> Self {
        let mut contracts = Self {
            functions: BTreeMap::new(),
            traits: BTreeMap::new(),
            aliases: BTreeMap::new(),
        };
        for found in all {
            contracts.aliases.extend(found.aliases.iter().cloned());
            contracts.add(&found.contracts);
        }
        contracts
    }

    fn add(&mut self, all: &[RawContract]) {
        for raw in all {
            let of = match &raw.owner {
                Some(owner) => format!("{owner}::{}", raw.name),
                None => raw.name.clone(),
            };
            let contract = Contract {
                of,
                at: Some(format!("{}:{}", raw.file.display(), raw.line)),
                says: raw.says.clone(),
            };
            if raw.is_trait {
                self.traits.insert(raw.name.clone(), contract);
            } else {
                let entries = self.functions.entry(raw.name.clone()).or_default();
                entries.push(Entry {
                    owner: raw.owner.clone(),
                    method: raw.method,
                    contract,
                });
            }
        }
    }

    /// A place with what it answers, and what is wrong with that.
    pub(crate) fn site(&self, source: &Source, raw: &RawSite) -> Site {
        let answers = self.answers(raw);
        let comment = match raw.kind {
            Kind::Block | Kind::Impl => source
                .safety_comment(raw.line)
                .or_else(|| source.safety_comment(raw.statement)),
            Kind::Function | Kind::Trait => raw.contract.clone(),
            Kind::Foreign | Kind::Attribute | Kind::Type | Kind::Word => None,
        };
        let complaint = complaint(raw, comment.as_deref(), &answers);
        Site {
            file: source.file.clone(),
            line: raw.line,
            kind: raw.kind,
            within: raw.within.clone(),
            macro_body: raw.macro_body.clone(),
            test: raw.test,
            comment,
            answers,
            complaint,
        }
    }

    fn answers(&self, raw: &RawSite) -> Vec<Answer> {
        match raw.kind {
            Kind::Block => raw
                .operations
                .iter()
                .filter_map(|operation| self.answer(operation))
                .collect(),
            Kind::Impl => {
                let name = raw.of_trait.clone().unwrap_or_default();
                let contract = self.traits.get(&name).cloned();
                let contract = contract.or_else(|| language::implementing(&name));
                vec![Answer {
                    operation: format!("implements {name}"),
                    contracts: contract.into_iter().collect(),
                }]
            }
            _ => Vec::new(),
        }
    }

    fn answer(&self, operation: &Operation) -> Option<Answer> {
        let call = match operation {
            Operation::Call(call) => call,
            Operation::Dereference => return Some(language::dereference()),
            Operation::Assembly => return Some(language::assembly()),
            Operation::Pointer => return Some(language::pointer()),
        };
        let contracts = self.calling(call);
        (!contracts.is_empty()).then(|| Answer {
            operation: shown(call),
            contracts,
        })
    }

    /// The contracts that a call can have; the closest that there are.
    fn calling(&self, call: &Call) -> Vec<Contract> {
        let entries = self
            .functions
            .get(&call.name)
            .map_or(&[][..], Vec::as_slice);
        let of = call
            .of
            .as_ref()
            .map(|of| self.aliases.get(of).unwrap_or(of));
        let take = |fits: &dyn Fn(&Entry) -> bool| -> Vec<Contract> {
            let fitting = entries.iter().filter(|entry| fits(entry));
            fitting.map(|entry| entry.contract.clone()).collect()
        };
        let Some(of) = of else {
            let mut all = take(&|entry| {
                entry.method == call.method && (call.method || entry.owner.is_none())
            });
            all.extend(language::calling(call));
            return all;
        };
        // A type's own function is nobody else's; nor is one that a macro writes for the types that it is given.
        let own = take(&|entry| entry.owner.as_ref() == Some(of));
        let given = take(&|entry| {
            entry
                .owner
                .as_ref()
                .is_some_and(|owner| owner.starts_with('$'))
        });
        let module = of.starts_with(char::is_lowercase);
        let free = take(&|entry| module && entry.owner.is_none());
        let known: Vec<Contract> = language::calling(call).into_iter().collect();
        // Of a generic parameter or an associated type, the name says nothing of the trait that has the function.
        let any = take(&|entry| entry.owner.is_some());
        let sets = [own, free, known, given, any];
        sets.into_iter()
            .find(|set| !set.is_empty())
            .unwrap_or_default()
    }
}

fn shown(call: &Call) -> String {
    match (&call.of, call.method) {
        (Some(of), _) => format!("{of}::{}", call.name),
        (None, true) => format!(".{}", call.name),
        (None, false) => call.name.clone(),
    }
}

/// What is wrong with a place.
fn complaint(raw: &RawSite, comment: Option<&str>, answers: &[Answer]) -> Option<&'static str> {
    // A contract may be another one's, whose name leads to it; an answer is about its own place.
    let is_answer = matches!(raw.kind, Kind::Block | Kind::Impl);
    let says_nothing = |text: &str| {
        let text = text.trim_end_matches('.').to_lowercase();
        let refers = REFERENCES.iter().any(|word| text.starts_with(word));
        text.is_empty() || (is_answer && refers) || SLOGANS.contains(&text.as_str())
    };
    if raw.given {
        return Some(
            "has what a macro is given inside of `unsafe`, where a driver could write anything",
        );
    }
    match (raw.kind, comment) {
        (Kind::Block | Kind::Impl, None) => Some("has no `// SAFETY:` above it"),
        (Kind::Block | Kind::Impl, Some(text)) if says_nothing(text) => {
            Some("its `// SAFETY:` says nothing")
        }
        (Kind::Block, _) if answers.is_empty() => Some(
            "does nothing unsafe that the audit knows: teach host/koxide-audit/src/language.rs",
        ),
        (Kind::Impl, _) if answers.iter().all(|answer| answer.contracts.is_empty()) => Some(
            "implements a trait whose contract the audit does not know: teach host/koxide-audit/src/language.rs",
        ),
        // The contract of a trait's function is where the trait is.
        (Kind::Function, None) if raw.of_trait.is_some() => None,
        (Kind::Function | Kind::Trait, None) => Some("has no `# Safety` in its documentation"),
        (Kind::Function | Kind::Trait, Some(text)) if says_nothing(text) => {
            Some("its `# Safety` says nothing")
        }
        _ => None,
    }
}
