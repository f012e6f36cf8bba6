//! The module as the web imports it, and its size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{TARGET, target, tools::Tools, wasm_cargo};
use crate::Result;
use crate::process::{capture, root, run};

/// How the module is measured, as it is and as servers send it: what it is to come to, and the most that it may have. Whoever
/// opens the page waits for it.
///
/// The limits are what was reached and 1 % more, for what other compilers make of the same code. They are a ratchet: when the module
/// has become smaller they go down with it, and nothing raises them.
const SIZES: [Size; 2] = [
    Size { name: "raw", goal: 350_000, limit: 980_500 },
    Size { name: "brotli", goal: 120_000, limit: 323_500 },
];

struct Size {
    name: &'static str,
    goal: usize,
    limit: usize,
}

/// Builds the module and what JavaScript imports of it: `host-wasm/package/src/wasm/lugger.js`. Returns the module.
pub(crate) fn build() -> Result<PathBuf> {
    let tools = Tools::build()?;
    run(wasm_cargo()?.args(["build", "-p", "lugger-wasm", "--profile", "wasm", "--target", TARGET]))?;
    let made = target().join("package");
    let module = target().join(TARGET).join("wasm/lugger_wasm.wasm");
    // Names and producers are for debuggers: the profile has removed most of it already.
    run(Command::new(tools.bindgen())
        .args(["--target", "web", "--out-name", "lugger"])
        .args(["--remove-name-section", "--remove-producers-section", "--out-dir"])
        .arg(&made)
        .arg(module))?;
    let out = root().join("host-wasm/package/src/wasm");
    fs::create_dir_all(&out)?;
    for file in fs::read_dir(&made)? {
        let (from, to) = file.map(|file| (file.path(), out.join(file.file_name())))?;
        let new = fs::read(from)?;
        // What has not changed keeps its time: the page that was built with it is still of today.
        if fs::read(&to).ok().as_ref() != Some(&new) {
            fs::write(to, new)?;
        }
    }
    Ok(out.join("lugger_bg.wasm"))
}

/// Says how large the module is, and how large it is to be; one over its limit is an error.
pub(crate) fn check_sizes(module: &Path) -> Result {
    let raw = fs::metadata(module).map_err(|error| format!("{}: {error}", module.display()))?.len();
    let sizes = [usize::try_from(raw)?, brotli(module)?];
    let mut over = Vec::new();
    for (Size { name, goal, limit }, size) in SIZES.into_iter().zip(sizes) {
        println!("{}: {size} bytes {name}; the goal is {goal}, the limit {limit}", module.display());
        if size > limit {
            over.push(format!("{} bytes {name} over {limit}", size - limit));
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(format!("the browser's module is {}: see what grew", over.join(", ")).into())
}

/// Its size as the best brotli makes it; node has one, and the web needs node anyway.
fn brotli(module: &Path) -> Result<usize> {
    const SIZE: &str = "const z = require('zlib'), b = require('fs').readFileSync(process.argv[1]); \
        const params = { [z.constants.BROTLI_PARAM_QUALITY]: 11, [z.constants.BROTLI_PARAM_SIZE_HINT]: b.length }; \
        console.log(z.brotliCompressSync(b, { params }).length)";
    Ok(capture(Command::new("node").args(["-e", SIZE]).arg(module))?.trim().parse()?)
}
