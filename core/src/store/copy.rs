//! One blob out of a file that the user gave: skipped, resumed, verified, committed, or discarded, as a download is.

use std::ops::Range;

use super::{
    Lease, Outcome,
    blob::{Opened, open, settle, swapped, wrong},
};
use crate::{
    effect::{
        given::GivenId,
        pump::{End, Tap, Verifier},
    },
    error::{ArchiveError, Error},
    event::Event,
    model::Descriptor,
    name::Mismatch,
    op::{Begins, Cx},
};

/// Makes sure that the store has this blob. `place` is where its bytes should be; `None`: they were not given.
pub async fn copy_blob(
    cx: &Cx,
    lease: &Lease,
    blob: &Descriptor,
    place: Option<(GivenId, Range<u64>)>,
) -> Result<Outcome, Error> {
    if let Some(outcome) = settle(cx, lease, blob).await? {
        return Ok(outcome);
    }
    let missing = || Error::content(format!("blob {}", blob.digest), ArchiveError::Missing);
    let (given, part) = place.ok_or_else(missing)?;
    let len = part.end.saturating_sub(part.start);
    if len != blob.size {
        return Err(wrong(blob, Mismatch::Size { want: blob.size, got: len }));
    }
    let Some(Opened { mut ingest, mut verifier, _lock, .. }) = open(cx, blob).await? else {
        return Ok(Outcome::Present);
    };
    // What an earlier run left may be to blame: once more, from the first byte.
    let mut copied = 0;
    loop {
        let from = verifier.len();
        cx.emit(Event::Began { digest: blob.digest.clone(), from });
        let at = (given, part.clone());
        let pumped = cx.copy(at, &ingest, &blob.digest, Tap::Verify(verifier)).await;
        let (end, seen) = (pumped.end, pumped.tap.into_verifier().ok_or_else(|| swapped(blob))?);
        copied += seen.len().saturating_sub(from);
        match end {
            End::Complete | End::Refused(_) => {}
            End::StoreFailed(error) => return Err(error.into()),
            End::GivenLost(error) => return Err(Error::Given(error)),
            End::Forgotten => return Err(Error::Cancelled),
            End::SourceLost(_) => return Err(swapped(blob).into()),
        }
        let mismatch = match seen.finish() {
            Ok(verified) => {
                cx.commit(ingest, verified).await?;
                cx.emit(Event::Committed(blob.clone()));
                return Ok(Outcome::Fetched(copied));
            }
            Err(mismatch) => mismatch,
        };
        cx.emit(Event::Discarded { digest: blob.digest.clone() });
        ingest.discard();
        if from == 0 {
            return Err(wrong(blob, mismatch));
        }
        verifier = Verifier::new(&blob.digest, blob.size);
        ingest = match cx.begin(&blob.digest, blob.size).await? {
            Begins::Open(ingest, _) => ingest,
            Begins::Committed => return Ok(Outcome::Present),
        };
    }
}
