// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which code a function has for calls that panic: `.gcc_except_table`, in the form that C++ has for it.

use std::fmt;

use gimli::constants::{DW_EH_PE_omit, DW_EH_PE_uleb128};
use gimli::{EndianSlice, LittleEndian, Reader as _};
use object::{Object, ObjectSection, SectionIndex};

use super::super::error::Result;
use super::Reader;

/// What is run when one of some calls panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Landing {
    /// Where the calls are, in bytes from the function's start.
    begin: u16,
    /// How many bytes of them there are.
    len: u16,
    /// Where the code is.
    pad: u16,
    /// What else there is to say.
    flags: u16,
}

/// The panic ends there, and does not go on after some drops.
const CATCHES: u16 = 1 << 15;
/// It ends a call for a device, which is poisoned then.
const FOR_DEVICE: u16 = 1 << 14;
/// It ends a call for the module.
const FOR_MODULE: u16 = 1 << 13;
/// It does not end there, and may not pass: something is being dropped already, or the caller is C.
const STOPS: u16 = FOR_DEVICE | FOR_MODULE;

/// Longer ranges are told as several.
const LONGEST: u64 = FOR_MODULE as u64 - 1;

/// What a panic poisons that ends in a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Device,
    Module,
    /// Nothing: it is a test's.
    Nothing,
}

impl fmt::Display for Landing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.begin, self.len | self.flags, self.pad)
    }
}

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// The landings of the function in section `name`, which are told in another section; a panic that ends there poisons `scope`.
pub(super) fn read(
    reader: &Reader<'_>,
    name: &str,
    (section, offset): (SectionIndex, u64),
    scope: Scope,
) -> Result<Vec<Landing>> {
    let section = reader.file.section_by_index(section);
    let section = section.map_err(|e| reader.form(e))?;
    let data = section.data().map_err(|e| reader.form(e))?;
    let data = usize::try_from(offset).ok().and_then(|at| data.get(at..));
    let table = Table::of(Bytes::new(data.unwrap_or_default(), LittleEndian));
    let table = table.map_err(|e| reader.form(e))?;
    let Some(table) = table else {
        return Err(reader.unclear(name, "has a table of landings in another form"));
    };
    let mut landings = Vec::new();
    for site in table.sites().map_err(|e| reader.form(e))? {
        let end = table.end(site.action).map_err(|e| reader.form(e))?;
        if site.pad == 0 {
            continue;
        }
        let flags = match (end, scope) {
            (End::Catches, Scope::Device) => CATCHES | FOR_DEVICE,
            (End::Catches, Scope::Module) => CATCHES | FOR_MODULE,
            (End::Catches, Scope::Nothing) => CATCHES,
            (End::Stops, _) => STOPS,
            (End::GoesOn, _) => 0,
        };
        let mut begin = site.begin;
        while begin < site.begin + site.len {
            let len = (site.begin + site.len - begin).min(LONGEST);
            let (Ok(at), Ok(pad)) = (u16::try_from(begin), u16::try_from(site.pad)) else {
                return Err(reader.unclear(name, "is longer than 64 KiB"));
            };
            landings.push(Landing {
                begin: at,
                len: len as u16,
                pad,
                flags,
            });
            begin += len;
        }
    }
    Ok(landings)
}

/// What becomes of a panic at a landing.
enum End {
    /// It goes on after some drops.
    GoesOn,
    /// It ends there.
    Catches,
    /// It must not come there: something is dropped already, or the caller is C.
    Stops,
}

/// The parts of a function's table.
struct Table<'a> {
    sites: Bytes<'a>,
    actions: Bytes<'a>,
}

/// Calls that have a landing, or none.
struct Site {
    begin: u64,
    len: u64,
    pad: u64,
    action: u64,
}

impl<'a> Table<'a> {
    /// Nothing if it has another form than LLVM's: landings are counted from the function's start, in LEB128.
    fn of(mut bytes: Bytes<'a>) -> gimli::Result<Option<Self>> {
        if bytes.read_u8()? != DW_EH_PE_omit.0 {
            return Ok(None);
        }
        if bytes.read_u8()? != DW_EH_PE_omit.0 {
            bytes.read_uleb128()?;
        }
        if bytes.read_u8()? != DW_EH_PE_uleb128.0 {
            return Ok(None);
        }
        let len = bytes.read_uleb128()?;
        let sites = bytes.split(usize::try_from(len).unwrap_or(usize::MAX))?;
        Ok(Some(Self {
            sites,
            actions: bytes,
        }))
    }

    fn sites(&self) -> gimli::Result<Vec<Site>> {
        let mut left = self.sites;
        let mut sites = Vec::new();
        while !left.is_empty() {
            sites.push(Site {
                begin: left.read_uleb128()?,
                len: left.read_uleb128()?,
                pad: left.read_uleb128()?,
                action: left.read_uleb128()?,
            });
        }
        Ok(sites)
    }

    /// What a chain of actions comes to, which are numbers of types: positive for those that are caught, negative for a list of
    /// those that may pass, which in Rust is empty.
    fn end(&self, action: u64) -> gimli::Result<End> {
        let Some(mut at) = action.checked_sub(1) else {
            return Ok(End::GoesOn);
        };
        loop {
            let mut actions = self.actions;
            actions.skip(usize::try_from(at).unwrap_or(usize::MAX))?;
            match actions.read_sleb128()? {
                1.. => return Ok(End::Catches),
                ..0 => return Ok(End::Stops),
                0 => {}
            }
            let here = at + (self.actions.len() as u64 - at - actions.len() as u64);
            match actions.read_sleb128()? {
                0 => return Ok(End::GoesOn),
                next => at = here.wrapping_add_signed(next),
            }
        }
    }
}
