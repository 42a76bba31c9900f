// SPDX-License-Identifier: MIT OR Apache-2.0

//! The private folder in which the kernel's own build system makes a module, and what it says when it fails.

use std::fs;
use std::path::Path;

use crate::arch::Arch;
use crate::object::Artefact;
use crate::object::target::Target;
use crate::progress::Progress;
use crate::{cache, check};

use super::Shims;
use super::error::{Error, Result};

/// Finds the shims that are nothing but a jump.
const FORWARDS: &str = include_str!("../../kbuild/forwards.awk");

/// Places the functions of the Rust object as the kernel wants them.
const PLACE: &str = include_str!("../../kbuild/place.awk");

/// The rules. Kernels before 6.2 run objtool on each object that they compile and skip one that is only copied in,
/// which would leave its returns unmitigated and its functions without stack traces: so the copy names objtool.
/// The script that links keeps nothing that the loader ignores.
/// Shims have no entries for the kernel's tracer, as have none of the functions of headers that they stand for.
///
/// The functions of the Rust object are placed for the kernel: where it has call padding, with that much before each.
///
/// The C file is compiled twice: first with all shims that the object uses, then without those that turned out to be a
/// function of the kernel under another name, which the object calls itself then. Kernels whose stacks are walked by frames
/// have no jumps to other functions, by which such shims are known: the first time there are some.
pub(crate) fn rules(name: &str, arch: Arch, shims: Shims) -> String {
    let (faulty, entries) = match shims {
        Shims::Shipped => ("", ""),
        // Before any of the shims, and in no file of the artefact. The kernel calls the C file, which closes the ledger.
        Shims::Faulty => (
            " -include $(KX_WORK)/include/koxide_faulty.h",
            " --redefine-sym init_module=kx_driver_init --redefine-sym cleanup_module=kx_driver_exit",
        ),
    };
    let target = Target::of(arch);
    let least = target.instruction.map(|bytes| format!("-v least={bytes} "));
    let rules = r#"obj-m := DRIVER.o
DRIVER-y := DRIVER_glue.o DRIVER_rust.o
ccflags-y += -I$(KX_WORK) -I$(KX_WORK)/include -g0 -fmacro-prefix-map=$(KX_WORK)/=FAULTY
ccflags-remove-y += $(CC_FLAGS_FTRACE)

OBJECT_FILES_NON_STANDARD_DRIVER_all.o := y
$(obj)/DRIVER_all.o: part-of-module := y
CFLAGS_DRIVER_all.o := -foptimize-sibling-calls
quiet_cmd_kxforwards = KXFWD   $@
      cmd_kxforwards = $(OBJDUMP) -dtrw $< | LC_ALL=C awk -f $(KX_WORK)/forwards.awk \
	$(KX_WORK)/include/koxide.h - > $@
$(obj)/DRIVER_forwards: $(obj)/DRIVER_all.o $(KX_WORK)/forwards.awk $(KX_WORK)/include/koxide.h FORCE
	$(call if_changed,kxforwards)
quiet_cmd_kxglue = KXGLUE  $@
      cmd_kxglue = awk 'FILENAME == ARGV[1] { gone["KX_USE_" $$1]; next } !($$2 in gone)' $(filter-out FORCE,$^) > $@
$(obj)/DRIVER_glue.c: $(obj)/DRIVER_forwards $(KX_WORK)/DRIVER_all.c FORCE
	$(call if_changed,kxglue)
quiet_cmd_kxplace = KXPLACE $@
      cmd_kxplace = $(OBJDUMP) -hw $< | LC_ALL=C awk -v room=$(if $(CONFIG_CALL_PADDING),$(CONFIG_FUNCTION_PADDING_BYTES)) \
	-v align=$(CONFIG_FUNCTION_ALIGNMENT) PLACE-v unwind=$(KX_WORK)/DRIVER.unwind -f $(KX_WORK)/place.awk > $@
$(obj)/DRIVER_place: $(KX_WORK)/DRIVER.rust $(KX_WORK)/DRIVER.unwind $(KX_WORK)/place.awk FORCE
	$(call if_changed,kxplace)
quiet_cmd_kxobj = KXOBJ   $@
      cmd_kxobj = $(LD) -m EMULATION -r -T $(obj)/DRIVER_place -o $@ $< ; \
	$(OBJCOPY) -w --strip-symbol='kx_at_*' --localize-symbol=kx_unwind \
	--redefine-syms=$(obj)/DRIVER_forwardsENTRIES $@ $(cmd_objtool)
$(obj)/DRIVER_rust.o: objtool-enabled = $(if $(delay-objtool),,y)
$(obj)/DRIVER_rust.o: $(KX_WORK)/DRIVER.rust $(obj)/DRIVER_place $(obj)/DRIVER_forwards FORCE
	$(call if_changed,kxobj)
targets += DRIVER_all.o DRIVER_forwards DRIVER_glue.c DRIVER_place DRIVER_rust.o
"#;
    rules
        .replace("DRIVER", name)
        .replace("FAULTY", faulty)
        .replace("ENTRIES", entries)
        .replace("EMULATION", target.emulation)
        .replace("PLACE", least.as_deref().unwrap_or_default())
}

