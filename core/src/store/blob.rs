//! One blob from a registry into the store: skipped, resumed, verified, committed, or discarded.

use std::time::Duration;

use super::Lease;
use crate::{
    effect::{
        pump::{End, Pumped, Tap, TapError, Verifier},
        store::{LockKey, StoreError, StoreErrorKind},
    },
    error::{ContentError, Error, Refusal},
    event::Event,
    model::Descriptor,
    name::Mismatch,
    op::{Begins, Cx, Ingest, Lock, Why},
    registry::Repository,
};

/// Progress that makes a broken body count as a new beginning, in bytes; less for small blobs.
const WORTHWHILE: u64 = 1 << 20;

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
    let max = cx.limits().blob_max;
    if blob.size > max {
        return Err(Error::content(format!("blob {}", blob.digest), ContentError::TooLarge { max }));
    }
    cx.emit(Event::Planned(blob.clone()));
    if is_present(cx, blob).await? {
        return Ok(Outcome::Present);
    }
    lease.keep(cx, std::slice::from_ref(&blob.digest)).await?;
    let at_hand = if blob.size == 0 { Some(&[][..]) } else { blob.embedded() };
    if let Some(bytes) = at_hand {
        let verified = Verifier::check(&blob.digest, blob.size, bytes).map_err(|e| wrong(blob, e))?;
        cx.commit_bytes(bytes.to_vec(), verified).await?;
        cx.emit(Event::Committed(blob.clone()));
        return Ok(Outcome::Fetched(0));
    }
    let _lock = lock(cx, blob).await?;
    match cx.begin(&blob.digest, blob.size).await? {
        // Somebody else brought it: it must be what we want all the same.
        Begins::Committed if is_present(cx, blob).await? => Ok(Outcome::Present),
        Begins::Committed => Err(vanished(blob).into()),
        Begins::Open(ingest, len, checkpoint) => {
            let verifier = resume(cx, blob, &ingest, len, checkpoint).await?;
            let fetched = download(cx, repository, blob, ingest, verifier).await?;
            cx.emit(Event::Committed(blob.clone()));
            Ok(Outcome::Fetched(fetched))
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

/// A verifier that has seen what the ingest has: from its checkpoint, and by looking again only at what came after it.
async fn resume(
    cx: &Cx,
    blob: &Descriptor,
    ingest: &Ingest,
    len: u64,
    checkpoint: Option<Vec<u8>>,
) -> Result<Verifier, Error> {
    let fresh = || Verifier::new(&blob.digest, blob.size);
    if len > blob.size {
        return Ok(fresh());
    }
    let saved = checkpoint.and_then(|saved| Verifier::resume(&blob.digest, blob.size, &saved, len));
    let verifier = saved.unwrap_or_else(fresh);
    if verifier.len() == len {
        return Ok(verifier);
    }
    let Pumped { tap: Tap::Verify(verifier), end } = cx.rehash(ingest, len, Tap::Verify(verifier)).await;
    match end {
        End::StoreFailed(error) => Err(error.into()),
        // What could be read is what there is to resume from.
        _ => Ok(verifier),
    }
}

/// Fetches the rest, as often as it takes, and commits. Yields the bytes that came over the network.
async fn download(
    cx: &Cx,
    repository: &Repository,
    blob: &Descriptor,
    mut ingest: Ingest,
    mut verifier: Verifier,
) -> Result<u64, Error> {
    let elsewhere = repository.named_by(blob);
    let mut round = repository.blob_round(blob, &elsewhere);
    let (mut fetched, mut furthest) = (0, verifier.len());
    // Pieces of several bodies may not belong together, nor do ranges of several versions.
    let (mut pieced, mut restarted, mut etag) = (!verifier.is_empty(), false, None);
    loop {
        // Whose bytes they are, when all of them are of one body.
        let mut turn = None;
        let end = if verifier.is_full() {
            End::Complete
        } else {
            let asked = turn.insert(round.next(cx).await.inspect_err(|_| repository.warn_of_urls(cx, blob))?);
            let version = etag.as_ref().filter(|(at, _)| *at == asked.at).map(|(_, etag)| etag);
            let opened = match asked.blob(cx, blob, verifier.len(), version).await {
                Ok(opened) => opened,
                Err(why) => {
                    round.failed(cx, asked, why);
                    continue;
                }
            };
            if opened.from != verifier.len() {
                verifier = Verifier::new(&blob.digest, blob.size);
                pieced = false;
            }
            etag = opened.etag.map(|etag| (asked.at, etag));
            cx.emit(Event::Began { digest: blob.digest.clone(), from: opened.from });
            let pumped = cx.download(opened.body, &ingest, &blob.digest, Tap::Verify(verifier)).await;
            let Tap::Verify(seen) = pumped.tap;
            verifier = seen;
            fetched += verifier.len().saturating_sub(opened.from);
            pumped.end
        };
        let verdict = match end {
            End::Complete | End::SourceLost(_) if verifier.is_full() => verifier.finish(),
            End::Refused(TapError::TooLong { size }) => Err(Mismatch::Size { want: size, got: size + 1 }),
            End::StoreFailed(error) => return Err(error.into()),
            // Only a flow that is gone has its pumps forgotten.
            End::Forgotten => return Err(Error::Cancelled),
            End::Complete | End::SourceLost(_) => {
                // A little progress at a time must not go on for ever.
                if verifier.len() >= furthest.saturating_add(WORTHWHILE.min(blob.size.div_ceil(16))) {
                    furthest = verifier.len();
                    round.progressed();
                }
                pieced |= !verifier.is_empty();
                let why = match end {
                    End::SourceLost(error) => Refusal::Net(error),
                    _ => Refusal::Short { at: verifier.len(), size: blob.size },
                };
                turn.iter().for_each(|turn| round.failed(cx, turn, why.clone()));
                continue;
            }
        };
        let mismatch = match verdict {
            Ok(verified) => {
                cx.commit(ingest, verified).await?;
                return Ok(fetched);
            }
            Err(mismatch) => mismatch,
        };
        // Wrong bytes must never be resumed.
        cx.emit(Event::Discarded { digest: blob.digest.clone() });
        ingest.discard();
        match turn {
            // What an earlier run or body left may be to blame: once more, from the first byte.
            _ if pieced && !restarted => restarted = true,
            Some(turn) => round.failed(cx, &turn, ContentError::from(mismatch).into()),
            None => return Err(wrong(blob, mismatch)),
        }
        (verifier, pieced, etag) = (Verifier::new(&blob.digest, blob.size), false, None);
        ingest = match cx.begin(&blob.digest, blob.size).await? {
            Begins::Open(ingest, ..) => ingest,
            Begins::Committed => return Ok(fetched),
        };
    }
}

fn wrong(blob: &Descriptor, mismatch: Mismatch) -> Error {
    Error::content(format!("blob {}", blob.digest), mismatch)
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
