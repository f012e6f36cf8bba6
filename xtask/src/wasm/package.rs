//! The module as the web imports it, and its size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{TARGET, tools::Tools, wasm_cargo};
use crate::Result;
use crate::process::{capture, root, run};

/// The most that the module may have, as it is and as servers send it. Whoever opens the page waits for it.
const BUDGET: [(&str, usize); 2] = [("raw", 350_000), ("brotli", 120_000)];

/// Builds the module and what JavaScript imports of it: `host-wasm/package/src/wasm/lugger.js`. Returns the module.
pub(crate) fn build() -> Result<PathBuf> {
    let tools = Tools::build()?;
    run(wasm_cargo()?.args(["build", "-p", "lugger-wasm", "--profile", "wasm", "--target", TARGET]))?;
    let out = root().join("host-wasm/package/src/wasm");
    let module = root().join("target/wasm").join(TARGET).join("wasm/lugger_wasm.wasm");
    // Names and producers are for debuggers: the profile has removed most of it already.
    run(Command::new(tools.bindgen())
        .args(["--target", "web", "--out-name", "lugger"])
        .args(["--remove-name-section", "--remove-producers-section", "--out-dir"])
        .arg(&out)
        .arg(module))?;
    Ok(out.join("lugger_bg.wasm"))
}

/// Says how large the module is; one over its budget is an error.
pub(crate) fn check_sizes(module: &Path) -> Result {
    let raw = fs::metadata(module).map_err(|error| format!("{}: {error}", module.display()))?.len();
    let sizes = [usize::try_from(raw)?, brotli(module)?];
    let mut over = Vec::new();
    for ((name, budget), size) in BUDGET.into_iter().zip(sizes) {
        println!("{}: {size} bytes {name}, of {budget}", module.display());
        if size > budget {
            over.push(format!("{} bytes {name} over {budget}", size - budget));
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the browser's module is {}: see what grew, or raise the budget with a reason",
        over.join(", ")
    )
    .into())
}

/// Its size as the best brotli makes it; node has one, and the web needs node anyway.
fn brotli(module: &Path) -> Result<usize> {
    const SIZE: &str = "const z = require('zlib'), b = require('fs').readFileSync(process.argv[1]); \
        const params = { [z.constants.BROTLI_PARAM_QUALITY]: 11, [z.constants.BROTLI_PARAM_SIZE_HINT]: b.length }; \
        console.log(z.brotliCompressSync(b, { params }).length)";
    Ok(capture(Command::new("node").args(["-e", SIZE]).arg(module))?.trim().parse()?)
}
