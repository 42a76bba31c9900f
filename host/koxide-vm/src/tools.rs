// SPDX-License-Identifier: MIT OR Apache-2.0

//! Programs for the machine: copies of the host's with the libraries that they need.

use std::fs;
use std::path::{Path, PathBuf};

use koxide_guest::protocol::{APPLETS, paths};
use koxide_process::{Command, find};
use object::Endianness;
use object::elf::{FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};

use crate::arch::Arch;
use crate::error::{Error, Need};
use crate::initramfs::Archive;

/// Adds the tools that are part of the init.
pub(crate) fn add_applets(archive: &mut Archive) -> Result<(), Error> {
    for applet in APPLETS {
        archive.link(&format!("{}/{applet}", paths::BIN), "/init")?;
    }
    Ok(())
}

/// Adds a program of the host, found on the search path, under its own name.
pub(crate) fn add_host_program(
    archive: &mut Archive,
    arch: Arch,
    program: &str,
) -> Result<(), Error> {
    if !arch.is_this_machine() {
        return Err(Error::ForeignProgram {
            program: program.to_owned(),
            arch,
        });
    }
    let file = find(program).ok_or_else(|| Error::Missing(Need::Program(program.to_owned())))?;
    let name = Path::new(program).file_name().unwrap_or_default();
    add_program(
        archive,
        &file,
        &format!("{}/{}", paths::BIN, name.to_string_lossy()),
    )
}

/// Adds a program of this machine's, or a static one, with all that it needs to run.
pub(crate) fn add_program(archive: &mut Archive, file: &Path, to: &str) -> Result<(), Error> {
    let bytes = fs::read(file).map_err(Error::file("read", file))?;
    if let Some(interpreter) = script_interpreter(&bytes)
        && !archive.has(&interpreter)
    {
        add_program(archive, Path::new(&interpreter), &interpreter)?;
    }
    if let Some(loader) = loader(&bytes) {
        for library in libraries(&loader, file)? {
            let path = library.to_string_lossy().into_owned();
            if !archive.has(&path) {
                archive.copy(&library, &path, 0o755)?;
            }
        }
    }
    archive.add(to, 0o755, bytes)
}

/// The program that runs a script.
fn script_interpreter(bytes: &[u8]) -> Option<String> {
    let line = bytes.strip_prefix(b"#!")?.split(|b| *b == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    line.split_whitespace().next().map(str::to_owned)
}

/// The dynamic loader that a program names; none when it is static.
fn loader(bytes: &[u8]) -> Option<PathBuf> {
    let header = FileHeader64::<Endianness>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?;
    let segment = segments.iter().find(|s| s.p_type(endian) == PT_INTERP)?;
    let path = segment.data(endian, bytes).ok()?;
    let path = std::str::from_utf8(path).ok()?;
    Some(PathBuf::from(path.trim_end_matches('\0')))
}

/// What the loader would load for a program, itself included.
fn libraries(loader: &Path, program: &Path) -> Result<Vec<PathBuf>, Error> {
    let output = Command::new(loader).arg("--list").arg(program).output()?;
    let mut libraries = parse_list(&String::from_utf8_lossy(&output.stdout));
    libraries.push(loader.to_owned());
    Ok(libraries)
}

fn parse_list(list: &str) -> Vec<PathBuf> {
    list.lines()
        .filter_map(|line| {
            let path = line.split_once("=>").map_or(line, |(_, path)| path);
            let path = path.split_whitespace().next()?;
            path.starts_with('/').then(|| PathBuf::from(path))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_list_is_understood() {
        let list = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x00007f)\n\t/lib64/ld.so.2 (0x7f)\n";
        assert_eq!(
            parse_list(list),
            [Path::new("/lib/x/libc.so.6"), Path::new("/lib64/ld.so.2")]
        );
    }

    #[test]
    fn a_program_of_another_architecture_is_no_program_of_this_machine() {
        let other = match Arch::this_machine() {
            Arch::Arm => Arch::Arm64,
            _ => Arch::Arm,
        };
        let error = add_host_program(&mut Archive::new(), other, "sh").unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("`sh`") && message.contains("for arm"),
            "{message}"
        );
        assert_eq!(error.missing(), None);
    }

    #[test]
    fn a_program_comes_with_its_libraries() {
        let mut archive = Archive::new();
        add_host_program(&mut archive, Arch::this_machine(), "sh").unwrap();
        assert!(archive.has("/bin/sh"));
        let sh = fs::read("/bin/sh").unwrap();
        if let Some(loader) = loader(&sh) {
            assert!(archive.has(loader.to_str().unwrap()));
        }
    }

    #[test]
    fn a_missing_program_is_a_need() {
        let mut archive = Archive::new();
        let error =
            add_host_program(&mut archive, Arch::this_machine(), "no-such-program").unwrap_err();
        assert_eq!(
            error.missing(),
            Some(&Need::Program("no-such-program".to_owned()))
        );
    }

    #[test]
    fn a_script_names_its_interpreter() {
        assert_eq!(
            script_interpreter(b"#! /bin/sh -e\necho\n").as_deref(),
            Some("/bin/sh")
        );
        assert_eq!(script_interpreter(b"\x7fELF"), None);
    }
}
