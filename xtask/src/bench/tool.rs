//! The commands that are compared, each run once over a fresh directory.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::image::Image;
use super::measure::{Cost, measure};
use super::server;
use crate::Result;
use crate::debian::Needed;
use crate::process::root;

/// Something that pulls an image; or, for the last, does the one thing no pull can do without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tool {
    Skopeo,
    Ctr,
    Lugger { sync: bool },
    Openssl,
}

impl Tool {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tool::Skopeo => "skopeo",
            Tool::Ctr => "ctr",
            Tool::Lugger { sync: true } => "lugger",
            Tool::Lugger { sync: false } => "lugger --no-sync",
            Tool::Openssl => "openssl sha256",
        }
    }

    /// Whether it talks to the registry at all.
    pub(crate) fn pulls(self) -> bool {
        self != Tool::Openssl
    }

    /// The programs it consists of.
    pub(crate) fn needs(self) -> &'static [Needed] {
        match self {
            Tool::Skopeo => &[("skopeo", "skopeo")],
            Tool::Ctr => &[("containerd", "containerd"), ("ctr", "containerd")],
            Tool::Lugger { .. } => &[],
            Tool::Openssl => &[("openssl", "openssl")],
        }
    }

    /// Pulls `image` from `registry` into `dir`, which is emptied before and after, untimed.
    pub(crate) fn run(self, image: &Image, registry: SocketAddr, dir: &Path) -> Result<Cost> {
        empty(dir)?;
        let cost = self.run_in(image, registry, dir);
        empty(dir)?;
        rustix::fs::sync(); // nobody pays for what another left in the page cache
        cost.map_err(|error| format!("{} {}: {error}", self.name(), image.name).into())
    }

    fn run_in(self, image: &Image, registry: SocketAddr, dir: &Path) -> Result<Cost> {
        let command = self.command(image, registry, dir);
        if self == Tool::Ctr {
            let daemon = server::containerd(dir)?;
            let before = daemon.cpu()?;
            let mut cost = measure(&command)?;
            cost.cpu += daemon.cpu()? - before;
            cost.peak += daemon.peak()?;
            drop(daemon);
            image.check(&dir.join("root/io.containerd.content.v1.content/blobs/sha256"))?;
            return Ok(cost);
        }
        let cost = measure(&command)?;
        if self.pulls() {
            image.check(&dir.join("blobs/sha256"))?;
        }
        Ok(cost)
    }

    fn command(self, image: &Image, registry: SocketAddr, dir: &Path) -> Vec<String> {
        let (name, at) = (&image.name, dir.display());
        let line = match self {
            Tool::Skopeo => format!(
                "skopeo copy -q --insecure-policy --all --src-tls-verify=false \
                 docker://{registry}/{name}:v1 oci:{at}:v1"
            ),
            Tool::Ctr => format!(
                "ctr -a {at}/sock -n bench content fetch --plain-http --all-platforms {registry}/{name}:v1"
            ),
            Tool::Lugger { sync } => format!(
                "{} --store {at} {}--progress none pull --plain-http --all-platforms {registry}/{name}:v1",
                lugger().display(),
                if sync { "" } else { "--no-sync " }
            ),
            Tool::Openssl => "openssl dgst -sha256".to_owned(),
        };
        let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        if self == Tool::Openssl {
            words.extend(image.files().map(|file| file.display().to_string()));
        }
        words
    }
}

/// The release build.
fn lugger() -> PathBuf {
    root().join("target/release/lugger")
}

fn empty(dir: &Path) -> Result {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    Ok(fs::create_dir_all(dir)?)
}
