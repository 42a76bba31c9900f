// SPDX-License-Identifier: MIT OR Apache-2.0

//! `run --gdb`: the machine waits for a debugger, which finds the symbols of the kernel and the lines of the driver.

use std::fmt::Write as _;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use koxide_build::{Arch, Kernel, Module, cache, kernel_symbols, module_symbols};
use koxide_process::find;
use koxide_vm::{Acceleration, Event, Payload, Plan, Step, Stream, Vm};
use sha2::{Digest as _, Sha256};

use crate::exit::{Exit, because};
use crate::machine::{explained, explained_vm};
use crate::ui::Ui;
use crate::workshop::Workshop;

/// How many times longer than otherwise everything may take, now that somebody looks at it: nothing is too long.
const PATIENCE: u32 = 1_000_000;

/// Prints the functions of the kernel, packed, since what a machine says comes over a serial line.
const SYMBOLS: &str = "grep -i ' [tw] ' /proc/kallsyms | gzip -1";

/// Changes when the file of a kernel's symbols has something else in it.
const FORMAT: u32 = 2;

/// A machine that waits for a debugger.
struct Session<'s> {
    port: u16,
    kernel: &'s Path,
    module: &'s Path,
    name: &'s str,
    target: Target,
    /// Where in the module's code the kernel enters it.
    init: u64,
}

/// Writes what the debugger needs, makes the machine wait for it, and says what to type.
pub(super) fn prepare(
    port: u16,
    module: &Module,
    kernel: &Kernel,
    vm: &mut Vm,
    workshop: &Workshop<'_>,
    ui: &Ui,
) -> anyhow::Result<()> {
    let lines = module.lines.as_ref();
    let lines = lines.context("the lines of this driver are not known")?;
    // Where everything in the kernel is, is in the file of symbols.
    let target = Target::of(kernel.arch);
    let kernel_args = ["nokaslr"].iter().chain(target.kernel_args);
    vm.machine
        .kernel_args
        .extend(kernel_args.map(|&word| word.to_owned()));
    vm.machine.acceleration = Acceleration::Tcg;
    let of_kernel = symbols(kernel, vm, workshop, ui)?;
    let symbols = explained(module_symbols(kernel.arch, &module.path, lines))?;
    let of_module = module.path.with_extension("symbols");
    explained(cache::write(&of_module, &symbols.bytes))?;
    let session = Session {
        port,
        kernel: &of_kernel,
        module: &of_module,
        name: &module.name,
        target,
        init: symbols.init,
    };
    let script = module.path.with_extension("gdb");
    explained(cache::write(&script, session.script().as_bytes()))?;

    vm.machine.slowness = PATIENCE;
    let stub = format!("tcp:127.0.0.1:{port}");
    vm.machine
        .qemu_args
        .extend(["-gdb".to_owned(), stub, "-S".to_owned()]);
    let gdb = target.debugger;
    if find(gdb).is_none() {
        ui.note(format!(
            "there is no `{gdb}` on this machine: its package has that name"
        ));
    }
    ui.note("the machine waits for a debugger; type this in another terminal:");
    ui.result(
        koxide_process::Command::new(gdb)
            .arg("-x")
            .arg(workshop.shown(&script))
            .line(),
    );
    Ok(())
}

/// How a kernel of an architecture is looked into.
#[derive(Clone, Copy)]
struct Target {
    /// The debugger that knows it.
    debugger: &'static str,
    /// Where the first argument of a function is.
    argument: &'static str,
    /// Where the name is in a `struct module`: behind a state and two links.
    name: usize,
    /// What is said to the kernel besides.
    kernel_args: &'static [&'static str],
}

impl Target {
    const fn of(arch: Arch) -> Self {
        match arch {
            Arch::X86_64 => Self {
                debugger: "gdb",
                argument: "$rdi",
                name: 24,
                kernel_args: &[],
            },
            Arch::Arm64 => Self {
                debugger: "gdb-multiarch",
                argument: "$x0",
                name: 24,
                // Signed return addresses are none that a debugger knows.
                kernel_args: &["arm64.nopauth"],
            },
            Arch::Arm => Self {
                debugger: "gdb-multiarch",
                argument: "$r0",
                name: 12,
                kernel_args: &[],
            },
        }
    }
}

