// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files of results, each beside its place until all of it is there.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::exit::{Exit, because};

/// A file that is written whole or not at all. That it cannot be written is mostly known when it is opened, before the
/// work that it is to hold the results of.
pub(crate) struct Output {
    temporary: tempfile::NamedTempFile,
    file: PathBuf,
    what: &'static str,
}

impl Output {
    /// Makes sure that there is room for the file; `what` is what it has in it.
    pub(crate) fn open(file: &Path, what: &'static str) -> anyhow::Result<Self> {
        regular(file, what)?;
        let folder = file.parent().filter(|dir| !dir.as_os_str().is_empty());
        let temporary = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        Ok(Self {
            temporary: temporary.with_context(|| Self::failure(file, what))?,
            file: file.to_owned(),
            what,
        })
    }

    /// The same, where the user asked for the file.
    pub(crate) fn wanted(file: Option<&Path>, what: &'static str) -> anyhow::Result<Option<Self>> {
        file.map(|file| Self::open(file, what)).transpose()
    }

    /// Writes the file.
    pub(crate) fn write(mut self, text: &str) -> anyhow::Result<()> {
        let failure = || Self::failure(&self.file, self.what);
        self.temporary
            .write_all(text.as_bytes())
            .with_context(failure)?;
        self.temporary.persist(&self.file).with_context(failure)?;
        Ok(())
    }

    fn failure(file: &Path, what: &str) -> String {
        format!("cannot write the {what} {}", file.display())
    }
}

/// Refuses what a file would not be put beside, but in place of: a device, a folder.
fn regular(file: &Path, what: &str) -> anyhow::Result<()> {
    match std::fs::metadata(file) {
        Ok(meta) if !meta.is_file() => Err(because(
            Exit::Usage,
            format!(
                "cannot write the {what} {}: there is something of this name that is no file",
                file.display()
            ),
        )
        .into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_left_alone() {
        for place in ["/dev/null", "/tmp"] {
            let error = Output::open(Path::new(place), "page").err().unwrap();
            assert!(error.to_string().contains("is no file"), "{error}");
        }
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("page.html");
        for text in ["one", "two"] {
            Output::open(&file, "page").unwrap().write(text).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }
}
