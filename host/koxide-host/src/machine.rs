// SPDX-License-Identifier: MIT OR Apache-2.0

//! What stands against loading a module here.

use std::fs;
use std::path::{Path, PathBuf};

/// The capability to load modules: `CAP_SYS_MODULE`.
const SYS_MODULE: u32 = 16;

/// Files with which managers of containers mark their insides.
const MARKS: [&str; 3] = ["run/.containerenv", ".dockerenv", "run/systemd/container"];

/// The machine that modules are loaded on.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its root folder, with `proc` and `sys`.
    root: PathBuf,
}

/// Why no module can be loaded on a machine, and what would be needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The kernel is that of the machine around the container.
    #[error(
        "this is a container ({mark}), whose kernel is that of the machine around it: run this on that machine itself"
    )]
    Container {
        /// What shows it.
        mark: String,
    },
    /// Root of a user namespace is not the kernel's root.
    #[error(
        "this is a user namespace, and only root outside of all namespaces may load modules: run this outside"
    )]
    UserNamespace,
    /// Not even root has the right here.
    #[error(
        "the right to load modules (CAP_SYS_MODULE) was taken from this session, and sudo cannot give it back: use a session of another kind"
    )]
    NoRight,
    /// sudo has no effect.
    #[error(
        "this session may not gain rights (NoNewPrivs is set), so that sudo has no effect: use a session of another kind"
    )]
    NoNewRights,
    /// The kernel knows no modules.
    #[error(
        "the running kernel was built without loadable modules (CONFIG_MODULES=n): boot another kernel"
    )]
    NoModules,
    /// The door was closed.
    #[error(
        "loading modules was switched off until the next boot (kernel.modules_disabled = 1): reboot, and look into /etc/sysctl.d for what switches it off"
    )]
    ModulesDisabled,
    /// Lockdown lets no unsigned module in.
    #[error(
        "the kernel is locked down ({mode}), as it is under Secure Boot, and takes signed modules only; Koxide signs none: switch Secure Boot off in the firmware's setup, or take `lockdown=` off the kernel's command line"
    )]
    LockedDown {
        /// How far: `integrity` or `confidentiality`.
        mode: String,
    },
    /// The kernel insists on signatures.
    #[error(
        "the kernel takes signed modules only (module.sig_enforce), and Koxide signs none: boot without `module.sig_enforce=1`, or another kernel if this one was built with CONFIG_MODULE_SIG_FORCE"
    )]
    SignaturesForced,
}

impl Default for Machine {
    /// This machine.
    fn default() -> Self {
        Self::at("/")
    }
}

