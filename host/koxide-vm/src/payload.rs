// SPDX-License-Identifier: MIT OR Apache-2.0

//! Fills the machine's file system: init, modules in loading order, programs, files.

use std::collections::BTreeSet;
use std::path::Path;

use koxide_guest::protocol::{APPLETS, paths};

use crate::busybox::Busybox;
use crate::error::{Error, Need};
use crate::initramfs::Archive;
use crate::modules::{Loadable, Tree};
use crate::plan::{Kernel, Payload, Plan};
use crate::tools;

/// Everything but the plan itself, which changes from boot to boot.
pub(crate) fn archive(
    kernel: &Kernel,
    init: &Path,
    plan: &Plan,
    payload: &Payload,
) -> Result<Archive, Error> {
    let mut archive = Archive::new();
    archive.copy(init, "/init", 0o755)?;
    tools::add_applets(&mut archive)?;
    add_modules(&mut archive, kernel, plan, payload)?;
    for file in &payload.files {
        archive.copy(&file.from, &file.to, file.mode)?;
    }
    if let Plan::Tests { programs, .. } | Plan::Panics { programs, .. } = plan {
        for (index, program) in programs.iter().enumerate() {
            archive.copy(&program.path, &test_path(index), 0o755)?;
        }
    }
    add_programs(&mut archive, kernel, plan, payload)?;
    Ok(archive)
}

/// Where a plan's test program is in the machine.
pub(crate) fn test_path(index: usize) -> String {
    format!("{}/{index}", paths::TESTS)
}

/// The name that a module's file has.
pub(crate) fn module_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split_once(".ko")
        .map_or(&*name, |(stem, _)| stem)
        .to_owned()
}

fn add_modules(
    archive: &mut Archive,
    kernel: &Kernel,
    plan: &Plan,
    payload: &Payload,
) -> Result<(), Error> {
    let mut tree = Tree::new(&kernel.modules);
    let mut under_test: Vec<Loadable> = Vec::new();
    let suites = match plan {
        Plan::Tests { kernel, .. } => &kernel[..],
        _ => &[],
    };
    for path in payload
        .modules
        .iter()
        .chain(suites.iter().map(|s| &s.module))
    {
        under_test.push(tree.under_test(path)?);
    }
    for path in &payload.twins {
        let twin = tree.under_test(path)?;
        let name = format!("{}/{}", paths::TWINS, twin.name);
        under_test.push(Loadable { name, ..twin });
    }
    let loads = match plan {
        Plan::Commands { load, .. } => &load[..],
        Plan::Shell(shell) => &shell.load[..],
        Plan::Tests { .. } | Plan::Panics { .. } => &[],
    };
    // A module to load that is not under test is one of the kernel's own.
    let known: BTreeSet<String> = under_test.iter().map(|m| m.name.clone()).collect();
    let wanted = loads
        .iter()
        .map(|load| &load.module)
        .filter(|name| !known.contains(*name));
    for name in payload.kernel_modules.iter().chain(wanted) {
        tree.by_name(name)?;
    }
    let (mut order, mut dep) = (String::new(), String::new());
    let own = tree.found();
    for (module, tested) in under_test
        .iter()
        .map(|m| (m, true))
        .chain(own.iter().map(|m| (m, false)))
    {
        let path = format!("{}/{}.ko", paths::MODULES, module.name);
        archive.add(&path, 0o644, module.bytes.clone())?;
        order.push_str(&order_line(module, tested));
        // modprobe knows modules by the last part of their names, of which a twin has none of its own.
        if !module.name.contains('/') {
            dep.push_str(&dep_line(module));
        }
    }
    archive.add(paths::MODULE_ORDER, 0o644, order.into_bytes())?;
    // For busybox's modprobe, which knows nothing of the file above.
    let dep_path = format!("{}/modules.dep", paths::MODULES);
    archive.add(&dep_path, 0o644, dep.into_bytes())?;
    archive.link(&format!("/lib/modules/{}", kernel.release), paths::MODULES)
}

