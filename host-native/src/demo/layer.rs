//! What is in the layers of the demo image.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::image::CREATED_UNIX;

/// About a megabyte of text, and some bytes that do not compress.
pub(super) fn base() -> Vec<u8> {
    let mut random = Random(1);
    layer(|tar| {
        tar.directory("etc/")?;
        tar.file("etc/os-release", 0o644, b"ID=lugger-demo\nNAME=\"Lugger demo\"\nVERSION_ID=1\n")?;
        tar.file("etc/replaced.conf", 0o644, b"from = \"the first layer\"\n")?;
        tar.directory("usr/")?;
        tar.directory("usr/share/")?;
        tar.directory("usr/share/doc/")?;
        for book in 0..8 {
            tar.file(&format!("usr/share/doc/book{book}.txt"), 0o644, &random.text(128 << 10))?;
        }
        tar.directory("var/")?;
        tar.directory("var/cache/")?;
        tar.file("var/cache/old", 0o644, b"gone in the third layer\n")?;
        tar.directory("var/lib/")?;
        tar.file("var/lib/noise", 0o600, &random.bytes(96 << 10))
    })
}

pub(super) fn program(architecture: &str) -> Vec<u8> {
    let mut random = Random(architecture.bytes().map(u64::from).sum());
    let script = format!("#!/bin/sh\necho \"hello from {architecture}\"\n");
    layer(|tar| {
        tar.directory("srv/")?;
        tar.directory("usr/local/")?;
        tar.directory("usr/local/bin/")?;
        tar.file("usr/local/bin/hello", 0o755, script.as_bytes())?;
        tar.link("usr/local/bin/hi", "hello", EntryType::Symlink)?;
        tar.link("usr/local/bin/hello-again", "usr/local/bin/hello", EntryType::Link)?;
        tar.file("usr/local/bin/data", 0o644, &random.bytes(24 << 10))
    })
}

pub(super) fn changes(architecture: &str) -> Vec<u8> {
    layer(|tar| {
        tar.directory("etc/")?;
        tar.file("etc/.wh.replaced.conf", 0o644, b"")?;
        tar.file("etc/architecture", 0o644, format!("{architecture}\n").as_bytes())?;
        tar.directory("var/")?;
        tar.directory("var/cache/")?;
        tar.file("var/cache/.wh..wh..opq", 0o644, b"")?;
        tar.file("var/cache/new", 0o644, b"all there is\n")
    })
}

fn layer(fill: impl FnOnce(&mut Tar) -> io::Result<()>) -> Vec<u8> {
    let mut tar = Tar(Builder::new(Vec::new()));
    fill(&mut tar).and_then(|()| tar.0.into_inner()).expect("writing to memory does not fail")
}

struct Tar(Builder<Vec<u8>>);

impl Tar {
    fn directory(&mut self, path: &str) -> io::Result<()> {
        self.0.append_data(&mut header(EntryType::Directory, 0o755, 0), path, io::empty())
    }

    fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        self.0.append_data(&mut header(EntryType::Regular, mode, content.len() as u64), path, content)
    }

    fn link(&mut self, path: &str, target: &str, kind: EntryType) -> io::Result<()> {
        self.0.append_link(&mut header(kind, 0o777, 0), path, target)
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(CREATED_UNIX);
    header
}

pub(super) fn gzip(tar: &[u8]) -> io::Result<Vec<u8>> {
    // No name and no time in the header, and no operating system either (255: unknown).
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(6));
    gzip.write_all(tar)?;
    gzip.finish()
}

/// SplitMix64: enough disorder for a demo, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::from_fn(|| Some(self.next().to_le_bytes())).flatten().take(count).collect()
    }

    fn text(&mut self, count: usize) -> Vec<u8> {
        const WORDS: [&str; 16] = [
            "anchor", "ballast", "bow", "cargo", "crew", "deck", "fathom", "harbour", "helm", "hull", "keel",
            "knot", "mast", "port", "sail", "tide",
        ];
        let mut text = Vec::new();
        while text.len() < count {
            let number = self.next();
            text.extend_from_slice(WORDS[(number % 16) as usize].as_bytes());
            text.push(if number >> 60 == 0 { b'\n' } else { b' ' });
        }
        text.truncate(count);
        text
    }
}
