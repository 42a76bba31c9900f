// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the tests that boot a machine share.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use koxide_vm::{
    Acceleration, Arch, Event, Kernel, Limits, Outcome, Payload, Plan, Program, Report, Step,
    Stream, Vm,
};

/// The folder of the kernel under test: a Debian image package, unpacked.
pub(crate) fn kernel_root() -> PathBuf {
    let root = env::var_os("KOXIDE_TEST_KERNEL").expect(
        "this test boots a kernel: set KOXIDE_TEST_KERNEL to a folder with boot/vmlinuz-RELEASE and \
         lib/modules/RELEASE, such as a kernel's package unpacked with `dpkg-deb -x`",
    );
    PathBuf::from(root)
}

/// The kernel under test.
pub(crate) fn kernel() -> Kernel {
    let root = kernel_root();
    let folder = fs::read_dir(root.join("lib/modules"))
        .expect("the kernel's folder has lib/modules")
        .next()
        .expect("lib/modules has a release in it")
        .unwrap();
    let release = folder.file_name().into_string().unwrap();
    // Debian's names of flavours.
    let arch = match release.rsplit('-').next() {
        Some("arm64" | "16k") => Arch::Arm64,
        Some("armmp" | "lpae") => Arch::Arm,
        _ => Arch::X86_64,
    };
    let busybox = root.join("bin/busybox");
    Kernel {
        arch,
        busybox: busybox.exists().then_some(busybox),
        image: root.join(format!("boot/vmlinuz-{release}")),
        modules: folder.path(),
        release,
    }
}

/// The init, built once: as `koxide-build` builds it, which this package knows nothing of.
pub(crate) fn init() -> &'static Path {
    static INIT: OnceLock<PathBuf> = OnceLock::new();
    INIT.get_or_init(|| {
        let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
            PathBuf::from,
        );
        let (target, linker) = match kernel().arch {
            Arch::X86_64 => ("x86_64-unknown-linux-musl", None),
            Arch::Arm64 => ("aarch64-unknown-linux-musl", Some("rust-lld")),
            Arch::Arm => (
                "armv7-unknown-linux-gnueabihf",
                Some("arm-linux-gnueabihf-gcc"),
            ),
        };
        let linker = linker.map(|linker| format!("\x1f-Clinker={linker}"));
        let flags = format!("-Ctarget-feature=+crt-static{}", linker.unwrap_or_default());
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "koxide-guest",
                "--bin",
                "koxide-init",
            ])
            .args(["--release", "--target", target])
            .env("CARGO_ENCODED_RUSTFLAGS", flags)
            .status()
            .unwrap();
        assert!(status.success(), "the init does not build");
        folder.join(target).join("release/koxide-init")
    })
}

/// A machine without KVM, with its cache in the target folder.
pub(crate) fn vm() -> Vm {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let mut vm = Vm::new(kernel(), init(), cache);
    vm.machine.acceleration = Acceleration::Tcg;
    vm
}

/// What a machine said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) log: Vec<String>,
    pub(crate) events: Vec<String>,
}

impl Said {
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Output {
                stream: Stream::Stdout,
                bytes,
            } => self.stdout.extend_from_slice(bytes),
            Event::Output { bytes, .. } => self.stderr.extend_from_slice(bytes),
            Event::Log(line) => self.log.push((*line).to_owned()),
            Event::TestStarted { suite, name } => self.events.push(format!("start {suite} {name}")),
            Event::TestDone(result) => self.events.push(format!("done {}", result.name)),
            Event::Crashed(crash) => self.events.push(format!("crash {crash}")),
            Event::Booting { attempt, .. } => self.events.push(format!("boot {attempt}")),
            _ => {}
        }
    }
}

/// Runs a plan and keeps what the machine said.
pub(crate) fn run(vm: &Vm, plan: &Plan, payload: &Payload) -> (Report, Said) {
    let mut said = Said::default();
    let report = vm
        .run(plan, payload, &mut |event| said.take(&event))
        .unwrap();
    (report, said)
}

/// A plan of commands.
pub(crate) fn commands<const N: usize>(steps: [&[&str]; N]) -> Plan {
    Plan::Commands {
        load: Vec::new(),
        steps: steps.map(|argv| Step::new(argv.iter().copied())).to_vec(),
        limit: Some(Duration::from_secs(60)),
    }
}

/// A test program of these tests, each a name and what the shell does.
fn program(folder: &tempfile::TempDir, tests: &[(&str, &str)]) -> PathBuf {
    let list: String = tests
        .iter()
        .map(|(name, _)| format!("echo '{name}: test'; "))
        .collect();
    let cases: String = tests
        .iter()
        .map(|(name, body)| format!("{name}) {body} ;;\n"))
        .collect();
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = --list ]; then {list} exit 0; fi\ncase \"$2\" in\n{cases}*) exit 9;; esac\n"
    );
    let path = folder.path().join("program");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Runs a test program that is a shell script which answers as a Rust test program does.
pub(crate) fn run_scripts(
    tests: &[(&str, &str)],
    limit: Duration,
    payload: &Payload,
) -> (Report, Said) {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::Tests {
        programs: vec![Program {
            suite: "suite".to_owned(),
            path: program(&folder, tests),
            twins: false,
        }],
        kernel: Vec::new(),
        filter: Vec::new(),
        limits: Limits {
            test: limit,
            ..Limits::default()
        },
    };
    run(&vm(), &plan, payload)
}

/// The outcome of the test of this name.
pub(crate) fn outcome<'a>(report: &'a Report, name: &str) -> &'a Outcome {
    let result = report.tests.iter().find(|result| result.name == name);
    &result
        .unwrap_or_else(|| panic!("{name} has no result"))
        .outcome
}
