//! A layer, looked into while it goes by: unpacked, digested, counted, and none of it kept.

use std::fmt;

use super::{Gunzip, GunzipError, TarError, Walker};
use crate::name::{Algorithm, Digest, Hasher};

/// Up to here a layer may unpack to anything: small ones that are mostly zeros do.
const FREE: u64 = 64 << 20;
/// Beyond, to so many times what it is packed (security.md Z1).
const RATIO: u64 = 1000;
/// What is unpacked in one go.
const ROOM: usize = 32 << 10;

/// Why a layer cannot be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// It is gzip data, and damaged.
    #[error(transparent)]
    Gunzip(#[from] GunzipError),
    /// What is in it is no tar archive.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// It grows as nothing honest does.
    #[error("it unpacks to more than {RATIO} times its size")]
    Ratio,
    /// It is larger than the bound.
    #[error("it unpacks to more than {max} bytes")]
    TooLarge {
        /// The bound.
        max: u64,
    },
    /// It is compressed in a way that is not looked into.
    #[error("it is neither gzip nor plain")]
    Other,
}

/// What a layer is once it is unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unpacked {
    /// Bytes of the tar.
    pub bytes: u64,
    /// Members of the tar.
    pub entries: u64,
}

/// What a layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The digest of what it unpacks to.
    pub diff_id: Digest,
    /// How much that is.
    pub unpacked: Unpacked,
    /// The digest of the layer itself, if that was to be found out.
    pub digest: Option<Digest>,
}

/// Looks into one layer.
pub struct LayerTap {
    seen: u64,
    max: u64,
    packed: Packed,
    itself: Option<Hasher>,
    known: Option<Digest>,
    hasher: Hasher,
    walker: Walker,
    bytes: u64,
    entries: u64,
}

/// How its bytes are packed.
enum Packed {
    /// As its first bytes say: so many of them are here.
    Sniffed(Vec<u8>),
    Plain,
    Gzip(Gunzip, Box<[u8]>),
}

impl LayerTap {
    /// Before the first byte of a layer that may unpack to `max` bytes. Whether it is plain or gzip its first bytes say, not
    /// its media type: one image may call it this and another one that, and what is found is a fact of its bytes.
    pub fn new(algorithm: Algorithm, max: u64) -> Self {
        Self {
            seen: 0,
            max,
            packed: Packed::Sniffed(Vec::new()),
            itself: None,
            known: None,
            hasher: Hasher::new(algorithm),
            walker: Walker::new(),
            bytes: 0,
            entries: 0,
        }
    }

    /// The same, and it finds out the SHA-256 digest of the layer itself, too.
    #[must_use]
    pub fn and_itself(mut self) -> Self {
        self.itself = Some(Hasher::new(Algorithm::Sha256));
        self
    }

    /// The same, of a layer whose bytes are known to have this digest: a plain one is what it unpacks to, and is not digested
    /// once more.
    #[must_use]
    pub fn known_as(mut self, digest: &Digest) -> Self {
        self.known = (digest.algorithm() == self.hasher.algorithm()).then(|| digest.clone());
        self
    }

    /// Bytes of the layer, as it is packed, that it has seen.
    pub fn len(&self) -> u64 {
        self.seen
    }

