//! A wasm32 standard library from Debian's packages, built once and kept in the user's cache.
//!
//! Debian has a current compiler (`rustc-web`, `cargo-web`) and the source of its standard library
//! (`rust-web-src`, vendored dependencies included), but no wasm32 build of it. Building it takes a minute and no
//! network. The result is a directory that serves as a sysroot: the host's libraries linked, wasm32's own beside
//! them, and a `rustc` that points there.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::TARGET;
use crate::Result;
use crate::debian;
use crate::process::{capture, run, which};

const RUSTC: &str = "/usr/bin/rustc";
const RUSTDOC: &str = "/usr/bin/rustdoc";
const CARGO: &str = "/usr/bin/cargo";
/// Part of the cache key; to be raised when the way of building changes.
const RECIPE: u32 = 2;

/// Installs the packages that [`Debian::find`] looks for.
pub(super) fn install() -> Result {
    if Debian::find().is_ok() {
        return Ok(());
    }
    debian::install(&["rustc-web", "cargo-web", "rust-web-src"])?;
    // The linker has to understand the bitcode of that very compiler.
    debian::install(&[&format!("lld-{}", field(&rustc_version()?, "LLVM version: ")?.0)])?;
    Debian::find().map(drop).map_err(Into::into)
}

/// Debian's compiler, its library's source and its linker.
pub(super) struct Debian {
    /// `rustc -vV`
    verbose_version: String,
    source: PathBuf,
    linker: PathBuf,
}

impl Debian {
    /// Everything that is needed, or the first thing that is not there.
    pub(super) fn find() -> std::result::Result<Debian, String> {
        let verbose_version = rustc_version().map_err(|_| "no rustc-web".to_owned())?;
        if !Path::new(CARGO).is_file() {
            return Err("no cargo-web".to_owned());
        }
        let needed = env!("CARGO_PKG_RUST_VERSION");
        if field(&verbose_version, "release: ")? < version(needed) {
            return Err(format!("{RUSTC} is older than {needed}"));
        }
        let sysroot = capture(Command::new(RUSTC).args(["--print", "sysroot"])).map_err(|e| e.to_string())?;
        let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
        if !source.join("std/Cargo.toml").is_file() {
            return Err("no rust-web-src".to_owned());
        }
        let (llvm, _) = field(&verbose_version, "LLVM version: ")?;
        let linker = which(&format!("wasm-ld-{llvm}")).or_else(|| which("wasm-ld"));
        let linker = linker.ok_or_else(|| format!("no lld-{llvm}"))?;
        Ok(Debian { verbose_version, source, linker })
    }

    /// `rustc 1.96.0 (…)`
    pub(super) fn version(&self) -> &str {
        self.verbose_version.lines().next().unwrap_or_default()
    }
}

/// A finished sysroot.
pub(super) struct Sysroot(PathBuf);

