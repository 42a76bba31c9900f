// SPDX-License-Identifier: MIT OR Apache-2.0

//! The crates whose code is in the drivers' objects, besides the drivers and the library.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId, TargetKind};

/// The packages of the library.
const OURS: [&str; 3] = ["koxide", "koxide-abi", "koxide-macros"];

/// A crate that is neither a driver nor the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate {
    /// Its name and version.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
}

/// All crates that code of `packages` may call, sorted.
pub(super) fn below(metadata: &Metadata, packages: &[&Package]) -> Vec<Crate> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let nodes: Vec<_> = nodes.collect();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&PackageId> = packages.iter().map(|package| &package.id).collect();
    while let Some(id) = open.pop() {
        // What runs while something is compiled is in no object.
        let in_objects = |package: &&Package| !package.targets.iter().any(is_macro);
        let package = metadata.packages.iter().find(|p| p.id == *id);
        if package.filter(in_objects).is_none() || !seen.insert(id) {
            continue;
        }
        let dependencies = nodes.iter().filter(|node| node.id == *id);
        for dependency in dependencies.flat_map(|node| &node.deps) {
            let normal = |info: &cargo_metadata::DepKindInfo| info.kind == DependencyKind::Normal;
            if dependency.dep_kinds.iter().any(normal) {
                open.push(&dependency.pkg);
            }
        }
    }
    let others = metadata.packages.iter().filter(|package| {
        let ours = OURS.contains(&package.name.as_str());
        let is_driver = packages.iter().any(|driver| driver.id == package.id);
        seen.contains(&package.id) && !ours && !is_driver
    });
    let mut crates: Vec<Crate> = others
        .filter_map(|package| {
            Some(Crate {
                name: format!("{} {}", package.name, package.version),
                dir: package.manifest_path.parent()?.as_std_path().to_owned(),
            })
        })
        .collect();
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    crates
}

fn is_macro(target: &cargo_metadata::Target) -> bool {
    target.kind.contains(&TargetKind::ProcMacro)
}
