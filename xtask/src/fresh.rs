// SPDX-License-Identifier: MIT OR Apache-2.0

//! `fresh`: what a new user does, on a machine that has nothing yet.
//!
//! For each distribution a bare root is made; there only the README's package line is run as root, and everything else
//! as a new user in a home of its own: clone, `cargo koxide demo`. Rust's toolchain is the one of this machine, mounted
//! read-only where rustup would have put it.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use koxide_process::{Command, find};

/// The new user.
const USER: &str = "newcomer";

/// Options of `cargo xtask fresh`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Distributions to try.
    #[arg(default_values = ["bookworm", "trixie"])]
    suites: Vec<String>,
    /// Where the distribution's archive is; without it, mmdebstrap's own choice.
    #[arg(long)]
    mirror: Option<String>,
    /// What to type in the clone, in place of the demo.
    #[arg(long, default_value = "cargo koxide demo")]
    command: String,
    /// What the output has to contain: with the demo, what the driver answered to `ioctl`.
    #[arg(long, default_value = "\n100\n")]
    expect: String,
}

/// Tries each distribution.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "cargo xtask fresh makes roots and mounts: run it as root"
    );
    for program in ["mmdebstrap", "unshare", "chroot", "git"] {
        ensure!(
            find(program).is_some(),
            "the program `{program}` is missing: apt-get install {program}"
        );
    }
    for suite in &options.suites {
        let start = Instant::now();
        try_suite(suite, options)
            .with_context(|| format!("the first commands of the README fail on {suite}"))?;
        println!("{suite}: good, in {:.0} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn try_suite(suite: &str, options: &Options) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("koxide-fresh-").tempdir()?;
    let root = folder.path().join("root");
    println!("{suite}: making a bare root");
    Command::new("mmdebstrap")
        .args(["--variant=minbase", suite])
        .arg(&root)
        .args(&options.mirror)
        .output()?;
    furnish(&root)?;

    let packages = package_line()?;
    println!("{suite}: {packages}");
    inside(&root, "root", &format!("apt-get update -q && {packages}"))?;
    inside(
        &root,
        "root",
        &format!("useradd --create-home --shell /bin/bash {USER}"),
    )?;
    settle(&root)?;

    println!("{suite}: {}", options.command);
    let script = format!(
        "git -c advice.detachedHead=false clone -q /mnt/koxide.bundle src/koxide && cd src/koxide && {}",
        options.command
    );
    let output = inside(&root, USER, &script)?;
    print!("{output}");
    ensure!(
        output.contains(&options.expect),
        "the output lacks {:?}",
        options.expect
    );
    Ok(())
}

/// The line of the README that installs what the distribution has, without `sudo`: it is run as root.
fn package_line() -> anyhow::Result<String> {
    let readme = std::fs::read_to_string(xtask::root().join("README.md"))?;
    let line = readme
        .lines()
        .find_map(|line| line.trim().strip_prefix("sudo apt-get install "));
    Ok(format!(
        "apt-get install --yes {}",
        line.context("the README has no line `sudo apt-get install ...`")?
    ))
}

/// Puts into the root what every machine has: names, certificates, and the repository to clone.
fn furnish(root: &Path) -> anyhow::Result<()> {
    std::fs::copy("/etc/resolv.conf", root.join("etc/resolv.conf"))?;
    std::fs::copy("/etc/hosts", root.join("etc/hosts"))?;
    let bundle = root.join("mnt/koxide.bundle");
    Command::new("git")
        .args(["bundle", "create", "-q"])
        .arg(&bundle)
        .arg("HEAD")
        .current_dir(xtask::root())
        .output()?;
    std::fs::create_dir_all(root.join("mnt/toolchain"))?;
    std::fs::create_dir_all(root.join("mnt/certificates"))?;
    Ok(())
}

/// Gives the new user rustup's programs, as its installer would.
fn settle(root: &Path) -> anyhow::Result<()> {
    let rustup = find("rustup").context("rustup is not on the search path")?;
    let bin = root.join("home").join(USER).join(".cargo/bin");
    std::fs::create_dir_all(&bin)?;
    std::fs::copy(std::fs::canonicalize(rustup)?, bin.join("rustup"))?;
    for name in [
        "cargo",
        "rustc",
        "rustdoc",
        "rustfmt",
        "cargo-fmt",
        "cargo-clippy",
        "clippy-driver",
    ] {
        symlink("rustup", bin.join(name))?;
    }
    let toolchains = root.join("home").join(USER).join(".rustup/toolchains");
    std::fs::create_dir_all(&toolchains)?;
    symlink(
        "/mnt/toolchain",
        toolchains.join(format!("{}-x86_64-unknown-linux-gnu", channel()?)),
    )?;
    inside(root, "root", &format!("chown -R {USER}: /home/{USER}"))?;
    Ok(())
}

/// The toolchain that the repository asks for.
fn channel() -> anyhow::Result<String> {
    let text = std::fs::read_to_string(xtask::root().join("rust-toolchain.toml"))?;
    let file: toml::Table = toml::from_str(&text)?;
    let channel = file
        .get("toolchain")
        .and_then(|table| table.get("channel")?.as_str());
    Ok(channel
        .context("rust-toolchain.toml names no channel")?
        .to_owned())
}

/// Runs a script in the root as a user, in namespaces of its own: no mount and no process is left behind.
fn inside(root: &Path, user: &str, script: &str) -> anyhow::Result<String> {
    let home = if user == "root" {
        PathBuf::from("/root")
    } else {
        PathBuf::from("/home").join(user)
    };
    let setup = "mount -t proc proc \"$1/proc\" && mount -t sysfs -o ro sysfs \"$1/sys\" \
                 && mount --bind \"$2\" \"$1/mnt/toolchain\" && mount -o remount,bind,ro \"$1/mnt/toolchain\" \
                 && mount --bind /etc/ssl/certs \"$1/mnt/certificates\" && mount -t devpts devpts \"$1/dev/pts\" \
                 && exec chroot --userspec=\"$3\" \"$1\" /usr/bin/env -i HOME=\"$4\" USER=\"$3\" LANG=C.UTF-8 TERM=xterm \
                    PATH=\"$4/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\" \
                    RUSTUP_AUTO_INSTALL=0 DEBIAN_FRONTEND=noninteractive \
                    SSL_CERT_FILE=/mnt/certificates/ca-certificates.crt \
                    /bin/sh -c \"cd && $5\"";
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(xtask::root())
        .output()?;
    let sysroot = String::from_utf8(sysroot.stdout)?;
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        setup,
        "sh",
    ]);
    command
        .arg(root)
        .arg(sysroot.trim())
        .arg(user)
        .arg(home)
        .arg(script);
    let mut text = String::new();
    let ended = command.lines(|_, line| {
        text += line;
        text.push('\n');
    });
    if let Err(error) = ended {
        bail!("{script}\n{text}\n{error}");
    }
    Ok(text)
}
