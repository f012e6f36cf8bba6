//! A blob that is opened for somebody else to read.

use std::ops::Range;

use crate::{
    effect::BodyId,
    error::Error,
    model::Descriptor,
    name::{Digest, MediaType, Reference},
    op::Cx,
    registry::{Registries, Repository},
};

/// Which blob, and what of it.
#[derive(Clone, Debug)]
pub struct OpenBlob {
    /// The repository.
    pub repository: Reference,
    /// How the registry is spoken to.
    pub registries: Registries,
    /// The blob.
    pub digest: Digest,
    /// Its size, as whoever wants it knows it from a descriptor.
    pub size: u64,
    /// The part that is wanted; `None` for all of it.
    pub part: Option<Range<u64>>,
}

/// An open blob.
#[derive(Debug, PartialEq, Eq)]
pub struct OpenedBlob {
    /// Its bytes. The body is the host's: the operation is over and closes nothing, so whoever ran it reads this to its end
    /// or drops it.
    pub body: BodyId,
    /// Which bytes come: those that were asked for, or all when the registry ignores ranges.
    pub part: Range<u64>,
    /// The size of the whole.
    pub size: u64,
}

/// Opens a blob: endpoints, logging in, redirects and tries are done when this ends, and no byte of it was read. Nothing is
/// verified: that is for whoever reads it.
pub async fn open_blob(cx: Cx, want: OpenBlob) -> Result<OpenedBlob, Error> {
    let OpenBlob { repository, registries, digest, size, part } = want;
    let cx = cx.scope(format_args!("open {digest}"));
    let repository = Repository::open(&cx, &repository, &registries).await?;
    let blob = Descriptor::new(MediaType::known(MediaType::OCTET_STREAM), digest, size);
    let part = part.unwrap_or(0..size);
    let mut round = repository.blob_round(&blob, &[]);
    loop {
        let turn = round.next(&cx).await?;
        match turn.blob(&cx, &blob, part.clone(), None).await {
            Ok(opened) => return Ok(OpenedBlob { body: opened.body.hand_over(), part: opened.part, size }),
            Err(why) => round.failed(&cx, &turn, why),
        }
    }
}
