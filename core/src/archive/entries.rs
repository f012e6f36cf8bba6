//! Paths, and where the bytes behind them are.

use std::{collections::BTreeMap, ops::Range};

use super::{GivenFile, path};
use crate::{
    effect::given::GivenId,
    error::{ArchiveError, Error},
    machine::{Kind, Member, TarError, Walker},
    op::Cx,
};

/// Files and links of one archive or folder.
const FILES: usize = 200_000;
/// Bytes of all their paths together.
const PATHS: usize = 32 << 20;
/// Links that lead to links (security.md §9).
const LINKS: usize = 40;
/// What is read of an archive at once: a header, and the small files that often follow.
const SLICE: u32 = 4 << 10;
/// So many of these, so that an archive of nothing but headers ends.
const SLICES: usize = 1_000_000;

/// Where some bytes are.
pub type Place = (GivenId, Range<u64>);

/// What an archive or folder has.
#[derive(Debug, Default)]
pub struct Entries {
    found: BTreeMap<String, Entry>,
    paths: usize,
}

/// What stands under a path.
#[derive(Debug)]
enum Entry {
    File(Place),
    /// Where it leads, from the root of the archive.
    Link(String),
}

impl Entries {
    /// The files of a folder.
    pub(super) fn folder(given: &[GivenFile]) -> Result<Self, Error> {
        let mut entries = Self::default();
        for (id, file) in (0..).map(GivenId).zip(given) {
            if let Some(path) = path::plain(&file.path) {
                entries.count(&path).map_err(|why| Error::content("the folder", why))?;
                entries.found.insert(path, Entry::File((id, 0..file.size)));
            }
        }
        Ok(entries)
    }

    /// The members of a tar archive. A member that comes twice is the last of them, as tar has it.
    pub(super) async fn tar(cx: &Cx, given: GivenId, file: &GivenFile) -> Result<Self, Error> {
        let (mut entries, mut walker) = (Self::default(), Walker::new());
        let wrong = |why: ArchiveError| Error::content(&file.path, why);
        for _ in 0..SLICES {
            if walker.is_over() || walker.at() >= file.size {
                break;
            }
            let bytes = cx.slice(given, walker.at(), SLICE).await.map_err(Error::Given)?;
            if bytes.is_empty() {
                break;
            }
            let mut rest = &*bytes;
            while !rest.is_empty() {
                let (used, member) = walker.step(rest).map_err(|why| wrong(why.into()))?;
                rest = rest.get(used..).unwrap_or_default();
                if let Some(member) = member {
                    entries.add(given, file.size, member).map_err(wrong)?;
                }
                if walker.ahead() >= rest.len() as u64 {
                    walker.hop();
                    break;
                }
            }
        }
        match walker.finish() {
            Err(why) => Err(wrong(why.into())),
            // What was hopped over is not there.
            Ok(_) if walker.at() > file.size => Err(wrong(TarError::Truncated { at: file.size }.into())),
            Ok(_) if walker.at() < file.size && !walker.is_over() => {
                Err(wrong(ArchiveError::TooMany { max: FILES }))
            }
            Ok(_) => Ok(entries),
        }
    }

    fn add(&mut self, given: GivenId, size: u64, member: Member) -> Result<(), ArchiveError> {
        let end = member.at.checked_add(member.size).filter(|end| *end <= size);
        let end = end.ok_or(TarError::Truncated { at: size })?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
        // Nobody asks for what has no plain name.
        let Some(path) = text(member.path).and_then(|path| path::plain(&path)) else { return Ok(()) };
        let link = text(member.link);
        let leads = match member.kind {
            Kind::Other => return Ok(()),
            Kind::File => None,
            Kind::HardLink => Some(link.and_then(|link| path::plain(&link))),
            Kind::SymLink => Some(link.and_then(|link| path::resolve(path::parent(&path), &link))),
        };
        self.count(&path)?;
        self.found.remove(&path);
        let entry = match leads {
            None => Entry::File((given, member.at..end)),
            Some(Some(to)) => {
                self.count(&to)?;
                Entry::Link(to)
            }
            Some(None) => return Ok(()),
        };
        self.found.insert(path, entry);
        Ok(())
    }

    fn count(&mut self, path: &str) -> Result<(), ArchiveError> {
        self.paths += path.len();
        match self.found.len() >= FILES || self.paths > PATHS {
            true => Err(ArchiveError::TooMany { max: FILES }),
            false => Ok(()),
        }
    }

    /// Where the bytes of a file are; links are followed, within the archive.
    pub fn find(&self, path: &str) -> Option<Place> {
        let mut path = path::plain(path)?;
        for _ in 0..LINKS {
            match self.found.get(&path)? {
                Entry::File(place) => return Some(place.clone()),
                Entry::Link(to) => path = to.clone(),
            }
        }
        None
    }

    /// The shortest beginning with which all these files are there: empty, or ending in `/`.
    pub(super) fn root_of(&self, names: &[&str]) -> Option<String> {
        let (first, others) = names.split_first()?;
        let files = self.found.iter().filter(|(_, entry)| matches!(entry, Entry::File(_)));
        let roots = files.filter_map(|(path, _)| {
            let root = path.strip_suffix(first)?;
            let whole = root.is_empty() || root.ends_with('/');
            (whole && others.iter().all(|other| self.find(&format!("{root}{other}")).is_some()))
                .then_some(root)
        });
        roots.min_by_key(|root| root.len()).map(str::to_owned)
    }

    /// All bytes of a small file; `None` if there is none of this path.
    pub async fn read(&self, cx: &Cx, path: &str, max: u64) -> Result<Option<Vec<u8>>, Error> {
        let Some((given, part)) = self.find(path) else { return Ok(None) };
        read(cx, (given, part), max, path).await.map(Some)
    }
}

/// All bytes at a place. Bytes that are not there are left out: whoever reads them checks.
pub(crate) async fn read(cx: &Cx, (given, part): Place, max: u64, what: &str) -> Result<Vec<u8>, Error> {
    let size = part.end.saturating_sub(part.start);
    let len = u32::try_from(size).ok().filter(|_| size <= max);
    let len = len.ok_or_else(|| Error::content(what, ArchiveError::TooLarge { size, max }))?;
    cx.slice(given, part.start, len).await.map_err(Error::Given)
}
