//! The fuzz targets of `fuzz/`, by cargo-fuzz.

use std::{fs, io, path::PathBuf};

use crate::Result;
use crate::process::{capture, cargo, root, run as run_command, step};

/// Feed every parser of what comes from outside arbitrary input
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this one
    target: Option<String>,
    /// How long each
    #[arg(long, value_name = "N", default_value_t = 30)]
    seconds: u32,
}

/// `cargo xtask fuzz`
pub(crate) fn run(options: &Options) -> Result {
    if capture(&mut cargo(&["fuzz", "--version"])).is_err() {
        return Err("cargo-fuzz is not installed: `cargo install cargo-fuzz`".into());
    }
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => targets()?,
    };
    for target in targets {
        seed(&target)?;
        step(&target, || fuzz(&target, options.seconds))?;
    }
    Ok(())
}

fn fuzz(target: &str, seconds: u32) -> Result {
    let time = format!("-max_total_time={seconds}");
    let mut command = cargo(&["fuzz", "run", target, "--", &time, "-timeout=5", "-print_final_stats=1"]);
    // cargo-fuzz asks for a sanitizer, which only a nightly compiler gives; this one does all the same if it is told to.
    run_command(command.env("RUSTC_BOOTSTRAP", "1"))
}

/// Every target, by its file.
fn targets() -> io::Result<Vec<String>> {
    let files = fs::read_dir(root().join("fuzz/targets"))?;
    let paths: Vec<PathBuf> = files.map(|file| Ok(file?.path())).collect::<io::Result<_>>()?;
    let mut names: Vec<_> =
        paths.iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// Puts what is worth starting from into the target's corpus.
fn seed(target: &str) -> io::Result<()> {
    let (seeds, corpus) = (root().join("fuzz/seeds").join(target), root().join("fuzz/corpus").join(target));
    fs::create_dir_all(&corpus)?;
    let Ok(files) = fs::read_dir(seeds) else { return Ok(()) };
    for file in files {
        let file = file?;
        fs::copy(file.path(), corpus.join(file.file_name()))?;
    }
    Ok(())
}
