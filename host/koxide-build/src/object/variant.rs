// SPDX-License-Identifier: MIT OR Apache-2.0

//! What sets the object of some kernels apart from the one that serves all others.
//!
//! Rust values reserve room for kernel objects, enough for every stock kernel. A kernel that was built to look for faults
//! may have larger ones: it gets an object of its own, in a folder of its own, and the others keep theirs.

use std::collections::BTreeMap;
use std::fmt;

use crate::arch::Arch;
use crate::kernels::store::digest;

use super::kasan::Kasan;

/// The variable in which the library finds the sizes while it is compiled.
const VARIABLE: &str = "KOXIDE_ROOMS";

/// The one of the sizes that is no room's.
const PAGES: &str = "PAGE_SHIFT";

/// What the object for a kernel has that the one for stock kernels does not have. By default that is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// The architecture.
    pub arch: Arch,
    /// The size of a page as a power of two, where it is not the usual 12.
    pub pages: Option<u64>,
    /// Kernel objects that are larger than the room for them.
    pub rooms: Rooms,
    /// The kernel's sanitizer, where it has one: accesses to memory are checked.
    pub kasan: Option<Kasan>,
    /// Messages of panics have their values, and the object all that formats them: for who looks for a mistake, on any kernel.
    pub values: bool,
}

impl Variant {
    /// The object that all stock kernels of an architecture share.
    pub fn stock(arch: Arch) -> Self {
        Self {
            arch,
            ..Self::default()
        }
    }

    /// Whether it is an object that stock kernels share: all of an architecture whose pages have the same size.
    pub fn is_stock(&self) -> bool {
        self.rooms.is_empty() && self.kasan.is_none()
    }

    /// The name of the folder for such objects.
    pub(crate) fn folder(&self) -> String {
        let base = match self.pages {
            Some(shift @ 10..20) => format!("{}-{}k", self.arch, 1 << (shift - 10)),
            _ => self.arch.to_string(),
        };
        if self.is_stock() && !self.values {
            return base;
        }
        let key = digest(&format!("{self:?}"));
        format!("{base}-{}", &key[..8])
    }

    /// The numbers that the library is compiled with.
    fn numbers(&self) -> Rooms {
        let pages = self.pages.map(|shift| (PAGES.to_owned(), shift));
        Rooms(self.rooms.0.clone().into_iter().chain(pages).collect())
    }

    /// Flags for the compiler of the crate that declares the rooms. The variable would do for the compiler; cargo keeps the
    /// crates of two variants apart by their flags.
    pub(crate) fn abi_flags(&self) -> Vec<String> {
        let numbers = self.numbers();
        if numbers.is_empty() {
            return Vec::new();
        }
        let key = digest(&numbers.to_string());
        vec![format!("--cfg=koxide_rooms=\"{key}\"")]
    }

    /// Flags for the compiler of the library.
    pub(crate) fn library_flags(&self) -> Vec<String> {
        let values = self.values.then(|| "--cfg=koxide_values".to_owned());
        values.into_iter().collect()
    }

    /// The variable for the compiler of that crate, and its value.
    pub(crate) fn variable(&self) -> (&'static str, Option<String>) {
        let numbers = self.numbers();
        let text = (!numbers.is_empty()).then(|| numbers.to_string());
        (VARIABLE, text)
    }

    /// What sets it apart, as a user reads of it.
    pub fn reasons(&self) -> String {
        let words = |(name, size): (&String, &u64)| {
            let name = name.trim_end_matches("_ROOM").to_lowercase();
            format!("{} {size}", name.replace('_', " "))
        };
        let mut reasons = Vec::new();
        if !self.rooms.is_empty() {
            let all: Vec<String> = self.rooms.0.iter().map(words).collect();
            let all = all.join(", ");
            reasons.push(format!(
                "there is room for larger kernel objects ({all} bytes)"
            ));
        }
        if self.kasan.is_some() {
            reasons.push("each access to memory is checked (KASAN)".to_owned());
        }
        reasons.join(", and ")
    }
}

/// Sizes in bytes by the names of their constants in `koxide-abi`; written as `MUTEX_ROOM=160,SPINLOCK_ROOM=72`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rooms(BTreeMap<String, u64>);

impl Rooms {
    /// Those of `sizes` that are larger than what `reserved` has for them.
    pub(crate) fn larger(sizes: &Self, reserved: &Self) -> Self {
        let larger =
            |(name, size): &(&String, &u64)| reserved.0.get(*name).is_none_or(|room| *size > room);
        let larger = sizes.0.iter().filter(larger);
        Self(larger.map(|(name, size)| (name.clone(), *size)).collect())
    }

    /// Takes out what is no room: the size of a page.
    pub(crate) fn take_pages(&mut self) -> Option<u64> {
        self.0.remove(PAGES)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sizes by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, size)| (name.as_str(), *size))
    }

    /// Reads what `Display` writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let pairs = text.split(',').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, size) = pair.split_once('=')?;
            let word = |c: char| c.is_ascii_uppercase() || c == '_';
            (name.chars().all(word) && !name.is_empty())
                .then_some((name.to_owned(), size.parse().ok()?))
        };
        pairs.map(pair).collect()
    }
}

impl FromIterator<(String, u64)> for Rooms {
    fn from_iter<I: IntoIterator<Item = (String, u64)>>(sizes: I) -> Self {
        Self(sizes.into_iter().collect())
    }
}

impl fmt::Display for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.iter().map(|(n, size)| format!("{n}={size}")).collect();
        f.write_str(&pairs.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_large_makes_another_object() {
        let parse = |text| Rooms::parse(text).unwrap();
        let reserved = parse("MUTEX_ROOM=32,WORK_ROOM=32,TIMER_ROOM=48");
        let larger = |sizes| Rooms::larger(&parse(sizes), &reserved);
        assert!(larger("MUTEX_ROOM=24,WORK_ROOM=32,TIMER_ROOM=40").is_empty());
        let rooms = larger("MUTEX_ROOM=160,WORK_ROOM=32");
        assert_eq!(rooms.to_string(), "MUTEX_ROOM=160");
        let mut variant = Variant {
            rooms,
            ..Variant::default()
        };
        assert!(!variant.is_stock() && variant.reasons().contains("(mutex 160 bytes)"));
        let folder = variant.folder();
        assert!(folder.starts_with("x86_64-"), "{folder}");
        variant.kasan = Some(Kasan {
            offset: "0xdffffc0000000000".to_owned(),
            stack: true,
            copies: false,
        });
        assert_ne!(variant.folder(), folder);
        assert!(
            variant
                .reasons()
                .ends_with("bytes), and each access to memory is checked (KASAN)")
        );
        assert_eq!(Variant::stock(Arch::Arm64).folder(), "arm64");
        let mut values = Variant::stock(Arch::Arm64);
        values.values = true;
        assert!(values.is_stock() && values.folder().starts_with("arm64-"));
        let mut pages = Variant::stock(Arch::Arm64);
        pages.pages = Some(14);
        assert!(pages.is_stock());
        assert_eq!(pages.folder(), "arm64-16k");
        assert_eq!(pages.variable().1.as_deref(), Some("PAGE_SHIFT=14"));
        assert!(Variant::default().abi_flags().is_empty());
    }

    #[test]
    fn what_is_no_list_of_sizes_is_refused() {
        for text in ["MUTEX", "MUTEX=", "=3", "mutex=3", "A=-1", "A=1;B=2"] {
            assert_eq!(Rooms::parse(text), None, "{text}");
        }
    }
}