/// Puts the artefact and the shims into the work folder; unchanged files keep their times.
pub(crate) fn fill(
    work: &Path,
    artefact: &Artefact,
    arch: Arch,
    abi: &Path,
    shims: Shims,
) -> Result<()> {
    let name = &artefact.name;
    copy(&artefact.object, &work.join(format!("{name}.rust")))?;
    copy(&artefact.source, &work.join(format!("{name}_all.c")))?;
    copy(&artefact.unwind, &work.join(format!("{name}.unwind")))?;
    for dir in ["shims", "include"] {
        copy_files(&abi.join(dir), &work.join(dir))?;
    }
    cache::write_if_changed(&work.join("forwards.awk"), FORWARDS.as_bytes())?;
    cache::write_if_changed(&work.join("place.awk"), PLACE.as_bytes())?;
    cache::write_if_changed(&work.join("Kbuild"), rules(name, arch, shims).as_bytes())?;
    Ok(())
}

/// Copies the files of a folder, and none of the folders in it; unchanged files keep their times.
pub(crate) fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).map_err(|e| cache::Error::io("read", from, e))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if let (true, Some(file)) = (path.is_file(), path.file_name()) {
            copy(&path, &to.join(file))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).map_err(|e| cache::Error::io("read", from, e))?;
    cache::write_if_changed(to, &bytes)?;
    Ok(())
}

/// Turns what make said into the error that says what to do.
pub(crate) fn fault(what: &str, release: &str, said: &str) -> Error {
    if let Err(error) = tools_fault(release, said) {
        return error;
    }
    if let Some(object) = between(said, "was built for version ", " of the Koxide ABI") {
        return check::Error::AbiVersion {
            object: object.to_owned(),
        }
        .into();
    }
    if let Some(error) = modpost(release, said) {
        return error.into();
    }
    Error::Make {
        what: what.to_owned(),
        release: release.to_owned(),
        said: without_noise(said),
    }
}

/// An error when a program that comes with the headers could not start.
pub(crate) fn tools_fault(release: &str, said: &str) -> Result<()> {
    let release = release.to_owned();
    if said.contains("libelf.so.1") {
        return Err(Error::LibElf { release });
    }
    let marks = [
        "error while loading shared libraries",
        "GLIBC_",
        "Exec format error",
    ];
    match said
        .lines()
        .find(|l| marks.iter().any(|mark| l.contains(mark)))
    {
        Some(line) => Err(Error::Tools {
            release,
            said: line.trim().to_owned(),
        }),
        None => Ok(()),
    }
}

