// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a driver's manifest says to this command: `[package.metadata.koxide]`.

use cargo_metadata::Package;
use serde::Deserialize;

use super::Error;

/// The keys.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Settings {
    /// Programs that its tests run.
    pub(super) programs: Vec<String>,
    /// What a panic of it is.
    pub(super) panic: Panic,
    /// More options for the compiler.
    pub(super) rustc_args: Vec<String>,
}

/// What a panic is.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Panic {
    /// An error of the call.
    #[default]
    Contain,
    /// The end of the thread.
    Abort,
}

impl Settings {
    /// Those of a package.
    pub(super) fn of(package: &Package) -> Result<Self, Error> {
        Self::parse(&package.metadata).map_err(|source| Error::Settings {
            manifest: package.manifest_path.as_std_path().to_owned(),
            source,
        })
    }

    fn parse(metadata: &serde_json::Value) -> serde_json::Result<Self> {
        let settings = Option::<Self>::deserialize(&metadata["koxide"])?;
        Ok(settings.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_package_may_say_nothing_or_all() {
        assert_eq!(
            Settings::parse(&serde_json::Value::Null).unwrap(),
            Settings::default()
        );
        let others = json!({"docs": {"rs": 1}});
        assert_eq!(Settings::parse(&others).unwrap(), Settings::default());
        let all = json!({"koxide": {
            "programs": ["sysctl", "mount"],
            "panic": "abort",
            "rustc-args": ["-Copt-level=s"],
        }});
        let expected = Settings {
            programs: vec!["sysctl".to_owned(), "mount".to_owned()],
            panic: Panic::Abort,
            rustc_args: vec!["-Copt-level=s".to_owned()],
        };
        assert_eq!(Settings::parse(&all).unwrap(), expected);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let wrong = |koxide: serde_json::Value| {
            let error = Settings::parse(&json!({ "koxide": koxide })).unwrap_err();
            error.to_string()
        };
        let message = wrong(json!({"panics": "abort"}));
        assert!(message.contains("unknown field `panics`"), "{message}");
        let message = wrong(json!({"panic": "unwind"}));
        assert!(
            message.contains("expected `contain` or `abort`"),
            "{message}"
        );
        let message = wrong(json!({"programs": "sysctl"}));
        assert!(message.contains("expected a sequence"), "{message}");
    }
}
