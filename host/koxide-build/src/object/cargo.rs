// SPDX-License-Identifier: MIT OR Apache-2.0

//! Starts cargo with what the kernel needs of a compiler.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use cargo_metadata::Message;
use koxide_process::{Command, find, interrupt};
use serde::de::DeserializeOwned;

use crate::cache;
use crate::driver::{Driver, Project};

use super::error::{Error, Result};
use super::target::Target;
use super::{BuildOptions, Color, Kasan, Toolchain, Variant};

/// With less space than this left, a failure is more likely the disk's than the driver's.
const ROOM: u64 = 20_000_000;

/// The profile in which drivers are built: optimised, with the checks on.
const PROFILE: [&str; 8] = [
    "profile.koxide.inherits=\"release\"",
    "profile.koxide.opt-level=2",
    "profile.koxide.lto=\"fat\"",
    "profile.koxide.codegen-units=1",
    "profile.koxide.overflow-checks=true",
    "profile.koxide.debug=false",
    "profile.koxide.strip=false",
    "profile.koxide.incremental=false",
];

/// Folders whose names must not show in the object, and what is written for them. cargo names the files of the
/// workspace itself by relative paths, and another flag for each checkout would compile the core library again.
fn remaps(toolchain: &Toolchain) -> Vec<(PathBuf, &'static str)> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut remaps = vec![(toolchain.rust_src(), "rust")];
    remaps.extend(home.map(|home| (home, "cargo")));
    remaps
}

/// Settings for single packages. They hide where the library is, when that is outside of the workspace; for its own
/// packages only, since there is another folder for each version. And they tell the one that reserves room how much.
fn package_settings(project: &Project, variant: &Variant) -> Vec<String> {
    let library = project.abi_dir().parent();
    let outside = library.filter(|dir| !dir.starts_with(project.root()));
    let remap = outside.map(|dir| format!("--remap-path-prefix={}=kernel", dir.display()));
    let setting = |(package, own): (&str, Vec<String>)| {
        let flags: Vec<String> = remap.iter().cloned().chain(own).collect();
        let setting = || {
            let flags = toml::Value::from(flags.clone());
            format!("profile.koxide.package.{package}.rustflags={flags}")
        };
        (!flags.is_empty()).then(setting)
    };
    let core = variant.kasan.as_ref().map(|_| Kasan::core_flags());
    let packages = [
        ("koxide", variant.library_flags()),
        ("koxide-abi", variant.abi_flags()),
        ("core", core.unwrap_or_default()),
    ];
    packages.into_iter().filter_map(setting).collect()
}

/// What becomes of a panic.
fn panic(driver: &Driver, variant: &Variant) -> &'static str {
    if driver.aborts {
        return "abort";
    }
    Target::of(variant.arch).panic
}

fn rustflags(toolchain: &Toolchain, driver: &Driver, variant: &Variant) -> OsString {
    let mut flags = OsString::new();
    let kasan = variant.kasan.as_ref().map(Kasan::flags);
    let kasan = kasan.unwrap_or_default();
    let target = Target::of(variant.arch);
    // A setting of the profile alone does nothing for targets without an operating system.
    flags.push(format!("-Cpanic={}\u{1f}", panic(driver, variant)));
    let target = target.flags.iter().copied();
    for flag in target.chain(kasan.iter().map(String::as_str)) {
        flags.push(flag);
        flags.push("\u{1f}");
    }
    // Which line an instruction is from: kept beside the object, for whoever reads a crash. As a flag, since a profile's
    // setting is part of what symbols are named after.
    flags.push("-Cdebuginfo=line-tables-only\u{1f}");
    // The compiler's messages keep the paths at which the files are.
    flags.push("--remap-path-scope=object\u{1f}");
    for (from, to) in remaps(toolchain) {
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
        flags.push("\u{1f}");
    }
    flags.push("--check-cfg=cfg(kunit, MODULE, CONFIG_COMPAT)");
    flags
}

/// cargo's verb and the options that all builds share.
pub(crate) fn command(verb: &str, driver: &Driver, options: &BuildOptions<'_>) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg(verb).current_dir(&driver.dir);
    shared(&mut cargo, options);
    cargo.arg("--manifest-path").arg(&driver.manifest);
    cargo
}

