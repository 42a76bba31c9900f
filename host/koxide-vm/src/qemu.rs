// SPDX-License-Identifier: MIT OR Apache-2.0

//! One running QEMU, and the two serial ports of its machine.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use koxide_process::{Command, find};

use crate::arch::Arch;
use crate::error::{Error, Need};
use crate::plan::Machine;

/// How the kernel is to behave: the console tells only what matters until init turns it up, because each character
/// on it costs time; every fault ends the machine at once; init's marks in the log are not dropped.
const KERNEL_ARGS: &[&str] = &[
    "quiet",
    "oops=panic",
    "panic=-1",
    "printk.devkmsg=on",
    // Its self-tests take emulation 0.4 s of a boot, and are not what is tested here.
    "cryptomgr.notests",
];

/// Something that came from the machine.
#[derive(Debug)]
pub(crate) enum Message {
    /// Bytes of the kernel's console.
    Console(Vec<u8>),
    /// Bytes of the report channel.
    Report(Vec<u8>),
}

/// How the processor is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accelerator {
    Kvm,
    Tcg,
    Counted,
}

impl Accelerator {
    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kvm => "KVM",
            Self::Tcg => "TCG",
            Self::Counted => "TCG, counting instructions",
        }
    }

    fn arguments(self, arch: Arch) -> Vec<&'static str> {
        match self {
            Self::Kvm => vec!["-accel", "kvm", "-cpu", "host"],
            Self::Tcg => vec!["-accel", arch.emulation(), "-cpu", arch.processor()],
            Self::Counted => vec![
                "-accel",
                "tcg,thread=single",
                "-icount",
                "shift=0,sleep=off",
                "-cpu",
                arch.counted_processor(),
            ],
        }
    }

    /// How many processors a machine has. Two that count together would count what the other one does, too.
    fn cpus(self, machine: &Machine) -> u32 {
        match self {
            Self::Kvm | Self::Tcg => machine.cpus,
            Self::Counted => 1,
        }
    }
}

/// A running QEMU. It ends when this value is dropped, and with this process.
#[derive(Debug)]
pub(crate) struct Qemu {
    child: Child,
    report: UnixStream,
    messages: Receiver<Message>,
    stderr: Option<JoinHandle<String>>,
    started: Instant,
}

impl Qemu {
    /// Starts a machine with this kernel and initramfs.
    pub(crate) fn start(
        machine: &Machine,
        arch: Arch,
        accelerator: Accelerator,
        kernel: &Path,
        initramfs: &Path,
    ) -> Result<Self, Error> {
        let (console, console_end) = UnixStream::pair().map_err(Error::Channel)?;
        let (report, report_end) = UnixStream::pair().map_err(Error::Channel)?;
        let mut command = command(machine, arch, accelerator, kernel, initramfs)?;
        command.stdio(
            Stdio::from(OwnedFd::from(report_end)),
            Stdio::from(OwnedFd::from(console_end)),
            Stdio::piped(),
        );
        let started = Instant::now();
        let mut child = command.spawn()?;
        // The command holds the machine's ends of the channels: they must close when QEMU does.
        drop(command);
        let (sender, messages) = mpsc::channel();
        let reader = report.try_clone().map_err(Error::Channel)?;
        forward(console, Message::Console, sender.clone());
        forward(reader, Message::Report, sender);
        let stderr = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                // What came until an error is what there is to show.
                let _ = stderr.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        Ok(Self {
            child,
            report,
            messages,
            stderr,
            started,
        })
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// What came from the machine within `wait`.
    ///
    /// # Errors
    /// That nothing came, or that nothing will come because QEMU ended.
    pub(crate) fn next(&self, wait: Duration) -> Result<Message, mpsc::RecvTimeoutError> {
        self.messages.recv_timeout(wait)
    }

    /// The channel to the machine's init or shell.
    pub(crate) fn input(&self) -> Result<impl Write + Send + 'static + use<>, Error> {
        self.report.try_clone().map_err(Error::Channel)
    }

    /// Asks the machine's init to make the kernel log where it hangs.
    pub(crate) fn ask_where(&mut self) {
        // No answer comes from a machine that is not there any more: the caller's wait ends by itself.
        let _ = self.report.write_all(b"?");
    }

    /// What QEMU itself said, after its end.
    pub(crate) fn last_words(mut self) -> String {
        self.end();
        let stderr = self.stderr.take().map(JoinHandle::join);
        stderr.and_then(Result::ok).unwrap_or_default()
    }

    fn end(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            koxide_process::end(&mut self.child);
        }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        self.end();
    }
}

fn forward(
    mut from: UnixStream,
    message: impl Fn(Vec<u8>) -> Message + Send + 'static,
    to: Sender<Message>,
) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) if to.send(message(buffer[..length].to_vec())).is_err() => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
}

/// QEMU, tied to this thread's life where the system has the program for that.
fn command(
    machine: &Machine,
    arch: Arch,
    accelerator: Accelerator,
    kernel: &Path,
    initramfs: &Path,
) -> Result<Command, Error> {
    let qemu = arch.qemu();
    if find(qemu).is_none() {
        return Err(Error::Missing(Need::Qemu(arch)));
    }
    let mut command = match find(Need::Setpriv.program()) {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--", qemu]);
            command
        }
        None => {
            tracing::debug!("without setpriv QEMU outlives this process when that is killed");
            Command::new(qemu)
        }
    };
    let mut append: Vec<&str> = [arch.kernel_args(), KERNEL_ARGS].concat();
    append.extend(machine.kernel_args.iter().map(String::as_str));
    let cpus = accelerator.cpus(machine);
    command
        .args([
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
            "-display",
            "none",
        ])
        .args(arch.board())
        .args(accelerator.arguments(arch))
        // Sockets, because a kernel that boots without ACPI finds no other processors.
        .args(["-smp", &format!("{cpus},sockets={cpus}")])
        .args(["-m", &machine.memory_mib.to_string()])
        // The console is the standard output, the report channel the standard input: both are sockets.
        .args([
            "-chardev",
            "socket,id=console,fd=1",
            "-serial",
            "chardev:console",
        ])
        .args(["-chardev", "socket,id=report,fd=0"])
        .args(arch.report_port())
        .arg("-kernel")
        .arg(kernel)
        .arg("-initrd")
        .arg(initramfs)
        .args(["-append", &append.join(" ")])
        .args(&machine.qemu_args);
    Ok(command)
}