/// The port, if nobody has it; for 0 one that nobody has.
pub(super) fn free(port: u16) -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        because(
            Exit::Usage,
            format!("port {port} of this machine is taken: name another one, `--gdb PORT`"),
        )
    })?;
    Ok(listener.local_addr()?.port())
}

/// The file of the kernel's symbols. Distributions ship none, but a kernel that runs says them: it is booted for that, once.
fn symbols(kernel: &Kernel, vm: &Vm, workshop: &Workshop<'_>, ui: &Ui) -> anyhow::Result<PathBuf> {
    let image = explained_vm(vm.image())?;
    let image =
        std::fs::read(&image).with_context(|| format!("cannot read {}", image.display()))?;
    let hash = Sha256::digest(&image);
    let name: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
    let file = workshop
        .cache()
        .vm()
        .join("symbols")
        .join(format!("{name}.{FORMAT}"));
    if file.exists() {
        return Ok(file);
    }
    ui.status(
        "Asking",
        format!("{} for its symbols, once", kernel.release),
    );
    let plan = Plan::Commands {
        load: Vec::new(),
        steps: vec![Step::new(["sh", "-c", SYMBOLS])],
        limit: None,
    };
    let payload = Payload {
        busybox: true,
        ..Payload::default()
    };
    let mut packed = Vec::new();
    let mut keep = |event: Event<'_>| {
        if let Event::Output {
            stream: Stream::Stdout,
            bytes,
        } = event
        {
            packed.extend_from_slice(bytes);
        }
    };
    explained_vm(vm.run(&plan, &payload, &mut keep))?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*packed)
        .read_to_string(&mut text)
        .context("the kernel did not say its symbols")?;
    let bytes = kernel_symbols(kernel.arch, &text, &image);
    explained(cache::write(
        &file,
        &bytes.context("the kernel hides its symbols")?,
    ))?;
    Ok(file)
}

/// A path as the debugger reads one that may have spaces.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Session<'_> {
    /// What the debugger is to do: it lets the kernel boot until it has put the driver's module somewhere, and is about to
    /// enter it. Breakpoints are the processor's own, because the kernel's code is not in memory yet.
    fn script(&self) -> String {
        let Self { name, port, .. } = self;
        let argument = self.target.argument;
        // Registers have signs, and addresses none: the number that is taken from it has none either.
        format!(
            "# Written by `cargo koxide run --gdb`, and good for that machine.\n\
             set confirm off\n\
             set print asm-demangle on\n\
             symbol-file {kernel}\n\
             target remote 127.0.0.1:{port}\n\
             thbreak do_init_module if {is_it}\n\
             continue\n\
             thbreak do_one_initcall\n\
             continue\n\
             add-symbol-file {module} {argument}-{init:#x}u\n\
             echo \\n{name} is in memory, and the kernel is about to enter it. Set breakpoints, then: continue\\n\n",
            kernel = quoted(self.kernel),
            module = quoted(self.module),
            is_it = self.is_it(),
            init = self.init,
        )
    }

    /// Whether the `struct module` that a function was given is the driver's.
    fn is_it(&self) -> String {
        let Target { argument, name, .. } = self.target;
        let mut text = String::new();
        let bytes = [self.name.as_bytes(), b"\0"].concat();
        for (index, word) in bytes.chunks(4).enumerate() {
            let mut whole = [0; 4];
            whole[..word.len()].copy_from_slice(word);
            let (at, value) = (name + 4 * index, u32::from_le_bytes(whole));
            let and = if index == 0 { "" } else { " && " };
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "{and}*(unsigned int *)({argument}+{at}) == {value:#x}"
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_known_by_its_name() {
        let session = |arch, name| Session {
            port: 1,
            kernel: Path::new("k"),
            module: Path::new("m"),
            name,
            target: Target::of(arch),
            init: 0,
        };
        assert_eq!(
            session(Arch::X86_64, "abc").is_it(),
            "*(unsigned int *)($rdi+24) == 0x636261"
        );
        assert_eq!(
            session(Arch::Arm, "abcd").is_it(),
            "*(unsigned int *)($r0+12) == 0x64636261 && *(unsigned int *)($r0+16) == 0x0"
        );
    }

    #[test]
    fn a_taken_port_is_refused() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(free(port).unwrap_err().to_string().contains("is taken"));
        assert_ne!(free(0).unwrap(), 0);
    }
}
