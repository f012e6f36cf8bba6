//! wasm-bindgen and its test runner, built from `tools/wasm-tools`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::process::{cargo, root, run};

/// Where the programs are.
pub(super) struct Tools(PathBuf);

impl Tools {
    /// Builds them, if they are not built.
    pub(super) fn build() -> Result<Tools> {
        let dir = root().join("tools/wasm-tools");
        same_version(&root().join("Cargo.lock"), &dir.join("Cargo.lock"))?;
        let target = root().join("target/tools");
        let manifest = dir.join("Cargo.toml");
        run(cargo(&["build", "--quiet", "--locked", "--manifest-path"])
            .arg(manifest)
            .env("CARGO_TARGET_DIR", &target))?;
        Ok(Tools(target.join("debug")))
    }

    /// wasm-bindgen.
    pub(super) fn bindgen(&self) -> PathBuf {
        self.0.join("bindgen")
    }

    /// What cargo runs tests with.
    pub(super) fn runner(&self) -> PathBuf {
        self.0.join("test-runner")
    }
}

/// The module and the tool speak a format without versions: only equal ones understand each other.
fn same_version(product: &Path, tools: &Path) -> Result {
    let (library, tool) = (locked(product, "wasm-bindgen")?, locked(tools, "wasm-bindgen-cli")?);
    if library == tool {
        return Ok(());
    }
    Err(format!(
        "wasm-bindgen is {library} in Cargo.toml, but wasm-bindgen-cli is {tool} in tools/wasm-tools/Cargo.toml: \
         name the same version in both, then run `cargo update` in tools/wasm-tools"
    )
    .into())
}

/// The version of a package in a lock file.
fn locked(lock: &Path, name: &str) -> Result<String> {
    let text = fs::read_to_string(lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let wanted = format!("name = \"{name}\"\nversion = \"");
    let version = text.split_once(&wanted).and_then(|(_, rest)| rest.split_once('"'));
    let (version, _) = version.ok_or_else(|| format!("{} has no {name}", lock.display()))?;
    Ok(version.to_owned())
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_tool_fits_the_library() {
        same_version(&root().join("Cargo.lock"), &root().join("tools/wasm-tools/Cargo.lock"))
            .expect("one version in both");
    }
}
