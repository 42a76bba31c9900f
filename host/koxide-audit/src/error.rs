// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why there is no audit: better none than one that left something out.

use std::path::PathBuf;

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {0}")]
    File(PathBuf, #[source] std::io::Error),
    /// A folder cannot be read.
    #[error("cannot list {0}")]
    Folder(PathBuf, #[source] walkdir::Error),
    /// A file is not Rust.
    #[error("{file}:{line}: this is not Rust, so that unsafe code in it would not be found: {why}")]
    NotRust {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
        /// What the parser says.
        why: String,
    },
    /// The word `unsafe` stands where its meaning is not known.
    #[error(
        "{file}:{line}: `unsafe` stands here in a form that the audit does not know: teach host/koxide-audit/src/walk.rs"
    )]
    Unclear {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
    },
    /// A C file is not understood.
    #[error("{file}:{line}: {why}")]
    NotC {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
}
