// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a driver says of itself: the records that `module!` puts into the object.

use super::error::Error;
use super::variant::Rooms;

/// The section that holds them.
pub(crate) const SECTION: &str = ".koxide.info";

/// A driver's records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    /// The version of the ABI that it was built for.
    pub abi: u32,
    /// The module's name.
    pub name: String,
    /// Its licence.
    pub license: String,
    /// What it does, in a sentence.
    pub description: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Names under which it can be loaded too.
    pub aliases: Vec<String>,
    /// Firmware that it asks for.
    pub firmware: Vec<String>,
    /// Symbol namespaces that it uses.
    pub namespaces: Vec<String>,
    /// Its own version.
    pub version: Option<String>,
    /// Its parameters.
    pub params: Vec<Param>,
    /// What it has more room for than the object of stock kernels.
    pub rooms: Rooms,
}

/// A module parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type in Rust: that of the elements, where it is an array.
    pub ty: String,
    /// Whether it is an array.
    pub array: bool,
    /// The mode of its file in sysfs; 0 for none.
    pub perm: u16,
    /// What it is for.
    pub description: String,
}

/// Reads the records; each is `key=value` and ends with a NUL.
pub(crate) fn parse(section: &[u8]) -> Result<Info, Error> {
    let mut info = Info::default();
    for record in section.split(|byte| *byte == 0).filter(|r| !r.is_empty()) {
        let record = str::from_utf8(record).map_err(|_| bad("a record is not text"))?;
        let (key, value) = record
            .split_once('=')
            .ok_or_else(|| bad(&format!("the record `{record}` has no `=`")))?;
        let value = value.to_owned();
        match key {
            "abi" => info.abi = value.parse().map_err(|_| bad("`abi` is no number"))?,
            // The kernel knows modules by this form of the name only.
            "name" => info.name = value.replace('-', "_"),
            "license" => info.license = value,
            "description" => info.description = Some(value),
            "author" => info.authors.push(value),
            "alias" => info.aliases.push(value),
            "firmware" => info.firmware.push(value),
            "import_ns" => info.namespaces.push(value),
            "version" => info.version = Some(value),
            "param" => info.params.push(param(&value)?),
            "rooms" => {
                info.rooms = Rooms::parse(&value).ok_or_else(|| bad("`rooms` is no list"))?;
            }
            _ => return Err(bad(&format!("there is no record `{key}`"))),
        }
    }
    let word = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !word(&info.name) {
        return Err(bad("there is no good `name`"));
    }
    if info.abi == 0 || info.license.is_empty() {
        return Err(bad("`abi` or `license` is missing"));
    }
    if info.params.iter().any(|p| !word(&p.name) || !word(&p.ty)) {
        return Err(bad("a parameter's name or type is no word"));
    }
    Ok(info)
}

fn param(record: &str) -> Result<Param, Error> {
    let mut parts = record.splitn(4, ':');
    let (Some(name), Some(ty), Some(perm), Some(description)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad("a parameter has no type, mode or description"));
    };
    let element = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']'));
    Ok(Param {
        name: name.to_owned(),
        ty: element.unwrap_or(ty).to_owned(),
        array: element.is_some(),
        perm: u16::from_str_radix(perm, 8).map_err(|_| bad("a parameter's mode is no number"))?,
        description: description.to_owned(),
    })
}

fn bad(why: &str) -> Error {
    Error::Records {
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read() {
        let info = parse(
            b"abi=1\0name=my-driver\0license=GPL\0author=A\0author=B\0param=count:u32:0:how often: a number\0param=row:[u8]:644:\0\0",
        )
        .unwrap();
        assert_eq!(info.name, "my_driver");
        assert_eq!(info.authors, ["A", "B"]);
        assert_eq!(info.params[0].description, "how often: a number");
        assert!(!info.params[0].array);
        let row = &info.params[1];
        assert_eq!((row.ty.as_str(), row.array, row.perm), ("u8", true, 0o644));
    }

    #[test]
    fn bad_records_are_refused() {
        for bad in [
            &b"name=x\0license=GPL\0"[..],
            b"abi=1\0license=GPL\0",
            b"abi=1\0name=a b\0license=GPL\0",
            b"abi=1\0name=x\0license=GPL\0param=a\0",
            b"abi=1\0name=x\0license=GPL\0param=a:u8:9:\0",
            b"abi=1\0name=x\0license=GPL\0param=a:[u8:0:\0",
            b"abi=1\0name=x\0license=GPL\0colour=red\0",
        ] {
            assert!(parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
