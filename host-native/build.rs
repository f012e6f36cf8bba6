//! Builds the page into the program: writes a table of the files in `www/dist`, or of a placeholder where there are none.
//!
//! With `LUGGER_WEB=required` a missing page is an error: releases have one.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

const PLACEHOLDER: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>lugger</title>\
    <h1>This build of lugger has no page</h1><p>Run <code>cargo xtask web</code>, then build lugger again.</p></html>\n";

fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name| env::var_os(name).ok_or_else(|| format!("cargo sets {name}"));
    let www = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../www");
    let dist = www.join("dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LUGGER_WEB");
    if www.is_dir() {
        // A path that is not there would make cargo run this each time. That it cannot be made costs nothing else.
        let _ = fs::create_dir_all(&dist);
        println!("cargo::rerun-if-changed={}", dist.display());
    }
    let mut table = String::from("static ASSETS: &[Asset] = &[\n");
    if dist.join("index.html").is_file() {
        for file in files(&dist)? {
            let path = file.strip_prefix(&dist)?.to_str().ok_or("a file of the page has an odd name")?;
            let path = path.replace('\\', "/");
            let absolute = fs::canonicalize(&file)?;
            writeln!(
                table,
                "    Asset {{ path: {path:?}, mime: {:?}, bytes: include_bytes!({absolute:?}) }},",
                mime(&path)
            )?;
        }
    } else if env::var_os("LUGGER_WEB").is_some_and(|web| web == "required") {
        return Err(format!(
            "LUGGER_WEB=required, but {} has no page: run `cargo xtask web` first",
            dist.display()
        )
        .into());
    } else {
        let mime = mime("index.html");
        writeln!(
            table,
            "    Asset {{ path: \"index.html\", mime: {mime:?}, bytes: {PLACEHOLDER:?}.as_bytes() }},"
        )?;
    }
    table.push_str("];\n");
    fs::write(Path::new(&variable("OUT_DIR")?).join("assets.rs"), table)?;
    Ok(())
}

/// Every file below a directory, sorted as the paths are compared when they are looked up.
fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    // By bytes: paths compare by their parts, and `a-b` comes before `a/b` in text.
    found.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    Ok(found)
}

fn mime(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json" | "map" | "webmanifest") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
