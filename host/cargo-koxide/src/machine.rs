// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where the libraries meet the user: their progress on the terminal, and their errors with an exit status and the
//! words that tell what to install.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use koxide_build::{Arch, Kernel, Need as BuildNeed, Progress};
use koxide_vm::Need as VmNeed;

use crate::exit::{Exit, because};
use crate::needs::{Need, explain};
use crate::ui::Ui;

/// The steps of a build or a fetch, shown to the user.
pub(crate) struct Steps<'a> {
    ui: &'a Ui,
    stage: Mutex<String>,
    /// The tenths of a step that were told where no bar moves.
    tenths: AtomicU64,
}

impl<'a> Steps<'a> {
    /// Shows the steps on `ui`.
    pub(crate) fn new(ui: &'a Ui) -> Self {
        Self {
            ui,
            stage: Mutex::default(),
            tenths: AtomicU64::new(0),
        }
    }
}

impl Progress for Steps<'_> {
    fn stage(&self, text: &str) {
        self.ui.progress(text, 0, 0);
        if let Ok(mut stage) = self.stage.lock() {
            text.clone_into(&mut stage);
        }
    }

    fn bytes(&self, done: u64, total: u64) {
        if let Ok(stage) = self.stage.lock() {
            self.ui.progress(&stage, done, total);
        }
    }

    fn steps(&self, done: u64, total: u64) {
        if let Ok(stage) = self.stage.lock() {
            self.ui.steps(&stage, done, total);
        }
        let tenths = done * 10 / total.max(1);
        if !self.ui.is_animated() && self.tenths.swap(tenths, Ordering::Relaxed) < tenths {
            self.ui.status("Done", format!("{tenths}0%"));
        }
    }

    fn warn(&self, text: &str) {
        self.ui.note(text);
    }

    fn note(&self, text: &str) {
        // The words of other programs: an error repeats those that explain it.
        if self.ui.is_verbose() {
            self.ui.note(text);
        }
    }
}

/// Puts the words that tell what to install on top of an error of koxide-build that something missing caused.
pub(crate) fn explained<T>(result: Result<T, impl Into<koxide_build::Error>>) -> anyhow::Result<T> {
    result.map_err(|error| {
        let error = error.into();
        let missing = error.missing();
        on_top(error.into(), missing.map(from_build))
    })
}

/// The same for an error of koxide-vm.
pub(crate) fn explained_vm<T>(result: Result<T, koxide_vm::Error>) -> anyhow::Result<T> {
    result.map_err(|error| {
        let missing = error.missing().map(from_vm);
        on_top(error.into(), missing)
    })
}

/// The same for an error of koxide-host.
pub(crate) fn explained_host<T>(result: Result<T, koxide_host::Error>) -> anyhow::Result<T> {
    match result {
        Err(koxide_host::Error::Process(error)) => explained_process(Err(error)),
        other => Ok(other?),
    }
}

/// The same for a program that the command itself runs.
pub(crate) fn explained_process<T>(result: Result<T, koxide_process::Error>) -> anyhow::Result<T> {
    result.map_err(|error| {
        let missing = BuildNeed::of(&error).map(from_build);
        on_top(error.into(), missing)
    })
}

fn on_top(error: anyhow::Error, missing: Option<Need>) -> anyhow::Error {
    match missing {
        Some(need) => error.context(because(Exit::Missing, explain(&[need]))),
        None => error,
    }
}

/// The architecture as the virtual machine knows it.
pub(crate) fn vm_arch(arch: Arch) -> koxide_vm::Arch {
    match arch {
        Arch::X86_64 => koxide_vm::Arch::X86_64,
        Arch::Arm64 => koxide_vm::Arch::Arm64,
        Arch::Arm => koxide_vm::Arch::Arm,
    }
}

fn from_build(need: BuildNeed) -> Need {
    match need {
        BuildNeed::Make => Need::Make,
        BuildNeed::Compiler { wanted } if wanted == "gcc" => Need::Compiler(None),
        BuildNeed::Compiler { wanted } => Need::Compiler(Some(wanted)),
        BuildNeed::LibElf => Need::LibElf,
        BuildNeed::Binutils => Need::Binutils,
        BuildNeed::CrossBinutils(arch) => Need::CrossBinutils(arch),
        BuildNeed::Apt | BuildNeed::Dpkg => Need::Apt,
        BuildNeed::Rustup | BuildNeed::Cargo => Need::Rustup,
        BuildNeed::GuestLibrary(arch) => Need::GuestLibrary(arch),
        BuildNeed::KernelTools => Need::KernelTools,
        BuildNeed::Unshare => Need::Unshare,
        BuildNeed::Toolchain => Need::Toolchain,
        BuildNeed::RustSrc => Need::RustSrc,
        BuildNeed::RustTarget(target) => Need::RustTarget(target),
        BuildNeed::KernelHeaders { release } => Need::KernelHeaders(release),
        BuildNeed::Tool(name) => Need::Program(name),
        other => Need::Program(format!("{other:?}")),
    }
}

fn from_vm(need: &VmNeed) -> Need {
    match need {
        VmNeed::Qemu(arch) => {
            let known = Arch::ALL.into_iter().find(|known| vm_arch(*known) == *arch);
            known.map_or_else(|| Need::Program(need.program().to_owned()), Need::Qemu)
        }
        VmNeed::Busybox => Need::Busybox,
        VmNeed::Setpriv => Need::Setpriv,
        other => Need::Program(other.program().to_owned()),
    }
}

/// Refuses a kernel on which a panic is the end.
pub(crate) fn contains_panics(kernel: &Kernel) -> anyhow::Result<()> {
    if kernel.arch != Arch::Arm {
        return Ok(());
    }
    let text = format!(
        "a panic is BUG() on 32-bit ARM, of which {} is a kernel: choose one for x86_64 or arm64",
        kernel.release
    );
    Err(because(Exit::Usage, text).into())
}