/// Options that all builds share.
pub(crate) fn shared(cargo: &mut Command, options: &BuildOptions<'_>) {
    cargo.arg("--message-format=json-render-diagnostics");
    match options.color {
        Color::Auto => {}
        Color::Always => {
            cargo.arg("--color=always");
        }
        Color::Never => {
            cargo.arg("--color=never");
        }
    }
    if options.offline {
        cargo.arg("--offline");
    }
    if options.quiet {
        cargo.arg("--quiet");
    }
}

/// Compiles a driver with all that it depends on and returns the archive that rustc wrote. One that is `calm` is known not to panic.
pub(crate) fn staticlib(
    project: &Project,
    driver: &Driver,
    toolchain: &Toolchain,
    options: &BuildOptions<'_>,
    calm: bool,
) -> Result<PathBuf> {
    let mut cargo = command("rustc", driver, options);
    let target = Target::of(options.variant.arch);
    let dir = project.koxide_dir().join("cargo");
    let name = target.argument(&dir)?;
    let settings = package_settings(project, &options.variant);
    cargo
        .args(["--package", &driver.package, "--lib"])
        .args(["--crate-type", "staticlib", "--target"])
        .arg(name)
        .args([
            "-Zbuild-std=core",
            "-Zprofile-rustflags",
            "--profile",
            "koxide",
        ])
        .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
        .arg("--config")
        .arg(format!(
            "profile.koxide.panic=\"{}\"",
            panic(driver, &options.variant)
        ))
        .args(settings.iter().flat_map(|s| ["--config", s]))
        // What the core library says of itself is nothing that a driver's author could change.
        .args(["--config", "future-incompat-report.frequency=\"never\""])
        .arg("--target-dir")
        .arg(dir)
        // The kernel's own build does the same: the flags above are not stable.
        .env("RUSTC_BOOTSTRAP", "1")
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            rustflags(toolchain, driver, &options.variant),
        );
    if target.is_described() {
        cargo.arg("-Zjson-target-spec");
    }
    match options.variant.variable() {
        (name, Some(value)) => cargo.env(name, value),
        (name, None) => cargo.env_remove(name),
    };
    // The kernel's own build sets the first for what is not part of the kernel's image, as no driver here is. The second
    // stands before the `compat_ioctl` of upstream's drivers; a kernel that runs no 32-bit programs does not call it.
    cargo.args(["--", "--cfg", "MODULE", "--cfg", "CONFIG_COMPAT"]);
    if calm {
        cargo.args(["--cfg", "koxide_calm"]);
    }
    cargo.args(&driver.rustc_args);
    if options.kunit {
        cargo.args(["--cfg", "kunit"]);
    }
    let target = project.koxide_dir();
    let mut archive = None;
    run(&mut cargo, &driver.package, &target, |message: Message| {
        if let Message::CompilerArtifact(artifact) = message {
            let file = artifact
                .filenames
                .iter()
                .find(|f| f.extension() == Some("a"));
            if let Some(file) = file {
                archive = Some(file.as_std_path().to_owned());
            }
        }
    })?;
    archive.ok_or_else(|| Error::NoLibrary {
        package: driver.package.clone(),
    })
}

/// Runs cargo with the user's own standard error, so that rustc's messages come as they are; `target` is where it
/// writes to. Lines that are no messages of the wanted kind are left out.
pub(crate) fn run<M: DeserializeOwned>(
    cargo: &mut Command,
    package: &str,
    target: &Path,
    mut on_message: impl FnMut(M),
) -> Result<()> {
    let line = cargo.line();
    cargo.stdio(Stdio::null(), Stdio::piped(), Stdio::inherit());
    let mut child = cargo.spawn()?;
    let stdout = child.stdout.take().expect("it was piped");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        match receiver.recv_timeout(Duration::from_millis(20)) {
            Ok(line) => {
                if let Ok(message) = serde_json::from_str(&line) {
                    on_message(message);
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if let Err(interrupted) = interrupt::check() {
            koxide_process::end(&mut child);
            return Err(koxide_process::Error::from(interrupted).into());
        }
    }
    let status = child.wait().map_err(|source| koxide_process::Error::Io {
        command: line,
        source,
    })?;
    if status.success() {
        return Ok(());
    }
    Err(fault(package, target))
}

/// Why cargo failed: it said so, unless it is the machine that lacks something.
fn fault(package: &str, target: &Path) -> Error {
    let package = package.to_owned();
    if find("cc").is_none() {
        return Error::NoLinker { package };
    }
    match cache::need_space(target, &format!("building {package}"), ROOM) {
        Err(full) => full.into(),
        Ok(()) => Error::Compile { package },
    }
}