    /// Whether it has seen none.
    pub fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// Looks at the next bytes.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), LayerError> {
        /// Enough to tell.
        const MAGIC: usize = 4;
        self.seen = self.seen.saturating_add(chunk.len() as u64);
        if let Some(itself) = &mut self.itself {
            itself.update(chunk);
        }
        let Packed::Sniffed(first) = &mut self.packed else { return self.unpack(chunk) };
        first.extend_from_slice(chunk);
        if first.len() < MAGIC {
            return Ok(());
        }
        let first = std::mem::take(first);
        self.sniff(&first)
    }

    /// The verdict.
    pub fn finish(mut self) -> Result<Examined, LayerError> {
        if let Packed::Sniffed(first) = &mut self.packed {
            let first = std::mem::take(first);
            self.sniff(&first)?;
        }
        if let Packed::Gzip(gunzip, _) = &self.packed {
            gunzip.finish()?;
        }
        let entries = self.walker.finish()?;
        Ok(Examined {
            diff_id: self.known.unwrap_or_else(|| self.hasher.finish()),
            unpacked: Unpacked { bytes: self.bytes, entries },
            digest: self.itself.map(Hasher::finish),
        })
    }

    /// Looks at the first bytes, and decides by them what all of it is.
    fn sniff(&mut self, first: &[u8]) -> Result<(), LayerError> {
        self.packed = sniff(first)?;
        if matches!(self.packed, Packed::Gzip(..)) {
            self.known = None;
        }
        self.unpack(first)
    }

    fn unpack(&mut self, mut chunk: &[u8]) -> Result<(), LayerError> {
        // Out of the way while its output is looked at.
        let (mut gunzip, mut room) = match std::mem::replace(&mut self.packed, Packed::Plain) {
            Packed::Gzip(gunzip, room) => (gunzip, room),
            other => {
                self.packed = other;
                return self.look(chunk);
            }
        };
        loop {
            let (read, written) = gunzip.step(chunk, &mut room)?;
            chunk = chunk.get(read..).unwrap_or_default();
            self.look(room.get(..written).unwrap_or_default())?;
            if (read, written) == (0, 0) {
                break;
            }
        }
        self.packed = Packed::Gzip(gunzip, room);
        Ok(())
    }

    /// Looks at what was unpacked.
    fn look(&mut self, mut bytes: &[u8]) -> Result<(), LayerError> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > self.max {
            return Err(LayerError::TooLarge { max: self.max });
        }
        if self.bytes > FREE && self.bytes / RATIO > self.seen {
            return Err(LayerError::Ratio);
        }
        if self.known.is_none() {
            self.hasher.update(bytes);
        }
        while !bytes.is_empty() {
            let (used, member) = self.walker.step(bytes)?;
            self.entries += u64::from(member.is_some());
            bytes = bytes.get(used..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Gzip and nothing else: it is what layers were called plain for (security.md Z5).
fn sniff(first: &[u8]) -> Result<Packed, LayerError> {
    match first {
        [0x1f, 0x8b, ..] => Ok(Packed::Gzip(Gunzip::new(), vec![0; ROOM].into_boxed_slice())),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Err(LayerError::Other),
        _ => Ok(Packed::Plain),
    }
}

impl fmt::Debug for LayerTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LayerTap(at {}, unpacked to {})", self.seen, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use tar::{Builder, Header};

    use super::*;

    fn tar(files: usize, size: usize) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for at in 0..files {
            let mut header = Header::new_gnu();
            header.set_size(size as u64);
            builder.append_data(&mut header, format!("file-{at}"), &*vec![0; size]).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn examine(bytes: &[u8], piece: usize) -> Result<Examined, LayerError> {
        let mut tap = LayerTap::new(Algorithm::Sha256, 1 << 40).and_itself();
        bytes.chunks(piece).try_for_each(|piece| tap.feed(piece))?;
        assert_eq!(tap.len(), bytes.len() as u64);
        tap.finish()
    }

    #[test]
    fn what_is_packed_is_what_is_found() {
        let plain = tar(3, 1000);
        let packed = gzip(&plain);
        for bytes in [&plain, &packed] {
            for piece in [1, 100, 1 << 20] {
                let examined = examine(bytes, piece).unwrap();
                assert_eq!(examined.diff_id, Digest::sha256(&plain));
                assert_eq!(examined.digest, Some(Digest::sha256(bytes)));
                assert_eq!(examined.unpacked, Unpacked { bytes: plain.len() as u64, entries: 3 });
            }
        }
        assert_eq!(examine(&[0x28, 0xb5, 0x2f, 0xfd, 0], 9), Err(LayerError::Other));
        assert_eq!(examine(&packed[..packed.len() - 1], 99), Err(LayerError::Gunzip(GunzipError::Truncated)));
        assert!(matches!(examine(&gzip(&packed), 99), Err(LayerError::Tar(_))));
    }

    #[test]
    fn what_is_known_of_a_plain_layer_is_believed_and_of_a_packed_one_is_not() {
        let (plain, told) = (tar(2, 700), Digest::sha256(b"told"));
        let packed = gzip(&plain);
        let diff_id = |bytes: &[u8], told: &Digest| {
            let mut tap = LayerTap::new(Algorithm::Sha256, 1 << 40).known_as(told);
            bytes.chunks(3).for_each(|piece| tap.feed(piece).unwrap());
            let examined = tap.finish().unwrap();
            assert_eq!(examined.unpacked, Unpacked { bytes: plain.len() as u64, entries: 2 });
            examined.diff_id
        };
        assert_eq!(diff_id(&plain, &told), told);
        assert_eq!(diff_id(&packed, &told), Digest::sha256(&plain));
        let other = Digest::of(Algorithm::Sha512, &plain);
        assert_eq!(diff_id(&plain, &other), Digest::sha256(&plain), "of another algorithm");
    }

    #[test]
    fn bombs_are_refused() {
        let bomb = gzip(&tar(1, 80 << 20));
        assert_eq!(examine(&bomb, 1 << 16), Err(LayerError::Ratio));
        let small = gzip(&tar(1, 60 << 20));
        assert!(examine(&small, 1 << 16).is_ok(), "small enough to be anything");
        let mut tap = LayerTap::new(Algorithm::Sha256, 1 << 20);
        assert_eq!(tap.feed(&small), Err(LayerError::TooLarge { max: 1 << 20 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_examined_or_refused(bytes: Vec<u8>, at: prop::sample::Index, byte: u8, piece in 1..600_usize) {
            let mut near = gzip(&tar(2, 700));
            let at = at.index(near.len());
            near[at] = byte;
            for bytes in [bytes, near] {
                let _ = examine(&bytes, piece);
            }
        }
    }
}
