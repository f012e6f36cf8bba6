//! tar, walked header by header: what is in it and where, never the data.
//!
//! The dialects are those that layers and archives come in: v7, ustar, GNU (long names, base-256 numbers, old sparse files)
//! and PAX (`path`, `linkpath`, `size`). Where readers differ this one goes with Go's `archive/tar`, which containerd and
//! moby read with.

mod error;
mod header;

use std::fmt;

pub use self::error::TarError;
use self::header::{Next, has_checksum, number, pax, text};

/// A header, and what data is filled up to.
pub(crate) const BLOCK: usize = 512;
/// Bytes of one extended header (Go: the same).
const EXTENDED: u64 = 1 << 20;
/// Members of one archive (security.md §9).
const MEMBERS: u64 = 10_000_000;
/// Further blocks of an old sparse map: 65,536 regions, 21 in each.
const SPARSE_BLOCKS: u32 = 3_121;

/// What a member is, as far as anybody here wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes.
    File,
    /// The same as another member, by the path of that from the archive's root.
    HardLink,
    /// A path relative to its own directory.
    SymLink,
    /// A directory, a device, and so on.
    Other,
}

/// One member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path as it stands there: data, never a path of this machine.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// What a link leads to.
    pub link: Vec<u8>,
    /// Where its data begins in the archive.
    pub at: u64,
    /// Bytes of its data.
    pub size: u64,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    /// A header; so much of it is here.
    Header(usize),
    /// More of an old sparse map, for the data of the member whose header is at this byte.
    Sparse { header: u64, have: usize, blocks: u32, size: u64 },
    /// Bytes of the extended header at this byte, and then what fills its last block.
    Extended { header: u64, kind: u8, left: u64, fill: u64 },
    /// Bytes that nobody looks at.
    Skip(u64),
    /// The end of the archive; what follows means nothing.
    End,
}

/// Walks an archive.
pub struct Walker {
    /// Bytes that were fed or hopped over.
    at: u64,
    state: State,
    block: [u8; BLOCK],
    extended: Vec<u8>,
    /// What extended headers say of the next member.
    next: Next,
    /// A block of zeros has come; a second one is the end.
    zeros: bool,
    members: u64,
}

impl Default for Walker {
    fn default() -> Self {
        Self::new()
    }
}

impl Walker {
    /// Before the first byte.
    pub fn new() -> Self {
        Self {
            at: 0,
            state: State::Header(0),
            block: [0; BLOCK],
            extended: Vec::new(),
            next: Next::default(),
            zeros: false,
            members: 0,
        }
    }

