//! Import: from archives and folders that the user gave to names in the store.

mod bring;
mod layout;
mod looks;
mod saved;

use serde::Serialize;

use self::bring::bring;
use super::room::{Room, making_room};
use crate::{
    archive::{Archive, Entries, Format, GivenFile, Naming, Place, entries, names::full_name, open},
    error::{ArchiveError, Error},
    event::Event,
    model::{Config, Descriptor, Document, limits},
    name::{Digest, Excerpt, Reference},
    op::{Cx, Flow},
    small::SmallMap,
    store::{Labels, publish},
};

/// What to import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The files of one folder, or one archive or several. The host knows them by their position.
    pub files: Vec<GivenFile>,
    /// What to call the image; an error if there are several.
    pub name: Option<Reference>,
    /// Whether layers are looked into on their way, as [`examine`](super::examine()) does it later: unpacking takes time.
    pub examine: bool,
    /// Whether images that were not used for longest are given up when the store is full.
    pub make_room: bool,
}

/// An import that ended well.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imported {
    /// The names that now lead to what was there.
    pub images: Vec<ImportedImage>,
}

/// A name, and what it leads to now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportedImage {
    /// The name of the record.
    pub name: String,
    /// The root of the image.
    pub target: Descriptor,
}

/// What was found in one archive or folder.
struct Found {
    name: String,
    entries: Entries,
    /// What stands before the paths of an image layout.
    root: String,
    /// Documents that were made here, because the archive has none.
    made: SmallMap<Digest, Document>,
    /// Where blobs are that are not where a layout has them.
    places: SmallMap<Digest, Place>,
    /// The images, and all that each is called.
    images: Vec<(Descriptor, Vec<String>)>,
    /// What was learnt of layers by the way.
    labels: Labels,
}

/// Imports. Reads OCI image layouts, as a folder or a tar archive, and what `docker save` writes, old or new. Every blob goes
/// through the checks of a download: leased, locked, resumed, verified, committed; documents after all that they need, and
/// names last. All images are told ([`Event::Resolved`]) before anything of them is brought. Of an index, what the archive does not have stays absent; a manifest that is there must be complete.
///
/// `docker save` has no manifests that a registry would know: one is made of its configuration and layers, an OCI manifest
/// (`application/vnd.oci.image.manifest.v1+json`) with an OCI config and layers of type
/// `application/vnd.oci.image.layer.v1.tar`, `…+gzip` for those that are compressed. The same archive always makes the
/// same bytes, and so the same digest.
///
/// Images without a name are called `archive.local/<file>:latest`; of several, each `archive.local/<file>@<digest>`.
pub fn import(cx: Cx, want: Import) -> Flow<Imported> {
    Box::pin(run(cx, want))
}

async fn run(cx: Cx, want: Import) -> Result<Imported, Error> {
    let cx = cx.scope("import");
    let mut all = Vec::new();
    for archive in open(&cx, &want.files).await? {
        all.push(find(&cx, archive).await?);
    }
    name_all(&mut all, want.name.as_ref())?;
    for (target, names) in all.iter().flat_map(|found| &found.images) {
        for name in names {
            cx.emit(Event::Resolved { name: name.clone(), target: target.clone() });
        }
    }
    let room = Room::default();
    let bring = async || Box::pin(bring_all(&cx, &all, want.examine, &room)).await;
    making_room(&cx, &room, want.make_room, bring).await
}

/// What is in an archive.
async fn find(cx: &Cx, archive: Archive) -> Result<Found, Error> {
    let Archive { name, entries, format } = archive;
    let mut found = Found {
        name,
        entries,
        root: String::new(),
        made: SmallMap::default(),
        places: SmallMap::default(),
        images: Vec::new(),
        labels: Labels::default(),
    };
    match format {
        Format::Layout { root } => {
            found.root = root;
            layout::find(cx, &mut found).await?;
        }
        Format::Saved { root } => {
            found.root = root;
            saved::find(cx, &mut found).await?;
        }
    }
    if found.images.is_empty() {
        return Err(found.wrong(ArchiveError::NoImage));
    }
    Ok(found)
}

/// Sees to it that every image has a name.
fn name_all(all: &mut [Found], name: Option<&Reference>) -> Result<(), Error> {
    if let Some(name) = name {
        let count = all.iter().map(|found| found.images.len()).sum();
        let text = name.to_string();
        return match all.iter_mut().flat_map(|found| &mut found.images).collect::<Vec<_>>().as_mut_slice() {
            [(_, names)] => {
                *names = full_name(&text).into_iter().collect();
                Ok(())
            }
            _ => {
                let why = ArchiveError::Several { count, name: Excerpt::of(&text) };
                Err(Error::content("what was given", why))
            }
        };
    }
    for found in all {
        let naming = Naming::new(&found.name);
        let nameless = found.images.iter().filter(|(_, names)| names.is_empty()).count();
        for (target, names) in found.images.iter_mut().filter(|(_, names)| names.is_empty()) {
            names.push(if nameless == 1 { naming.only() } else { naming.by_digest(&target.digest) });
        }
    }
    Ok(())
}

async fn bring_all(cx: &Cx, all: &[Found], examine: bool, room: &Room) -> Result<Imported, Error> {
    let (mut images, mut to_publish) = (Vec::new(), Vec::new());
    for found in all {
        for (target, names) in &found.images {
            let labels = bring(cx, found, target, examine, room).await?;
            for (at, name) in names.iter().enumerate() {
                to_publish.push((name, target, if at == 0 { labels.changes() } else { Vec::new() }));
            }
        }
        if let Some((_, _, changes)) = to_publish.last_mut() {
            changes.extend(found.labels.changes());
        }
    }
    if let Some((_, _, changes)) = to_publish.last_mut() {
        changes.extend(room.lease(cx).end());
    }
    for (name, target, changes) in to_publish {
        publish(cx, room.lease(cx), name, target, changes).await?;
        images.push(ImportedImage { name: name.clone(), target: target.clone() });
    }
    Ok(Imported { images })
}

impl Found {
    /// Where the bytes of some content are.
    fn place(&self, digest: &Digest) -> Option<Place> {
        let path = || format!("{}blobs/{}/{}", self.root, digest.algorithm(), digest.encoded());
        self.places.get(digest).cloned().or_else(|| self.entries.find(&path()))
    }

    async fn document(&self, cx: &Cx, node: &Descriptor) -> Result<Option<Document>, Error> {
        if let Some(made) = self.made.get(&node.digest) {
            return Ok(Some(made.clone()));
        }
        let Some(place) = self.place(&node.digest) else { return Ok(None) };
        let what = format!("manifest {} in {}", node.digest, self.name);
        let bytes = entries::read(cx, place, limits::MANIFEST_BYTES, &what).await?;
        Document::verified(bytes, node).map(Some).map_err(|error| Error::content(what, error))
    }

    async fn config(&self, cx: &Cx, at: Place, what: &str) -> Result<Config, Error> {
        let bytes = entries::read(cx, at, limits::CONFIG_BYTES, what).await?;
        Config::parse(bytes).map_err(|error| Error::content(what, error))
    }

    fn missing(&self, digest: &Digest) -> Error {
        Error::content(format!("manifest {digest}"), ArchiveError::Missing)
    }

    fn wrong(&self, why: ArchiveError) -> Error {
        Error::content(if self.name.is_empty() { "the folder" } else { &self.name }, why)
    }
}
