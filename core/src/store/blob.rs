//! One blob from a registry into the store: skipped, resumed, verified, committed, or discarded.

use std::{ops::Range, time::Duration};

use super::{Lease, download::download};
use crate::{
    effect::{
        pump::{End, Tap},
        store::{LockKey, StoreError, StoreErrorKind},
        verifier::Verifier,
    },
    error::{ContentError, Error},
    event::Event,
    model::{Descriptor, limits},
    name::Mismatch,
    op::{Begins, Cx, Ingest, Left, Lock, Why},
    registry::Repository,
};

/// How a wanted blob came to be in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there.
    Present,
    /// It was fetched: so many bytes came over the network.
    Fetched(u64),
}

/// Makes sure that the store has this blob (containerd.md §5.6 and §5.7, without their poisoned ingests).
pub async fn fetch_blob(
    cx: &Cx,
    repository: &Repository,
    lease: &Lease,
    blob: &Descriptor,
) -> Result<Outcome, Error> {
    if let Some(outcome) = settle(cx, lease, blob).await? {
        return Ok(outcome);
    }
    let Some(Opened { ingest, verifier, islands, _lock }) = open(cx, blob).await? else {
        return Ok(Outcome::Present);
    };
    let fetched = download(cx, repository, blob, ingest, verifier, islands).await?;
    cx.emit(Event::Committed(blob.clone()));
    Ok(Outcome::Fetched(fetched))
}

/// Sees to a blob that needs no bytes from elsewhere: it is there already, is empty, or its descriptor brings it along. It is
/// under the lease from now on.
pub(super) async fn settle(cx: &Cx, lease: &Lease, blob: &Descriptor) -> Result<Option<Outcome>, Error> {
    // A configuration is read as a whole.
    let most = if blob.media_type.is_config() { limits::CONFIG_BYTES } else { u64::MAX };
    let max = cx.limits().blob_max.min(most);
    if blob.size > max {
        return Err(Error::content(format!("blob {}", blob.digest), ContentError::TooLarge { max }));
    }
    cx.emit(Event::Planned(blob.clone()));
    lease.keep(cx, std::slice::from_ref(&blob.digest)).await?;
    if is_present(cx, blob).await? {
        return Ok(Some(Outcome::Present));
    }
    let at_hand = if blob.size == 0 { Some(&[][..]) } else { blob.embedded() };
    let Some(bytes) = at_hand else { return Ok(None) };
    let verified = Verifier::check(&blob.digest, blob.size, bytes).map_err(|e| wrong(blob, e))?;
    cx.commit_bytes(bytes.to_vec(), verified).await?;
    cx.emit(Event::Committed(blob.clone()));
    Ok(Some(Outcome::Fetched(0)))
}

/// An ingest with nobody else at it.
pub(super) struct Opened {
    pub(super) ingest: Ingest,
    /// Has seen what the ingest has up to its first gap.
    pub(super) verifier: Verifier,
    /// What lies beyond the gap.
    pub(super) islands: Vec<Range<u64>>,
    /// Goes after the ingest.
    pub(super) _lock: Lock,
}

/// Starts or takes up the ingest of a blob; `None`: somebody else has brought it.
pub(super) async fn open(cx: &Cx, blob: &Descriptor) -> Result<Option<Opened>, Error> {
    let lock = lock(cx, blob).await?;
    match cx.begin(&blob.digest, blob.size).await? {
        // It must be what we want all the same.
        Begins::Committed if is_present(cx, blob).await? => Ok(None),
        Begins::Committed => Err(vanished(blob).into()),
        Begins::Open(ingest, left) => {
            let (verifier, islands) = resume(cx, blob, &ingest, left).await?;
            Ok(Some(Opened { ingest, verifier, islands, _lock: lock }))
        }
    }
}

async fn is_present(cx: &Cx, blob: &Descriptor) -> Result<bool, Error> {
    let Some(size) = cx.find(&blob.digest).await? else { return Ok(false) };
    if size != blob.size {
        return Err(wrong(blob, Mismatch::Size { want: blob.size, got: size }));
    }
    cx.emit(Event::Skipped(blob.clone()));
    Ok(true)
}