/// Tells what a build that succeeded warned of; what objtool says about missing mitigations is an error.
pub(crate) fn warnings(said: &str, progress: &dyn Progress) -> Result<()> {
    const FATAL: [&str; 5] = [
        "naked return",
        "'naked' return",
        "indirect jump found",
        "indirect call found",
        "!ENDBR",
    ];
    for line in without_noise(said).lines() {
        if line.contains("objtool") && FATAL.iter().any(|words| line.contains(words)) {
            return Err(check::Error::Objtool {
                said: line.to_owned(),
            }
            .into());
        }
        progress.note(line);
    }
    Ok(())
}

/// The reason why the kernel's own last step refused the module.
fn modpost(release: &str, said: &str) -> Option<check::Error> {
    let lines = || {
        said.lines()
            .filter_map(|l| l.strip_prefix("ERROR: modpost: "))
    };
    let gpl = |line: &str| {
        let symbol = between(line, "uses GPL-only symbol '", "'")?;
        Some(symbol.to_owned())
    };
    let symbols: Vec<String> = lines().filter_map(gpl).collect();
    if !symbols.is_empty() {
        return Some(check::Error::GplOnly { symbols });
    }
    let undefined = lines().filter(|line| line.ends_with("undefined!"));
    let symbols = undefined.filter_map(|line| between(line, "\"", "\""));
    check::unresolved(symbols.map(str::to_owned).collect(), release)
}

/// What a text has between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let (inside, _) = rest.split_once(after)?;
    Some(inside)
}

/// Drops what make says about itself.
fn without_noise(said: &str) -> String {
    let noise = |line: &&str| {
        line.starts_with("make")
            || line.trim().is_empty()
            || line.starts_with("warning: the compiler differs")
            || line.starts_with("warning: pahole version differs")
            || line.starts_with("  The kernel was built with:")
            || line.starts_with("  You are using:")
            || line.starts_with("Skipping BTF generation")
    };
    let kept: Vec<&str> = said.lines().filter(|line| !noise(line)).collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need::Need;
    use crate::progress::Silent;

    #[test]
    fn a_missing_mitigation_is_no_warning() {
        let check = |said: &str| warnings(said, &Silent);
        check("toy.o: warning: objtool: f+0x40: unreachable instruction").unwrap();
        let bare = check("toy.o: warning: objtool: f+0x4: 'naked' return found in RETHUNK build");
        let old = check("toy.o: warning: objtool: f+0x4: naked return found in RETHUNK build");
        assert!(bare.is_err() && old.is_err());
    }

    #[test]
    fn faults_are_told_apart() {
        let fault = |said: &str| fault("the C side of toy", "6.1.0-1-amd64", said);
        let elf = "./tools/objtool/objtool: error while loading shared libraries: libelf.so.1: cannot open";
        assert_eq!(fault(elf).missing(), Some(Need::LibElf));
        let glibc = "./scripts/mod/modpost: /lib/libc.so.6: version `GLIBC_2.38' not found";
        assert!(matches!(fault(glibc), Error::Tools { .. }));
        let abi = "toy_glue.c:12:2: error: #error toy was built for version 2 of the Koxide ABI and these shims have another: build it again";
        let text = fault(abi).to_string();
        assert!(
            text.starts_with("abi-version: the object was built for version 2"),
            "{text}"
        );
        let undefined = "ERROR: modpost: \"no_such\" [/w/toy.ko] undefined!\nmake: *** x";
        let text = fault(undefined).to_string();
        assert!(
            text.starts_with("not-exported: the kernel 6.1.0-1-amd64 does not export no_such;"),
            "{text}"
        );
        let gpl = "ERROR: modpost: GPL-incompatible module toy.ko uses GPL-only symbol 'x_gpl'";
        assert!(fault(gpl).to_string().starts_with("gpl-only: "));
        let other = fault("make[1]: Entering\nx.c:1: error: no\nmake: *** [x] Error 1");
        assert_eq!(
            other.to_string(),
            "the C side of toy does not build for the kernel 6.1.0-1-amd64:\n    x.c:1: error: no"
        );
    }
}
