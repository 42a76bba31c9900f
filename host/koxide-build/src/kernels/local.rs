// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernels that are already on the disk: installed ones, build trees, unpacked packages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::arch::Arch;

use super::error::{Error, Result};
use super::{Headers, Kernel, KernelName, Machine, debian, fit};

/// The kernel that the machine runs, or the release that stands for it, below the machine's root folder.
pub(crate) fn running(machine: &Machine) -> Result<Kernel> {
    let name = KernelName::Running;
    let release = match &machine.release {
        Some(release) => release.clone(),
        None => uname_release(),
    };
    with_its_image(in_root(&name, &machine.root, &release)?)
}

/// The kernel, of which nobody but the user says that its image and its headers belong together.
fn with_its_image(kernel: Kernel) -> Result<Kernel> {
    fit::match_image(&kernel)?;
    Ok(kernel)
}

fn uname_release() -> String {
    nix::sys::utsname::uname()
        .map(|uts| uts.release().to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// A folder that the user named.
pub(crate) fn path(name: &KernelName, dir: &Path) -> Result<Kernel> {
    let dir = fs::canonicalize(dir).map_err(|_| Error::NoSuchPath {
        name: name.to_string(),
        path: dir.to_owned(),
    })?;
    if dir.join("Makefile").exists()
        && let Some(release) = tree_release(&dir)
    {
        return with_its_image(tree(name, &dir, release)?);
    }
    in_unpacked(name, &dir)
}

/// The one kernel whose packages were unpacked into `root`.
pub(crate) fn in_unpacked(name: &KernelName, root: &Path) -> Result<Kernel> {
    let releases = releases(root);
    match releases.len() {
        0 => Err(Error::NoKernel {
            name: name.to_string(),
            path: root.to_owned(),
        }),
        1 => with_its_image(in_root(name, root, &releases[0])?),
        _ => Err(Error::SeveralKernels {
            name: name.to_string(),
            releases,
        }),
    }
}

/// The releases that have modules or headers below `root`.
fn releases(root: &Path) -> Vec<String> {
    let names = |dir: &str| {
        let entries = fs::read_dir(root.join(dir)).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok())
    };
    let headers = names("usr/src").filter_map(|name| {
        let release = name.strip_prefix("linux-headers-")?.to_owned();
        (!debian::is_common(&release)).then_some(release)
    });
    let all: BTreeSet<String> = names("lib/modules")
        .chain(names("usr/lib/modules"))
        .chain(headers)
        .collect();
    all.into_iter().collect()
}

/// A release's parts below `root`, which is `/` for an installed kernel.
pub(crate) fn in_root(name: &KernelName, root: &Path, release: &str) -> Result<Kernel> {
    let first = |candidates: &[String]| {
        let found = candidates
            .iter()
            .filter_map(|c| resolve_in(root, Path::new(c)));
        found.into_iter().find(|path| path.exists())
    };
    let modules = first(&[
        format!("lib/modules/{release}"),
        format!("usr/lib/modules/{release}"),
    ]);
    let build = first(&[
        format!("lib/modules/{release}/build"),
        format!("usr/lib/modules/{release}/build"),
        format!("usr/src/linux-headers-{release}"),
        format!("usr/src/kernels/{release}"),
    ]);
    let build = build
        .filter(|dir| dir.join("Makefile").exists())
        .ok_or_else(|| Error::NoHeaders {
            name: name.to_string(),
            release: release.to_owned(),
            path: root.join(format!("lib/modules/{release}/build")),
        })?;
    let vmlinuz = first(&[
        format!("boot/vmlinuz-{release}"),
        format!("usr/lib/modules/{release}/vmlinuz"),
        format!("lib/modules/{release}/vmlinuz"),
    ]);
    let arch = fit::arch(&name.to_string(), release, &build)?;
    fit::match_headers(&name.to_string(), release, &build)?;
    Ok(Kernel {
        name: name.clone(),
        release: release.to_owned(),
        arch,
        vmlinuz,
        // A folder with nothing but the link to the headers is no set of modules.
        modules: modules.filter(|dir| dir.join("kernel").exists()),
        headers: Headers {
            root: root.to_owned(),
            build,
        },
        record: None,
        origin: None,
    })
}

fn tree_release(dir: &Path) -> Option<String> {
    let text = fs::read_to_string(dir.join("include/config/kernel.release")).ok()?;
    Some(text.trim().to_owned())
}

fn tree(name: &KernelName, dir: &Path, release: String) -> Result<Kernel> {
    let arch = fit::arch(&name.to_string(), &release, dir)?;
    fit::match_headers(&name.to_string(), &release, dir)?;
    let images: &[&str] = match arch {
        Arch::X86_64 => &["arch/x86/boot/bzImage"],
        Arch::Arm64 => &["arch/arm64/boot/Image.gz", "arch/arm64/boot/Image"],
        Arch::Arm => &["arch/arm/boot/zImage"],
    };
    let mut images = images.iter().map(|image| dir.join(image));
    // `make modules_install INSTALL_MOD_PATH=.` is where a tree's own modules are looked for.
    let modules = dir.join("lib/modules").join(&release);
    Ok(Kernel {
        name: name.clone(),
        arch,
        vmlinuz: images.find(|image| image.exists()),
        modules: modules.join("kernel").exists().then_some(modules),
        headers: Headers {
            root: PathBuf::from("/"),
            build: dir.to_owned(),
        },
        record: None,
        origin: None,
        release,
    })
}

/// Follows links as if `root` were the file system's root; nothing outside of it is looked at.
pub(crate) fn resolve_in(root: &Path, path: &Path) -> Option<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut links = 0;
    let mut resolved = root.to_owned();
    let mut rest: Vec<PathBuf> = parts(path);
    while let Some(part) = rest.pop() {
        if part == Path::new("/") {
            resolved = root.to_owned();
        } else if part == Path::new("..") {
            if resolved != root {
                resolved.pop();
            }
        } else if let Ok(target) = fs::read_link(resolved.join(&part)) {
            links += 1;
            if links > MOST_LINKS {
                return None;
            }
            rest.extend(parts(&target));
        } else {
            resolved.push(part);
        }
    }
    Some(resolved)
}