impl Sysroot {
    /// The cached sysroot of that compiler, built now if this is the first time.
    pub(super) fn of(debian: &Debian) -> Result<Sysroot> {
        let path = cache()?.join(key(debian));
        if !path.join("complete").is_file() {
            println!("building the standard library for {TARGET} once, into {}", path.display());
            // Built beside its place and moved there whole, so that nobody ever meets half of it.
            let draft = path.with_extension(format!("draft-{}", std::process::id()));
            let built = build(debian, &draft, &path);
            let moved = built.and_then(|()| Ok(fs::rename(&draft, &path)?));
            if moved.is_err() {
                let _ = fs::remove_dir_all(&draft);
            }
            if !path.join("complete").is_file() {
                moved?;
            }
        }
        Ok(Sysroot(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Debian's cargo, working with this sysroot.
    pub(super) fn cargo(&self, debian: &Debian) -> Command {
        let mut command = plain_cargo();
        command
            .env("RUSTC", self.0.join("bin/rustc"))
            .env("RUSTDOC", self.0.join("bin/rustdoc"))
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", &debian.linker);
        command
    }
}

/// `place` is where the sysroot will end up; its `rustc` has to know.
fn build(debian: &Debian, draft: &Path, place: &Path) -> Result {
    let work = draft.join("work");
    let libraries = draft.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(work.join("src"))?;
    fs::create_dir_all(&libraries)?;
    fs::write(work.join("src/lib.rs"), "")?;
    fs::write(
        work.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [workspace]\n[profile.release]\npanic = \"abort\"\nopt-level = \"s\"\n",
    )?;

    // `test` is for `cargo test`, which fails without that crate; bitcode is for lto = "fat", which fails without it.
    let flags = format!("-Cembed-bitcode=yes --remap-path-prefix={}=/rustc/library", debian.source.display());
    // Cargo does not look into the vendored dependencies by itself.
    let vendor = debian.source.join("vendor");
    run(plain_cargo()
        .args(["--config", "source.crates-io.replace-with='vendor'"])
        .args(["--config", &format!("source.vendor.directory='{}'", vendor.display())])
        .args(["build", "--quiet", "--release", "--offline", "--target", TARGET])
        .args(["-Z", "build-std=std,panic_abort,test"])
        // Smaller ways of formatting, sorting and searching: what runs hot in the module is not the library's.
        .args(["-Z", "build-std-features=optimize_for_size"])
        .current_dir(&work)
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", work.join("target"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags))?;

    for file in fs::read_dir(work.join("target").join(TARGET).join("release/deps"))? {
        let (path, name) = file.map(|file| (file.path(), file.file_name()))?;
        if path.extension().is_some_and(|e| e == "rlib") && !name.to_string_lossy().starts_with("libnothing-")
        {
            fs::copy(&path, libraries.join(name))?;
        }
    }
    link_other_targets(draft)?;
    fs::create_dir_all(draft.join("bin"))?;
    // rustc finds its sysroot from where its own libraries lie; only an option can say otherwise.
    for program in [RUSTC, RUSTDOC] {
        let wrapper = draft.join("bin").join(Path::new(program).file_name().unwrap_or_default());
        fs::write(&wrapper, format!("#!/bin/sh\nexec {program} --sysroot '{}' \"$@\"\n", place.display()))?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    }
    fs::remove_dir_all(&work)?;
    fs::write(draft.join("complete"), "")?;
    Ok(())
}

/// Build scripts and macros are for the host, whose libraries are in Debian's own sysroot.
fn link_other_targets(draft: &Path) -> Result {
    let sysroot = capture(Command::new(RUSTC).args(["--print", "sysroot"]))?;
    for entry in fs::read_dir(Path::new(sysroot.trim()).join("lib/rustlib"))? {
        let entry = entry?;
        if entry.file_name() != TARGET {
            symlink(entry.path(), draft.join("lib/rustlib").join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Debian's cargo without what rustup and the user have set for another one.
fn plain_cargo() -> Command {
    let mut command = Command::new(CARGO);
    for name in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN", "CARGO", "RUSTDOC"]
    {
        command.env_remove(name);
    }
    command
}

fn cache() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(base.join("lugger/wasm-sysroot"))
}

/// Cargo does not notice other libraries under the same path, so whatever shapes them is in the name.
fn key(debian: &Debian) -> String {
    let source = capture(Command::new("dpkg-query").args(["-W", "-f", "${Version}", "rust-web-src"]));
    let mut hasher = DefaultHasher::new();
    (RECIPE, TARGET, &debian.verbose_version, source.unwrap_or_default()).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn rustc_version() -> Result<String> {
    capture(Command::new(RUSTC).arg("-vV"))
}

/// Major and minor of the version that stands after `label` in `rustc -vV`.
fn field(verbose_version: &str, label: &str) -> std::result::Result<(u32, u32), String> {
    let line = verbose_version.lines().find_map(|line| line.strip_prefix(label));
    line.map(version).ok_or_else(|| format!("{RUSTC} does not say its {label}"))
}

fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
