// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the cache remembers: which kernel a name stands for, and what was fetched for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cache::{self, Cache};

use super::KernelName;
use super::error::{Error, Result};
use super::{Record, Source, root};

/// What says of a folder what is in it. It is moved to its place with the folder, and so is there when all of it is.
pub(crate) const RECORD: &str = "record.json";

/// What is remembered of a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// The name as the user writes it.
    pub(crate) name: String,
    /// The folder of its kernel under `kernels/`, when one was fetched.
    pub(crate) kernel: Option<String>,
    /// Where a Debian suite comes from, when the user said so.
    pub(crate) source: Option<Source>,
}

fn name_file(cache: &Cache, name: &KernelName) -> PathBuf {
    let file = match name {
        KernelName::Running => "running.json".to_owned(),
        KernelName::Debian(name) => {
            let name = name.to_string().replace([':', '/'], "-");
            format!("{name}.json")
        }
        KernelName::Debug(line) => format!("debug-{line}.json"),
        KernelName::Path(_) => format!("path-{}.json", digest(&name.to_string())),
        KernelName::Deb(_) => format!("deb-{}.json", digest(&name.to_string())),
    };
    cache.names().join(file)
}

/// Enough of a hash to tell names apart.
pub(crate) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))[..16].to_owned()
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of a file.
pub(crate) fn sha256(path: &Path) -> Result<String, cache::Error> {
    let io = |e| cache::Error::io("read", path, e);
    let mut file = fs::File::open(path).map_err(io)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut file, &mut buffer).map_err(io)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, name: &str) -> Result<Option<T>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(cache::Error::io("read", path, e).into()),
    };
    match serde_json::from_str(&text) {
        Ok(value) => Ok(Some(value)),
        Err(source) => Err(Error::Damaged {
            name: name.to_owned(),
            path: path.to_owned(),
            source,
        }),
    }
}

pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value).expect("our records are plain data");
    text.push(b'\n');
    Ok(cache::write(path, &text)?)
}

/// What is remembered of a name.
pub(crate) fn remembered(cache: &Cache, name: &KernelName) -> Result<Option<Remembered>> {
    read_json(&name_file(cache, name), &name.to_string())
}

/// Remembers a name; the lock must be held.
pub(crate) fn remember(cache: &Cache, name: &KernelName, what: &Remembered) -> Result<()> {
    write_json(&name_file(cache, name), what)
}

/// Forgets a name; the lock must be held.
pub(crate) fn forget(cache: &Cache, name: &KernelName) -> Result<()> {
    Ok(cache::remove(&name_file(cache, name))?)
}

/// Everything that is remembered, sorted by name.
pub(crate) fn all(cache: &Cache) -> Result<Vec<Remembered>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(cache.names()).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "json") {
            all.extend(read_json::<Remembered>(&path, "NAME")?);
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// A kernel's folder.
pub(crate) fn dir(cache: &Cache, id: &str) -> PathBuf {
    cache.kernels().join(id)
}

/// Whether a kernel is there; what has no record is no whole one.
pub(crate) fn is_whole(cache: &Cache, id: &str) -> bool {
    dir(cache, id).join(RECORD).exists()
}

/// The record in a kernel's folder.
pub(crate) fn record(dir: &Path, name: &str) -> Result<Option<Record>> {
    read_json(&dir.join(RECORD), name)
}

/// Writes the record into a kernel's folder.
pub(crate) fn write_record(dir: &Path, record: &Record) -> Result<()> {
    write_json(&dir.join(RECORD), record)
}

/// Moves a finished kernel to its place, where there may be a part of one; the lock must be held.
pub(crate) fn place(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        cache::create_dir(parent)?;
    }
    cache::remove(to)?;
    fs::rename(from, to).map_err(|e| cache::Error::io("create", to, e).into())
}

/// Removes the kernels that no name stands for any more, and the roots that no kernel is for; the lock must be held.
pub(crate) fn sweep(cache: &Cache) -> Result<u64> {
    let used: Vec<String> = all(cache)?.into_iter().filter_map(|r| r.kernel).collect();
    let mut freed = 0;
    for entry in fs::read_dir(cache.kernels())
        .into_iter()
        .flatten()
        .flatten()
    {
        if !used.iter().any(|id| entry.file_name() == id.as_str()) {
            freed += cache::disk_use(&entry.path());
            cache.discard(&entry.path())?;
        }
    }
    Ok(freed + root::sweep(cache)?)
}

/// The time now, as RFC 3339 writes it.
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    rfc3339(since.map_or(0, |d| d.as_secs()))
}

fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let mut year = 1970;
    let mut days = days;
    while days >= days_in(year) {
        days -= days_in(year);
        year += 1;
    }
    let february = days_in(year) - 337;
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let day = days + 1;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn days_in(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_read_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_709_210_096), "2024-02-29T12:34:56Z");
        assert_eq!(rfc3339(1_735_689_599), "2024-12-31T23:59:59Z");
    }

    #[test]
    fn what_no_name_stands_for_is_swept() {
        let temp = tempfile::tempdir().unwrap();
        let cache = Cache::at(temp.path());
        let name: KernelName = "debian:sid".parse().unwrap();
        for id in ["old", "new"] {
            fs::create_dir_all(dir(&cache, id)).unwrap();
        }
        let what = Remembered {
            name: name.to_string(),
            kernel: Some("new".to_owned()),
            source: None,
        };
        remember(&cache, &name, &what).unwrap();
        sweep(&cache).unwrap();
        assert!(dir(&cache, "new").exists());
        assert!(!dir(&cache, "old").exists());
        let read = remembered(&cache, &name).unwrap().unwrap();
        assert_eq!(read.kernel.as_deref(), Some("new"));
    }

    #[test]
    fn a_damaged_record_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let cache = Cache::at(temp.path());
        let name: KernelName = "debian:sid".parse().unwrap();
        fs::create_dir_all(cache.names()).unwrap();
        fs::write(name_file(&cache, &name), "{").unwrap();
        let error = remembered(&cache, &name).unwrap_err().to_string();
        assert!(error.contains("kernel remove debian:sid"), "{error}");
    }
}