/// Waits until nobody else fetches it: 16 ms doubling to 2048 ms, each drawn below that (containerd.md §5.7).
async fn lock(cx: &Cx, blob: &Descriptor) -> Result<Lock, StoreError> {
    let mut most = 16;
    loop {
        if let Some(lock) = cx.try_lock(LockKey::Ingest(blob.digest.clone())).await? {
            return Ok(lock);
        }
        if most == 16 {
            cx.emit(Event::Waiting { digest: blob.digest.clone() });
        }
        cx.sleep(Duration::from_millis(1 + cx.random(most)), Why::Lock).await;
        most = (most * 2).min(2048);
    }
}

/// A verifier that has seen what the ingest has up to its first gap: from its checkpoint, and by looking again only at what
/// came after it. Also what lies beyond the gap.
async fn resume(
    cx: &Cx,
    blob: &Descriptor,
    ingest: &Ingest,
    left: Left,
) -> Result<(Verifier, Vec<Range<u64>>), Error> {
    let fresh = || Verifier::new(&blob.digest, blob.size);
    let Left { len, checkpoint, islands } = left;
    if len > blob.size || islands.last().is_some_and(|last| last.end > blob.size) {
        return Ok((fresh(), Vec::new()));
    }
    let saved = checkpoint.and_then(|saved| Verifier::resume(&blob.digest, blob.size, &saved, len));
    let verifier = saved.unwrap_or_else(fresh);
    if verifier.len() == len {
        return Ok((verifier, islands));
    }
    let pumped = cx.rehash(ingest, len, Tap::Verify(verifier)).await;
    match (pumped.end, pumped.tap.into_verifier()) {
        (End::StoreFailed(error), _) => Err(error.into()),
        // What could be read is what there is to resume from.
        (_, Some(verifier)) => Ok((verifier, islands)),
        (_, None) => Err(swapped(blob).into()),
    }
}

pub(super) fn wrong(blob: &Descriptor, mismatch: Mismatch) -> Error {
    Error::content(format!("blob {}", blob.digest), mismatch)
}

/// The host gave back another tap than it was given: nothing is known of the bytes.
pub(crate) fn swapped(blob: &Descriptor) -> StoreError {
    let detail = "what has seen the bytes did not come back".to_owned();
    StoreError { kind: StoreErrorKind::Failed, path: blob.digest.to_string(), detail }
}

/// The store said that it has it, and then that it does not: no name may lead to that.
fn vanished(blob: &Descriptor) -> StoreError {
    let detail = "it was there a moment ago; pull again".to_owned();
    StoreError { kind: StoreErrorKind::Missing, path: blob.digest.to_string(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        effect::{
            LockId, Request,
            store::{Applied, Begun},
        },
        error::Kind,
        name::{Digest, MediaType, Reference},
        op::{Op, Output, Setup},
        registry::Registries,
        time::Instant,
    };

    #[test]
    fn content_that_vanishes_between_two_looks_is_no_success() {
        let mut op = Op::new(Setup::default(), async |cx| {
            let repository =
                Repository::open(&cx, &Reference::parse("r.example/a")?, &Registries::default()).await?;
            let layer = MediaType::parse("application/vnd.oci.image.layer.v1.tar").expect("a media type");
            let blob = Descriptor::new(layer, Digest::sha256(b"x"), 1);
            fetch_blob(&cx, &repository, &Lease::new(&cx), &blob).await
        });
        // A store that has nothing, and says once that it has.
        let result = loop {
            match op.poll(Instant(0)) {
                Output::Request(Request::Find(_, ticket)) => op.reply(ticket, Ok(None)).unwrap(),
                Output::Request(Request::Scan(_, ticket)) => op.reply(ticket, Ok(Vec::new())).unwrap(),
                Output::Request(Request::Apply(_, ticket)) => op.reply(ticket, Ok(Applied::Done)).unwrap(),
                Output::Request(Request::Lock(_, ticket)) => op.reply(ticket, Ok(Some(LockId(1)))).unwrap(),
                Output::Request(Request::Begin(_, ticket)) => op.reply(ticket, Ok(Begun::Committed)).unwrap(),
                Output::Request(other) => panic!("{other}"),
                Output::Notice(_) | Output::Event(_) => {}
                Output::Wait(wake) => panic!("{wake:?}"),
                Output::Done(result) => break result,
            }
        };
        assert_eq!(result.unwrap_err().kind(), Kind::NotFound);
    }
}