/// What depmod writes: what a module depends on comes last first.
fn dep_line(module: &Loadable) -> String {
    let needs = module.needs.iter().rev().map(|need| format!(" {need}.ko"));
    format!("{}.ko:{}\n", module.name, needs.collect::<String>())
}

/// Modules under test are marked, because those are unloaded after each test.
fn order_line(module: &Loadable, tested: bool) -> String {
    let mark = if tested { "*" } else { "" };
    let needs = module.needs.join(" ");
    format!("{mark}{} {}: {needs}\n", module.name, module.kernel_name)
}

/// Adds busybox and the programs that the plan and the payload name.
fn add_programs(
    archive: &mut Archive,
    kernel: &Kernel,
    plan: &Plan,
    payload: &Payload,
) -> Result<(), Error> {
    let mut use_busybox = payload.busybox || matches!(plan, Plan::Shell(_));
    let busybox = Busybox::of(kernel)?;
    if use_busybox && busybox.is_none() {
        return Err(Busybox::missing(kernel));
    }
    let is_applet = |name: &str| busybox.as_ref().is_some_and(|busybox| busybox.has(name));
    let add_host_program = |archive: &mut Archive, program: &str| {
        if !kernel.arch.is_this_machine() && busybox.is_none() {
            return Err(Busybox::missing(kernel));
        }
        tools::add_host_program(archive, kernel.arch, program)
    };
    for program in &payload.programs {
        match add_host_program(archive, program) {
            // Programs of this machine are more than busybox is, but run on no other kind of machine, and may not be there.
            Err(Error::Missing(Need::Program(_)) | Error::ForeignProgram { .. })
                if is_applet(program) =>
            {
                use_busybox = true;
            }
            added => added?,
        }
    }
    if let Plan::Commands { steps, .. } = plan {
        for program in steps.iter().filter_map(|step| step.argv.first()) {
            let name = program.strip_prefix("/bin/").unwrap_or(program);
            if APPLETS.contains(&name) || archive.has(program) || archive.has(&in_bin(name)) {
                continue;
            }
            if is_applet(name) {
                use_busybox = true;
            } else if !program.contains('/') {
                add_host_program(archive, program)?;
            }
        }
    }
    match busybox {
        Some(busybox) if use_busybox => busybox.add_to(archive),
        _ => Ok(()),
    }
}

fn in_bin(name: &str) -> String {
    format!("{}/{name}", paths::BIN)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use koxide_process::find;

    use super::*;
    use crate::arch::Arch;

    #[test]
    fn a_module_is_named_by_its_file() {
        assert_eq!(module_name(Path::new("/x/hello-kunit.ko")), "hello-kunit");
        assert_eq!(module_name(Path::new("e1000.ko.xz")), "e1000");
    }

    #[test]
    fn what_this_machine_does_not_have_busybox_does() {
        let kernel = Kernel {
            release: "6.1.0".to_owned(),
            arch: Arch::this_machine(),
            image: PathBuf::new(),
            modules: PathBuf::new(),
            busybox: None,
        };
        let Some(busybox) = Busybox::of(&kernel).unwrap() else {
            eprintln!("not tested: this machine has no busybox");
            return;
        };
        let is_only_there = |name: &&str| busybox.has(name) && find(name).is_none();
        let Some(program) = ["microcom", "tftp", "uevent"]
            .into_iter()
            .find(is_only_there)
        else {
            eprintln!("not tested: this machine has all that busybox is");
            return;
        };
        let payload = Payload {
            programs: vec![program.to_owned()],
            ..Payload::default()
        };
        let plan = Plan::Commands {
            load: Vec::new(),
            steps: Vec::new(),
            limit: None,
        };
        let mut archive = Archive::new();
        add_programs(&mut archive, &kernel, &plan, &payload).unwrap();
        assert!(archive.has(&in_bin(program)));
        assert!(archive.has(&in_bin("busybox")));
    }
}
