use std::env::consts::{ARCH, OS};

use lugger_core::name::Platform;

/// The platform of this machine, by Go's names.
///
/// On macOS it is that of the Linux machine which runs containers there.
pub fn host_platform() -> Platform {
    let os = if OS == "macos" { "linux" } else { OS };
    let architecture = match ARCH {
        "x86" => "386",
        "loongarch64" => "loong64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        "mips64" if cfg!(target_endian = "little") => "mips64le",
        other => other,
    };
    // x86_64 and aarch64 are names that it knows.
    Platform::new(os, architecture).normalize()
}
