// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a kernel gives to modules and asks of them, read from its headers.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::arch::Arch;
use crate::cache;
use crate::object::Kasan;

/// A symbol that the kernel exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Export {
    pub(crate) crc: u32,
    pub(crate) gpl_only: bool,
    /// The module that has it; none when it is in the kernel itself.
    pub(crate) module: Option<String>,
}

/// A kernel as the checks see it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    pub(crate) arch: Arch,
    pub(crate) exports: HashMap<String, Export>,
    /// Returns are patched at run time.
    pub(crate) rethunk: bool,
    /// Indirect branches are patched at run time.
    pub(crate) retpoline: bool,
    /// Stacks are walked with objtool's tables.
    pub(crate) orc: bool,
    /// The processor traps on indirect branches to anything but an endbr.
    pub(crate) ibt: bool,
    /// The processor traps on indirect branches to anything but a landing pad.
    pub(crate) bti: bool,
    /// How many bytes of NOPs are before each function, for what the kernel patches in at run time.
    pub(crate) padding: u64,
    /// Each symbol's prototype is compared by its CRC.
    pub(crate) modversions: bool,
    /// Accesses to memory are checked.
    pub(crate) kasan: Option<Kasan>,
}

impl Target {
    /// Reads a headers folder.
    pub(crate) fn read(build: &Path, arch: Arch) -> Result<Self, cache::Error> {
        let symvers = build.join("Module.symvers");
        let symvers =
            fs::read_to_string(&symvers).map_err(|e| cache::Error::io("read", &symvers, e))?;
        let config = ["include/config/auto.conf", ".config"];
        let config = config
            .iter()
            .find_map(|f| fs::read_to_string(build.join(f)).ok());
        let config = config.unwrap_or_default();
        let is_set = |names: &[&str]| {
            let set = |line: &str, name: &&str| line.strip_prefix(*name) == Some("=y");
            config
                .lines()
                .any(|line| names.iter().any(|name| set(line, name)))
        };
        let value = |name: &str| {
            let mut settings = config.lines().filter_map(|line| line.split_once('='));
            settings.find_map(|(set, value)| (set == name).then(|| value.to_owned()))
        };
        let exports = exports(&symvers);
        let padding = is_set(&["CONFIG_CALL_PADDING"]);
        let padding = padding
            .then(|| value("CONFIG_FUNCTION_PADDING_BYTES"))
            .flatten();
        let kasan = is_set(&["CONFIG_KASAN_GENERIC"]).then(|| value("CONFIG_KASAN_SHADOW_OFFSET"));
        let kasan = kasan.flatten().map(|offset| Kasan {
            offset,
            stack: is_set(&["CONFIG_KASAN_STACK"]),
            copies: exports.contains_key("__asan_memcpy"),
        });
        Ok(Self {
            arch,
            exports,
            kasan,
            rethunk: is_set(&["CONFIG_RETHUNK", "CONFIG_MITIGATION_RETHUNK"]),
            retpoline: is_set(&["CONFIG_RETPOLINE", "CONFIG_MITIGATION_RETPOLINE"]),
            orc: is_set(&["CONFIG_UNWINDER_ORC"]),
            ibt: is_set(&["CONFIG_X86_KERNEL_IBT"]),
            bti: is_set(&["CONFIG_ARM64_BTI_KERNEL"]),
            padding: padding.and_then(|bytes| bytes.parse().ok()).unwrap_or(0),
            modversions: is_set(&["CONFIG_MODVERSIONS"]),
        })
    }
}

/// Reads lines of CRC, symbol, module, kind of export, namespace.
fn exports(symvers: &str) -> HashMap<String, Export> {
    symvers
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let crc = fields.next()?.strip_prefix("0x")?;
            let name = fields.next()?;
            let module = fields.next()?;
            let kind = fields.next()?;
            let export = Export {
                crc: u32::from_str_radix(crc, 16).ok()?,
                gpl_only: kind.ends_with("GPL"),
                module: (module != "vmlinux").then(|| module.to_owned()),
            };
            Some((name.to_owned(), export))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_what_the_kernel_asks_for() {
        let temp = tempfile::tempdir().unwrap();
        let symvers = "0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n\
            0x00000001\tusb_x\tdrivers/usb/core/usbcore\tEXPORT_SYMBOL_GPL\tUSB\n";
        fs::write(temp.path().join("Module.symvers"), symvers).unwrap();
        fs::write(
            temp.path().join(".config"),
            "CONFIG_MITIGATION_RETHUNK=y\n# CONFIG_MODVERSIONS is not set\n\
             CONFIG_CALL_PADDING=y\nCONFIG_FUNCTION_PADDING_BYTES=16\n\
             CONFIG_KASAN_SHADOW_OFFSET=0xdffffc0000000000\n",
        )
        .unwrap();
        let target = Target::read(temp.path(), Arch::X86_64).unwrap();
        assert_eq!(target.padding, 16);
        // The offset has a default on kernels without a sanitizer.
        assert_eq!(target.kasan, None);
        assert!(target.rethunk && !target.modversions);
        assert_eq!(target.exports["_printk"].crc, 0x9299_7ed8);
        let usb = &target.exports["usb_x"];
        assert!(usb.gpl_only);
        assert_eq!(usb.module.as_deref(), Some("drivers/usb/core/usbcore"));
    }
}