impl Machine {
    /// The machine whose root folder this is.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// All that stands against loading a module; nothing when it can be tried.
    pub fn refusals(&self) -> Vec<Refusal> {
        let session = self.session();
        [
            self.container(),
            self.user_namespace(),
            session,
            self.no_modules(),
            self.disabled(),
            self.lockdown(),
            self.signatures(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether a module of this name is loaded.
    pub fn has(&self, module: &str) -> bool {
        let all = self.read("proc/modules").unwrap_or_default();
        all.lines()
            .any(|line| line.split(' ').next() == Some(module))
    }

    /// Whether this process may load modules without sudo.
    pub fn is_root(&self) -> bool {
        let uids = self.status("Uid:").unwrap_or_default();
        // Real, effective, saved, and that of the file system.
        uids.split_whitespace().nth(1) == Some("0")
    }

    fn container(&self) -> Option<Refusal> {
        let marked = MARKS.iter().find(|mark| self.path(mark).exists());
        let mark = match marked {
            Some(mark) => format!("there is /{mark}"),
            None => {
                // Readable for root alone; whoever is not sees one of the marks.
                let environment = fs::read(self.path("proc/1/environ")).unwrap_or_default();
                let of_init = String::from_utf8_lossy(&environment).into_owned();
                let kind = of_init
                    .split('\0')
                    .find_map(|pair| pair.strip_prefix("container="));
                format!("its init has container={}", kind?)
            }
        };
        Some(Refusal::Container { mark })
    }

    fn user_namespace(&self) -> Option<Refusal> {
        let map = self.read("proc/self/uid_map")?;
        let words: Vec<&str> = map.split_whitespace().collect();
        let is_first = words == ["0", "0", "4294967295"];
        (!is_first).then_some(Refusal::UserNamespace)
    }

    fn session(&self) -> Option<Refusal> {
        // sudo gives what is in the bounding set.
        let set = match self.is_root() {
            true => "CapEff:",
            false => "CapBnd:",
        };
        let rights = u64::from_str_radix(self.status(set)?.trim(), 16).ok()?;
        if rights >> SYS_MODULE & 1 == 0 {
            return Some(Refusal::NoRight);
        }
        let stuck = self.status("NoNewPrivs:").is_some_and(|v| v.trim() == "1");
        (stuck && !self.is_root()).then_some(Refusal::NoNewRights)
    }

    fn no_modules(&self) -> Option<Refusal> {
        // The kernel has the file as soon as it knows modules, also while none is loaded.
        (!self.path("proc/modules").exists()).then_some(Refusal::NoModules)
    }

    fn disabled(&self) -> Option<Refusal> {
        let value = self.read("proc/sys/kernel/modules_disabled")?;
        (value.trim() == "1").then_some(Refusal::ModulesDisabled)
    }

    fn lockdown(&self) -> Option<Refusal> {
        // `none [integrity] confidentiality`. Without securityfs the loading itself shows it.
        let modes = self.read("sys/kernel/security/lockdown")?;
        let mode = modes.split(['[', ']']).nth(1)?;
        (mode != "none").then(|| Refusal::LockedDown {
            mode: mode.to_owned(),
        })
    }

    fn signatures(&self) -> Option<Refusal> {
        // It is there on kernels that look at signatures, and says what they do with a bad one.
        let forced = self.read("sys/module/module/parameters/sig_enforce")?;
        (forced.trim() == "Y").then_some(Refusal::SignaturesForced)
    }

    /// A line of what the kernel says of this process.
    fn status(&self, key: &str) -> Option<String> {
        let status = self.read("proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.to_owned())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(Path::new(path))
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with nothing against it.
    struct Fake(tempfile::TempDir);

    const STATUS: &str =
        "Name:\tcargo\nUid:\t0\t0\t0\t0\nNoNewPrivs:\t0\nCapEff:\t000001ffffffffff\n";

    impl Fake {
        fn new() -> Self {
            let fake = Self(tempfile::tempdir().unwrap());
            fake.write("proc/modules", "loop 40960 0 - Live 0x0\n");
            fake.write("proc/self/status", STATUS);
            fake.write("proc/self/uid_map", "         0          0 4294967295\n");
            fake.write("proc/sys/kernel/modules_disabled", "0\n");
            fake.write(
                "sys/kernel/security/lockdown",
                "[none] integrity confidentiality\n",
            );
            fake.write("sys/module/module/parameters/sig_enforce", "N\n");
            fake.write("proc/1/environ", "HOME=/\0TERM=linux\0");
            fake
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn refusals(&self) -> Vec<Refusal> {
            Machine::at(self.0.path()).refusals()
        }
    }

    /// What a machine says that is as any other but for one file.
    fn with(path: &str, text: &str) -> Vec<Refusal> {
        let fake = Fake::new();
        fake.write(path, text);
        fake.refusals()
    }

    #[test]
    fn an_ordinary_machine_is_not_refused() {
        let fake = Fake::new();
        assert_eq!(fake.refusals(), []);
        // What older kernels do not have stands against nothing.
        fs::remove_dir_all(fake.0.path().join("sys")).unwrap();
        assert_eq!(fake.refusals(), []);
    }

    #[test]
    fn containers_are_refused() {
        for mark in MARKS {
            let refusals = with(mark, "");
            assert!(
                matches!(&refusals[..], [Refusal::Container { mark: shown }] if shown.contains(mark)),
                "{refusals:?}"
            );
        }
        let refusals = with("proc/1/environ", "HOME=/\0container=lxc\0");
        assert!(refusals[0].to_string().contains("container=lxc"));
        assert_eq!(
            with("proc/self/uid_map", "0 1000 1\n"),
            [Refusal::UserNamespace]
        );
    }

    #[test]
    fn what_locks_the_kernel_is_named() {
        let mode = |mode: &str| Refusal::LockedDown {
            mode: mode.to_owned(),
        };
        let lockdown = "sys/kernel/security/lockdown";
        assert_eq!(
            with(lockdown, "none [integrity] confidentiality\n"),
            [mode("integrity")]
        );
        assert_eq!(
            with(lockdown, "none integrity [confidentiality]\n"),
            [mode("confidentiality")]
        );
        assert_eq!(
            with("sys/module/module/parameters/sig_enforce", "Y\n"),
            [Refusal::SignaturesForced]
        );
        assert_eq!(
            with("proc/sys/kernel/modules_disabled", "1\n"),
            [Refusal::ModulesDisabled]
        );
    }

    #[test]
    fn a_kernel_without_modules_is_refused() {
        let fake = Fake::new();
        fs::remove_file(fake.0.path().join("proc/modules")).unwrap();
        assert_eq!(fake.refusals(), [Refusal::NoModules]);
    }

    #[test]
    fn a_session_without_the_right_is_refused() {
        let status = "proc/self/status";
        // All but the one.
        let without = STATUS.replace("ffffffffff\n", "fffeffff\n");
        assert_eq!(with(status, &without), [Refusal::NoRight]);
        let user = |bounding: &str, stuck: u8| {
            format!(
                "Uid:\t1000\t1000\t1000\t1000\nNoNewPrivs:\t{stuck}\nCapEff:\t0\nCapBnd:\t{bounding}\n"
            )
        };
        assert_eq!(with(status, &user("000001ffffffffff", 0)), []);
        assert_eq!(
            with(status, &user("000001fffffeffff", 0)),
            [Refusal::NoRight]
        );
        assert_eq!(
            with(status, &user("000001ffffffffff", 1)),
            [Refusal::NoNewRights]
        );
    }

    #[test]
    fn every_obstacle_is_told_at_once() {
        let fake = Fake::new();
        fake.write(".dockerenv", "");
        fake.write("sys/module/module/parameters/sig_enforce", "Y\n");
        assert_eq!(fake.refusals().len(), 2);
        assert!(Machine::at(fake.0.path()).has("loop"));
        assert!(!Machine::at(fake.0.path()).has("loo"));
    }
}
