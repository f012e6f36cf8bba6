//! The images a benchmark pulls: made by mkimages.py, pushed to the local registry, known down to the last blob.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Options;
use crate::Result;
use crate::process::run;

/// An image and what a complete copy of it consists of.
pub(crate) struct Image {
    pub(crate) name: String,
    layout: PathBuf,
    /// Size of every blob, by the hexadecimal part of its digest.
    blobs: BTreeMap<String, u64>,
}

impl Image {
    /// Compressed size of all blobs.
    pub(crate) fn bytes(&self) -> u64 {
        self.blobs.values().sum()
    }

    pub(crate) fn blob_count(&self) -> usize {
        self.blobs.len()
    }

    /// The blobs as files.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.blobs.keys().map(|hex| self.layout.join("blobs/sha256").join(hex))
    }

    /// An error unless `blobs`, a directory named after an algorithm, has the whole image.
    pub(crate) fn check(&self, blobs: &Path) -> Result {
        let missing = |(hex, size): &(&String, &u64)| {
            fs::metadata(blobs.join(hex)).map_or(true, |found| found.len() != **size)
        };
        match self.blobs.iter().filter(missing).count() {
            0 => Ok(()),
            n => Err(format!("{n} of {} blobs are missing or short", self.blobs.len()).into()),
        }
    }
}

/// Makes what is not there yet, pushes everything, and reads what it is.
pub(crate) fn prepare(options: &Options, dir: &Path, registry: SocketAddr) -> Result<Vec<Image>> {
    let kind = if options.synthetic { "synthetic" } else { "debian" };
    let out = dir.join(format!("images-{kind}-{}", options.scale));
    let missing: Vec<_> =
        options.images.iter().filter(|name| !out.join(name).join("index.json").is_file()).collect();
    for name in missing {
        let mut make = mkimages(options);
        make.arg("make").arg(&out).args(["--only", name, "--scale", &options.scale.to_string()]);
        run(if options.synthetic { make.arg("--synthetic") } else { &mut make })?;
    }
    let names = options.images.join(",");
    run(mkimages(options).arg("push").arg(&out).args([&format!("http://{registry}"), "--only", &names]))?;
    options.images.iter().map(|name| read(name, out.join(name))).collect()
}

fn mkimages(options: &Options) -> Command {
    let mut command = Command::new("python3");
    command.arg(&options.mkimages);
    command
}

fn read(name: &str, layout: PathBuf) -> Result<Image> {
    let mut blobs = BTreeMap::new();
    for entry in fs::read_dir(layout.join("blobs/sha256"))? {
        let entry = entry?;
        blobs.insert(entry.file_name().to_string_lossy().into_owned(), entry.metadata()?.len());
    }
    Ok(Image { name: name.to_owned(), layout, blobs })
}
