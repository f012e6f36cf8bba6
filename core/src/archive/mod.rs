//! What the user gave, archive or folder, as one view: paths, and where the bytes behind them are.
//!
//! Nothing is ever written by a name that stands in an archive, so no path can lead anywhere: names only find bytes, and
//! bytes are believed by their digest. An archive is read by its headers alone; what lies between them is hopped over.

pub(crate) mod entries;
pub(crate) mod names;
mod path;

use crate::{
    effect::given::GivenId,
    error::{ArchiveError, Error},
    op::Cx,
};

pub use self::{
    entries::{Entries, Place},
    names::Naming,
};

/// A file that the user gave; its number is its position in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenFile {
    /// Relative to what was given, with `/`; for a single file its name.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// Something with images in it.
#[derive(Debug)]
pub struct Archive {
    /// What the user would call it.
    pub name: String,
    /// What is in it.
    pub entries: Entries,
    /// How it is built.
    pub format: Format,
}

/// How an archive or folder is built. `root` is what stands before its own paths: empty, or ending in `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// An OCI image layout; also what `docker save` writes from version 25 on.
    Layout {
        /// Where.
        root: String,
    },
    /// What `docker save` has always written.
    Saved {
        /// Where.
        root: String,
    },
}

/// Understands what was given: one folder, or one archive or several.
pub async fn open(cx: &Cx, files: &[GivenFile]) -> Result<Vec<Archive>, Error> {
    let entries = Entries::folder(files)?;
    if let Some(format) = format_of(&entries) {
        let (Format::Layout { root } | Format::Saved { root }) = &format;
        let name = root.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        return Ok(vec![Archive { name, entries, format }]);
    }
    if files.is_empty() {
        return Err(Error::content("what was given", ArchiveError::NoImage));
    }
    let mut archives = Vec::new();
    for (given, file) in (0..).map(GivenId).zip(files) {
        let wrong = |why: ArchiveError| Error::content(&file.path, why);
        if let Some(how) = compression(&cx.slice(given, 0, 8).await.map_err(Error::Given)?) {
            return Err(wrong(ArchiveError::Compressed { how }));
        }
        let entries = Entries::tar(cx, given, file).await?;
        let format = format_of(&entries).ok_or_else(|| wrong(ArchiveError::NoImage))?;
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
        archives.push(Archive { name, entries, format });
    }
    Ok(archives)
}

/// The layout if it is one: it says more than the list that `docker save` writes beside it.
fn format_of(entries: &Entries) -> Option<Format> {
    let layout = entries.root_of(&["oci-layout", "index.json"]).map(|root| Format::Layout { root });
    layout.or_else(|| entries.root_of(&["manifest.json"]).map(|root| Format::Saved { root }))
}

/// How a file is compressed, by how it begins.
fn compression(first: &[u8]) -> Option<&'static str> {
    match first {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz"),
        [b'B', b'Z', b'h', ..] => Some("bzip2"),
        _ => None,
    }
}
