//! One blob out of a file that the user gave: skipped, resumed, verified, committed, or discarded, as a download is.

use std::ops::Range;

use super::{
    Lease,
    blob::{Opened, open, settle, swapped, wrong},
};
use crate::{
    effect::{
        examiner::Examiner,
        given::GivenId,
        pump::{End, Tap},
        verifier::Verifier,
    },
    error::{ArchiveError, Error},
    event::Event,
    machine::{Examined, LayerError, LayerTap},
    model::Descriptor,
    name::Mismatch,
    op::{Begins, Cx},
};

/// Makes sure that the store has this blob. `place` is where its bytes should be; `None`: they were not given. `look` looks into
/// a layer on the way: yields what it found, unless not all of the bytes went by.
pub async fn copy_blob(
    cx: &Cx,
    lease: &Lease,
    blob: &Descriptor,
    place: Option<(GivenId, Range<u64>)>,
    mut look: Option<LayerTap>,
) -> Result<Option<Result<Examined, LayerError>>, Error> {
    if settle(cx, lease, blob).await?.is_some() {
        return Ok(None);
    }
    let missing = || Error::content(format!("blob {}", blob.digest), ArchiveError::Missing);
    let (given, part) = place.ok_or_else(missing)?;
    let len = part.end.saturating_sub(part.start);
    if len != blob.size {
        return Err(wrong(blob, Mismatch::Size { want: blob.size, got: len }));
    }
    // What is named first goes last.
    let Some(Opened { _lock, mut ingest, mut verifier, .. }) = open(cx, blob).await? else {
        return Ok(None);
    };
    // What an earlier run left may be to blame: once more, from the first byte.
    loop {
        let from = verifier.len();
        cx.emit(Event::Began { digest: blob.digest.clone(), from });
        let at = (given, part.clone());
        let tap = Tap::Examine(Box::new(Examiner::new(verifier, look.take())));
        let pumped = cx.copy(at, &ingest, &blob.digest, tap).await;
        let seen = pumped.tap.into_examiner().ok_or_else(|| swapped(blob))?;
        match pumped.end {
            End::Complete | End::Refused(_) => {}
            End::StoreFailed(error) => return Err(error.into()),
            End::GivenLost(error) => return Err(Error::Given(error)),
            End::Forgotten => return Err(Error::Cancelled),
            End::SourceLost(_) => return Err(swapped(blob).into()),
        }
        let mismatch = match seen.finish() {
            (Ok(verified), looked) => {
                cx.commit(ingest, verified).await?;
                cx.emit(Event::Committed(blob.clone()));
                return Ok(looked);
            }
            (Err(mismatch), _) => mismatch,
        };
        cx.emit(Event::Discarded { digest: blob.digest.clone() });
        ingest.discard();
        if from == 0 {
            return Err(wrong(blob, mismatch));
        }
        verifier = Verifier::new(&blob.digest, blob.size);
        ingest = match cx.begin(&blob.digest, blob.size).await? {
            Begins::Open(ingest, _) => ingest,
            Begins::Committed => return Ok(None),
        };
    }
}
