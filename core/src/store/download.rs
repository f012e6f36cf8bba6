//! The bytes of one blob from wherever they come: continued, fetched again, verified, committed, or discarded.

use std::ops::Range;

use super::{
    blob::{swapped, wrong},
    ranges,
};
use crate::{
    effect::{
        pump::{End, Tap, TapError},
        verifier::Verifier,
    },
    error::{ContentError, Error, Refusal},
    event::Event,
    model::Descriptor,
    name::Mismatch,
    op::{Begins, Cx, Ingest},
    registry::Repository,
};

/// Progress that makes a broken body count as a new beginning, in bytes; less for small blobs.
const WORTHWHILE: u64 = 1 << 20;

/// How much of this blob has to come at least for what follows to be a new beginning: a little progress at a time must not go on for ever.
pub(super) fn worthwhile(blob: &Descriptor) -> u64 {
    WORTHWHILE.min(blob.size.div_ceil(16))
}

/// Fetches the rest, as often as it takes, and commits. Yields the bytes that came over the network.
///
/// The first range of a large blob shows how fast it comes. A slow one comes over several connections from then on
/// ([`ranges`]), and so does one of which an earlier run left more than its beginning. All others come in one stream, and so
/// does what ranges could not bring.
pub(super) async fn download(
    cx: &Cx,
    repository: &Repository,
    blob: &Descriptor,
    mut ingest: Ingest,
    mut verifier: Verifier,
    islands: Vec<Range<u64>>,
) -> Result<u64, Error> {
    let limits = cx.limits().ranges;
    let elsewhere = repository.named_by(blob);
    let mut round = repository.blob_round(blob, &elsewhere);
    let (mut fetched, mut furthest) = (0, verifier.len());
    // Pieces of several bodies may not belong together, nor do ranges of several versions.
    let (mut pieced, mut restarted, mut etag) = (!verifier.is_empty(), false, None);
    // Whether it may come in ranges, which is tried once; and those that are to come at once now.
    let mut may_part = limits.at_once > 1;
    let mut parted = (!islands.is_empty()).then_some(islands);
    // How far a first range has come: what goes on there is no new beginning to whoever looks on.
    let mut probed = None;
    loop {
        if let Some(islands) = parted.take() {
            may_part = false;
            let came;
            (verifier, came) =
                ranges::fetch(cx, repository, blob, &ingest, verifier, islands, etag.clone()).await?;
            fetched += came;
            (pieced, furthest, probed) = (true, verifier.len(), None);
            round.progressed();
        }
        // Whose bytes they are, when all of them are of one body; and how far it was to bring them.
        let (mut turn, mut most) = (None, blob.size);
        let end = if verifier.is_full() {
            End::Complete
        } else {
            let asked = turn.insert(round.next(cx).await.inspect_err(|_| repository.warn_of_urls(cx, blob))?);
            let version = etag.as_ref().filter(|(at, _)| *at == asked.at).map(|(_, etag)| etag);
            let from = verifier.len();
            if may_part && blob.size - from >= limits.from {
                most = from.saturating_add(limits.segment.max(1)).min(blob.size);
            }
            let opened = match asked.blob(cx, blob, from..most, version).await {
                Ok(opened) => opened,
                Err(why) => {
                    may_part &= !matches!(why, Refusal::Range(_));
                    round.failed(cx, asked, why);
                    continue;
                }
            };
            if opened.part.start != from {
                verifier = Verifier::new(&blob.digest, blob.size);
                pieced = false;
            }
            may_part &= opened.part.end == most;
            most = opened.part.end;
            etag = opened.etag.map(|etag| (asked.at, etag));
            if probed.take() != Some(verifier.len()) {
                cx.emit(Event::Began { digest: blob.digest.clone(), from: verifier.len() });
            }
            let (from, began) = (verifier.len(), cx.now());
            let tap = Tap::Verify(verifier.up_to(most));
            let pumped = cx.download(opened.body, &ingest, &blob.digest, tap).await;
            verifier = pumped.tap.into_verifier().ok_or_else(|| swapped(blob))?.up_to(blob.size);
            fetched += verifier.len().saturating_sub(from);
            if verifier.len() == most && most < blob.size && !matches!(pumped.end, End::StoreFailed(_)) {
                let took = cx.now().since(began).as_millis();
                let [came, left] = [(most - from).max(1), blob.size - most].map(u128::from);
                let is_slow = took.saturating_mul(left) / came >= limits.slow.as_millis();
                let is_fast = came * 1000 / took.max(1) >= limits.fast.into();
                parted = (is_slow && !is_fast).then(Vec::new);
                (may_part, pieced, furthest, probed) = (false, true, most, Some(most));
                round.progressed();
                continue;
            }
            pumped.end
        };
        let verdict = match end {
            End::Complete | End::SourceLost(_) if verifier.is_full() => verifier.finish(),
            End::Refused(TapError::TooLong { size }) if size == blob.size => {
                Err(Mismatch::Size { want: size, got: size + 1 })
            }
            End::StoreFailed(error) => return Err(error.into()),
            End::GivenLost(error) => return Err(Error::Given(error)),
            // Only a flow that is gone has its pumps forgotten.
            End::Forgotten => return Err(Error::Cancelled),
            End::Complete | End::SourceLost(_) | End::Refused(_) => {
                if verifier.len() >= furthest.saturating_add(worthwhile(blob)) {
                    furthest = verifier.len();
                    round.progressed();
                }
                pieced |= !verifier.is_empty();
                let why = match end {
                    End::SourceLost(error) => Refusal::Net(error),
                    End::Refused(_) => {
                        may_part = false;
                        Refusal::Range(format!("more came than up to byte {most}"))
                    }
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
        (verifier, pieced, etag, may_part) = (Verifier::new(&blob.digest, blob.size), false, None, false);
        ingest = match cx.begin(&blob.digest, blob.size).await? {
            Begins::Open(ingest, _) => ingest,
            Begins::Committed => return Ok(fetched),
        };
    }
}
