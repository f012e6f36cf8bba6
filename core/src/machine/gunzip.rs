//! gzip, unpacked piece by piece: all members of a stream are one content (security.md Z3, Z4).

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

/// Members that unpack to nothing, before a stream is taken for one that only wastes time.
const EMPTY_MEMBERS: u32 = 100_000;

/// Why bytes are not a gzip stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GunzipError {
    /// A header, a block or a checksum is wrong.
    #[error("the gzip data is damaged")]
    Damaged,
    /// It ends within a member, or before the first.
    #[error("the gzip data ends too early")]
    Truncated,
    /// After the last member, and the zeros that may follow it, comes something else.
    #[error("there is something else behind the gzip data")]
    Trailing,
    /// Too many members in which nothing is.
    #[error("the gzip data has more than {EMPTY_MEMBERS} empty members")]
    Empty,
}

/// Unpacks a gzip stream. Checksums and lengths of every member are checked.
pub struct Gunzip {
    /// The member that is being read.
    member: Option<Box<Decompress>>,
    ended: bool,
    padding: bool,
    empty: u32,
}

impl Default for Gunzip {
    fn default() -> Self {
        Self::new()
    }
}

impl Gunzip {
    /// Before the first byte.
    pub fn new() -> Self {
        Self { member: None, ended: false, padding: false, empty: 0 }
    }

    /// Unpacks some of the input into the output: how much of either was used. When neither was, more input is needed, or
    /// room for output.
    pub fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize), GunzipError> {
        if self.member.is_none() {
            let Some(first) = input.first() else { return Ok((0, 0)) };
            if self.ended && (self.padding || *first == 0) {
                self.padding = true;
                // Tapes and tools fill up with zeros.
                return match input.iter().all(|byte| *byte == 0) {
                    true => Ok((input.len(), 0)),
                    false => Err(GunzipError::Trailing),
                };
            }
            if self.ended && *first != 0x1f {
                return Err(GunzipError::Trailing);
            }
        }
        let member = self.member.get_or_insert_with(|| Box::new(Decompress::new_gzip(15)));
        let (read, written) = (member.total_in(), member.total_out());
        let status = member.decompress(input, output, FlushDecompress::None);
        let status = status.map_err(|_| GunzipError::Damaged)?;
        let (all_read, all_written) = (member.total_in(), member.total_out());
        if status == Status::StreamEnd {
            (self.member, self.ended) = (None, true);
            self.empty += u32::from(all_written == 0);
            if self.empty > EMPTY_MEMBERS {
                return Err(GunzipError::Empty);
            }
        }
        let used = |all: u64, before: u64, most: usize| {
            usize::try_from(all.saturating_sub(before)).unwrap_or(usize::MAX).min(most)
        };
        Ok((used(all_read, read, input.len()), used(all_written, written, output.len())))
    }

    /// Whether the input may end here.
    pub fn finish(&self) -> Result<(), GunzipError> {
        match (&self.member, self.ended) {
            (None, true) => Ok(()),
            _ => Err(GunzipError::Truncated),
        }
    }
}

impl fmt::Debug for Gunzip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gunzip").field("within", &self.member.is_some()).field("ended", &self.ended).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// All of it, fed in pieces of a size into a buffer of a size.
    fn unpack(bytes: &[u8], piece: usize, room: usize) -> Result<Vec<u8>, GunzipError> {
        let (mut gunzip, mut all, mut buffer) = (Gunzip::new(), Vec::new(), vec![0; room]);
        for mut piece in bytes.chunks(piece) {
            loop {
                let (read, written) = gunzip.step(piece, &mut buffer)?;
                all.extend_from_slice(&buffer[..written]);
                piece = &piece[read..];
                if (read, written) == (0, 0) {
                    break;
                }
            }
            assert!(piece.is_empty(), "all of a piece is used");
        }
        gunzip.finish().map(|()| all)
    }

    #[test]
    fn members_are_one_stream_and_zeros_may_follow() {
        let mut bytes = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
        for (piece, room) in [(1, 1), (7, 3), (1000, 1000)] {
            assert_eq!(unpack(&bytes, piece, room).unwrap(), b"one two");
        }
        bytes.extend([0; 700]);
        assert_eq!(unpack(&bytes, 512, 64).unwrap(), b"one two");
        assert_eq!(unpack(&[&bytes[..], b"x"].concat(), 512, 64), Err(GunzipError::Trailing));
        assert_eq!(unpack(&[gzip(b"x"), b"<html>".to_vec()].concat(), 9, 64), Err(GunzipError::Trailing));
    }

    #[test]
    fn every_cut_and_every_wrong_byte_is_seen() {
        let bytes = gzip(&[7; 5000]);
        for cut in 0..bytes.len() {
            assert_eq!(unpack(&bytes[..cut], 10, 100), Err(GunzipError::Truncated), "cut at {cut}");
        }
        // The checksum and the length come last.
        for at in bytes.len() - 8..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert_eq!(unpack(&wrong, 10, 100), Err(GunzipError::Damaged), "byte {at}");
        }
    }

    #[test]
    fn a_flood_of_empty_members_ends() {
        let bytes = gzip(b"").repeat(EMPTY_MEMBERS as usize + 1);
        assert_eq!(unpack(&bytes, 1 << 20, 64), Err(GunzipError::Empty));
    }

    proptest! {
        #[test]
        fn any_bytes_unpack_or_fail(bytes: Vec<u8>, piece in 1..100_usize) {
            let _ = unpack(&bytes, piece, 64);
            let mut near = gzip(&bytes);
            prop_assert_eq!(unpack(&near, piece, 64).unwrap(), bytes);
            let at = piece % near.len();
            near[at] ^= 0x55;
            let _ = unpack(&near, piece, 64);
        }
    }
}