    /// Looks at the next bytes, up to the end of the next member's header: how many it used, and that member. All of them
    /// were used when there is no member.
    pub fn step(&mut self, bytes: &[u8]) -> Result<(usize, Option<Member>), TarError> {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let (read, member) = match self.state {
                State::End => (rest.len(), None),
                State::Skip(left) => {
                    let read = up_to(left, rest.len());
                    self.skip(left - read as u64);
                    (read, None)
                }
                State::Extended { header, kind, left, fill } => {
                    let read = up_to(left, rest.len());
                    self.extended.extend_from_slice(rest.get(..read).unwrap_or_default());
                    self.state = State::Extended { header, kind, left: left - read as u64, fill };
                    if left == read as u64 {
                        self.extension(kind, header)?;
                        self.skip(fill);
                    }
                    (read, None)
                }
                State::Sparse { header, have, blocks, size } => {
                    let (read, have) = self.gather(have, rest);
                    self.state = State::Sparse { header, have, blocks, size };
                    if have == BLOCK {
                        self.state = match (self.block.get(504), blocks) {
                            (Some(0), _) => State::Skip(filled(size)),
                            (_, SPARSE_BLOCKS..) => return Err(TarError::TooLong { at: header }),
                            _ => State::Sparse { header, have: 0, blocks: blocks + 1, size },
                        };
                    }
                    (read, None)
                }
                State::Header(have) => {
                    let (read, have) = self.gather(have, rest);
                    self.state = State::Header(have);
                    (read, if have == BLOCK { self.header(self.at + read as u64)? } else { None })
                }
            };
            used += read;
            self.at = self.at.saturating_add(read as u64);
            if member.is_some() {
                return Ok((used, member));
            }
        }
        Ok((used, None))
    }

    /// How many bytes from here on nobody looks at: who can, [hops](Self::hop) over them.
    pub fn ahead(&self) -> u64 {
        match self.state {
            State::Skip(left) => left,
            _ => 0,
        }
    }

    /// What is [ahead](Self::ahead) was left out.
    pub fn hop(&mut self) {
        self.at = self.at.saturating_add(self.ahead());
        if let State::Skip(_) = self.state {
            self.skip(0);
        }
    }

    /// Where the next byte that it wants is.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Whether the end of the archive was seen.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// The number of members, if the archive may end here: also without the zeros that should end it (Go takes that).
    pub fn finish(&self) -> Result<u64, TarError> {
        match self.state {
            State::End => Ok(self.members),
            State::Header(0) if !self.next.any => Ok(self.members),
            _ => Err(TarError::Truncated { at: self.at }),
        }
    }

    fn skip(&mut self, left: u64) {
        self.state = if left == 0 { State::Header(0) } else { State::Skip(left) };
    }

    /// Takes up what is missing of a block.
    fn gather(&mut self, have: usize, rest: &[u8]) -> (usize, usize) {
        let read = rest.len().min(BLOCK - have);
        if let (Some(to), Some(from)) = (self.block.get_mut(have..have + read), rest.get(..read)) {
            to.copy_from_slice(from);
        }
        (read, have + read)
    }

    /// A whole header, which ends at this byte.
    fn header(&mut self, end: u64) -> Result<Option<Member>, TarError> {
        let at = end - BLOCK as u64;
        if self.block.iter().all(|byte| *byte == 0) {
            self.state = if self.zeros { State::End } else { State::Header(0) };
            self.zeros = true;
            return Ok(None);
        }
        if self.zeros || !has_checksum(&self.block) {
            return Err(TarError::Header { at });
        }
        let field = |from: usize, len: usize| self.block.get(from..from + len).unwrap_or_default();
        let said = number(field(124, 12)).filter(|size| i64::try_from(*size).is_ok());
        let said = said.ok_or(TarError::Size { at })?;
        let kind = self.block.get(156).copied().unwrap_or_default();
        if matches!(kind, b'x' | b'g' | b'L' | b'K') {
            if said > EXTENDED {
                return Err(TarError::TooLong { at });
            }
            self.extended.clear();
            self.next.any |= kind != b'g';
            self.state = State::Extended { header: at, kind, left: said, fill: filled(said) - said };
            if said == 0 {
                self.extension(kind, at)?;
                self.skip(0);
            }
            return Ok(None);
        }
        self.members += 1;
        if self.members > MEMBERS {
            return Err(TarError::TooMany);
        }
        let next = std::mem::take(&mut self.next);
        // Links, devices and directories have no data, whatever they say of its size.
        let has_data = !matches!(kind, b'1'..=b'6');
        let size = if has_data { next.size.unwrap_or(said) } else { 0 };
        let is_ustar = field(257, 5) == b"ustar" && field(263, 2) == b"00";
        let path = next.path.unwrap_or_else(|| {
            let (name, prefix) = (text(field(0, 100)), text(field(345, 155)));
            match is_ustar && !prefix.is_empty() {
                true => [prefix, b"/", name].concat(),
                false => name.to_vec(),
            }
        });
        let link = next.link.unwrap_or_else(|| text(field(157, 100)).to_vec());
        let sparse = kind == b'S' && field(482, 1) != [0];
        let kind = match kind {
            // Before there were types, a directory was what ended so.
            0 | b'0' if path.ends_with(b"/") => Kind::Other,
            0 | b'0' | b'7' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::SymLink,
            _ => Kind::Other,
        };
        match sparse {
            true => self.state = State::Sparse { header: at, have: 0, blocks: 1, size },
            false => self.skip(filled(size)),
        }
        Ok(Some(Member { path, kind, link, at: end, size }))
    }

    /// The extended header at this byte is all here.
    fn extension(&mut self, kind: u8, at: u64) -> Result<(), TarError> {
        let extended = std::mem::take(&mut self.extended);
        match kind {
            b'L' => self.next.path = Some(text(&extended).to_vec()),
            b'K' => self.next.link = Some(text(&extended).to_vec()),
            b'x' => pax(&extended, &mut self.next).ok_or(TarError::Extended { at })?,
            // Holds for all members; nothing that is wanted here is said so.
            _ => {}
        }
        Ok(())
    }
}

impl fmt::Debug for Walker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Walker(at {}, {} members)", self.at, self.members)
    }
}

fn up_to(left: u64, most: usize) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(most)
}

/// A size, filled up to whole blocks.
fn filled(size: u64) -> u64 {
    size.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64)
}

#[cfg(test)]
mod tests;