/// A path's components, the last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components()
        .rev()
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| PathBuf::from(part.as_os_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn unpacked(root: &Path, release: &str) {
        let headers = root.join(format!("usr/src/linux-headers-{release}"));
        fs::create_dir_all(headers.join("include/config")).unwrap();
        fs::write(headers.join("Makefile"), "include x\n").unwrap();
        fs::write(
            headers.join("include/config/auto.conf"),
            "CONFIG_X86_64=y\n",
        )
        .unwrap();
        let modules = root.join(format!("lib/modules/{release}"));
        fs::create_dir_all(modules.join("kernel")).unwrap();
        symlink(
            format!("/usr/src/linux-headers-{release}"),
            modules.join("build"),
        )
        .unwrap();
        fs::create_dir_all(root.join("boot")).unwrap();
        fs::write(root.join(format!("boot/vmlinuz-{release}")), "").unwrap();
    }

    #[test]
    fn running_is_found_below_a_root() {
        let temp = tempfile::tempdir().unwrap();
        unpacked(temp.path(), "6.1.0-1-amd64");
        unpacked(temp.path(), "6.1.0-2-amd64");
        let machine = Machine {
            root: temp.path().to_owned(),
            release: Some("6.1.0-2-amd64".to_owned()),
        };
        let kernel = running(&machine).unwrap();
        let build = temp.path().join("usr/src/linux-headers-6.1.0-2-amd64");
        assert_eq!(kernel.headers.build, build);
        assert_eq!(
            kernel.image().unwrap(),
            temp.path().join("boot/vmlinuz-6.1.0-2-amd64")
        );
    }

    #[test]
    fn missing_headers_are_a_need() {
        let temp = tempfile::tempdir().unwrap();
        let machine = Machine {
            root: temp.path().to_owned(),
            release: Some("6.9.9".to_owned()),
        };
        let error = running(&machine).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("no headers for the kernel 6.9.9")
        );
        let need = crate::need::Need::KernelHeaders {
            release: "6.9.9".to_owned(),
        };
        assert_eq!(error.missing(), Some(need));
    }

    #[test]
    fn a_folder_with_two_kernels_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let name = KernelName::Path(temp.path().to_owned());
        assert!(matches!(
            path(&name, temp.path()),
            Err(Error::NoKernel { .. })
        ));
        unpacked(temp.path(), "1-amd64");
        assert_eq!(path(&name, temp.path()).unwrap().release, "1-amd64");
        unpacked(temp.path(), "2-amd64");
        let error = path(&name, temp.path()).unwrap_err().to_string();
        assert!(error.contains("1-amd64, 2-amd64"), "{error}");
    }

    #[test]
    fn a_build_tree_names_its_release() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir_all(temp.path().join("include/config")).unwrap();
        fs::write(temp.path().join("Makefile"), "").unwrap();
        fs::write(temp.path().join(".config"), "CONFIG_X86_64=y\n").unwrap();
        fs::write(temp.path().join("include/config/kernel.release"), "6.6.6\n").unwrap();
        let name = KernelName::Path(temp.path().to_owned());
        let kernel = path(&name, temp.path()).unwrap();
        assert_eq!(kernel.release, "6.6.6");
        assert!(kernel.image().unwrap_err().to_string().contains("no image"));
    }

    #[test]
    fn a_build_trees_headers_and_image_are_of_its_release() {
        let gzip = |text: &str| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
            packed.finish().unwrap()
        };
        let banner = |release: &str| format!("Linux version {release} (builder) #1");
        let x86 = |release: &str| {
            let mut bytes = vec![0; 0x300];
            bytes[0x202..0x206].copy_from_slice(b"HdrS");
            bytes[0x20e..0x210].copy_from_slice(&0x100_u16.to_le_bytes());
            bytes.extend(release.bytes());
            bytes.push(b' ');
            bytes
        };
        let zimage = |release: &str| {
            let mut bytes = vec![0; 0x24];
            bytes.extend([0x18, 0x28, 0x6f, 0x01]);
            bytes.extend(gzip(&banner(release)));
            bytes
        };
        type Image<'a> = &'a dyn Fn(&str) -> Vec<u8>;
        let images: [(&str, &str, Image<'_>); 4] = [
            ("X86_64", "x86/boot/bzImage", &x86),
            ("ARM64", "arm64/boot/Image.gz", &|release| {
                gzip(&banner(release))
            }),
            ("ARM64", "arm64/boot/Image", &|release| {
                banner(release).into()
            }),
            ("ARM", "arm/boot/zImage", &zimage),
        ];
        for (config, image, make) in images {
            let temp = tempfile::tempdir().unwrap();
            let image = temp.path().join("arch").join(image);
            let write = |file: PathBuf, bytes: &[u8]| {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, bytes).unwrap();
            };
            let tree = |file: &str| temp.path().join(file);
            write(tree("Makefile"), b"");
            write(tree(".config"), format!("CONFIG_{config}=y\n").as_bytes());
            write(tree("include/config/kernel.release"), b"6.6.6\n");
            write(image.clone(), &make("6.6.6"));
            let name = KernelName::Path(temp.path().to_owned());
            let kernel = path(&name, temp.path()).unwrap();
            assert_eq!(kernel.image().unwrap().file_name(), image.file_name());
            let refused = |what: &str| {
                let error = path(&name, temp.path()).unwrap_err().to_string();
                assert!(
                    error.contains(&format!("the {what} of the kernel 6.6.6")),
                    "{error}"
                );
                assert!(error.contains("are of 6.6.7"), "{error}");
            };
            write(image.clone(), &make("6.6.7"));
            refused("image");
            write(image, &make("6.6.6"));
            let header = "include/generated/utsrelease.h";
            write(tree(header), b"#define UTS_RELEASE \"6.6.7\"\n");
            refused("headers");
        }
    }

    #[test]
    fn links_stay_below_the_root() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        symlink("/a", root.join("up")).unwrap();
        symlink("../../../../a/b", root.join("a/out")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        assert_eq!(resolve_in(root, Path::new("up/b")), Some(root.join("a/b")));
        assert_eq!(resolve_in(root, Path::new("a/out")), Some(root.join("a/b")));
        assert_eq!(resolve_in(root, Path::new("loop")), None);
    }
}
