// SPDX-License-Identifier: MIT OR Apache-2.0

//! Rules about unsafe code, and about what SAFETY.md says of it.

use std::path::Path;

use anyhow::ensure;
use koxide_audit::{Folder, Role};

/// All unsafe code has a reason that `cargo koxide audit` can show beside the contract that it answers.
///
/// # Errors
/// Every place that has none.
pub fn reasons(root: &Path) -> anyhow::Result<()> {
    let mut folders = Vec::from(Folder::library(&root.join("kernel")));
    let guest = root.join("host/koxide-guest");
    folders.push(Folder::new(Role::Host, "koxide-guest", &guest));
    for driver in std::fs::read_dir(root.join("drivers"))? {
        let driver = driver?;
        let name = driver.file_name();
        let folder = Folder::new(Role::Driver, &name.to_string_lossy(), &driver.path());
        folders.push(folder);
    }
    let audit = koxide_audit::audit(root, &folders)?;
    let complaints: Vec<String> = audit
        .complaints()
        .map(|(site, why)| format!("{}:{}: {why}", site.file.display(), site.line))
        .collect();
    ensure!(
        complaints.is_empty(),
        "unsafe code without a reason:\n  {}",
        complaints.join("\n  ")
    );
    Ok(())
}
