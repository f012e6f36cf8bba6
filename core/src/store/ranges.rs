//! The rest of a large blob over several connections: closed ranges at once, each written where it belongs, and one look at
//! all of them, in order, behind them.
//!
//! No byte waits in memory, and none is believed before the digest has seen it: what ranges bring lies in the ingest, and the
//! verifier reads it there as soon as nothing before it is missing. Whoever takes the ingest up again finds what came.

use std::{
    cell::{Cell, RefCell},
    ops::Range,
};

use http::{HeaderValue, StatusCode};

use super::{blob::swapped, download::worthwhile};
use crate::{
    effect::{
        extents::Extents,
        pump::{End, Tap},
        store::{StoreError, StoreErrorKind},
        verifier::Verifier,
    },
    error::{Error, Refusal},
    event::Event,
    model::Descriptor,
    op::{Cx, Ingest, There, worklist},
    registry::Repository,
};

/// Odd answers to a range that are tried again: a server may have a bad moment.
const ODD_MAX: u32 = 1;

/// One blob whose ranges are fetched.
struct Ranged<'a> {
    repository: &'a Repository,
    blob: &'a Descriptor,
    ingest: &'a Ingest,
    there: There,
    /// The version that the ranges are of, as an endpoint calls it.
    etag: RefCell<Option<(usize, HeaderValue)>>,
    /// Not there while it is looking.
    verifier: RefCell<Option<Verifier>>,
    fetched: Cell<u64>,
    /// Ranges do not work: what is under way may end, nothing more is begun.
    given_up: Cell<bool>,
}

/// What there is to do.
enum Work {
    Verify,
    Fetch(u64, u64),
}

/// Fetches what is neither verified nor an island. Yields a verifier that has seen as much as there is without a gap, and
/// how many bytes came over the network.
///
/// That is less than all of it when the server does not do ranges: one stream has to bring the rest. Whatever passes is
/// tried again here, range by range.
pub(super) async fn fetch(
    cx: &Cx,
    repository: &Repository,
    blob: &Descriptor,
    ingest: &Ingest,
    verifier: Verifier,
    islands: Vec<Range<u64>>,
    etag: Option<(usize, HeaderValue)>,
) -> Result<(Verifier, u64), Error> {
    let limits = cx.limits().ranges;
    let mut parts = Extents::prefix_of(verifier.len());
    islands.into_iter().for_each(|island| parts.insert(island));
    let there = There::new(blob.digest.clone(), parts);
    if there.total() > verifier.len() {
        cx.emit(Event::Began { digest: blob.digest.clone(), from: there.total() });
    }
    let missing = there.gaps(blob.size).into_iter().flat_map(|gap| pieces(gap, limits.segment.max(1)));
    let work: Vec<Work> = [Work::Verify].into_iter().chain(missing).collect();
    let it = Ranged {
        repository,
        blob,
        ingest,
        there,
        etag: RefCell::new(etag),
        verifier: RefCell::new(Some(verifier)),
        fetched: Cell::new(0),
        given_up: Cell::new(false),
    };
    worklist(
        limits.at_once,
        work,
        async |work| it.work(cx, work).await,
        |work| match work {
            Work::Verify => None,
            Work::Fetch(from, _) => Some(*from),
        },
    )
    .await?;
    let fetched = it.fetched.get();
    let verifier = it.verifier.into_inner().ok_or_else(|| swapped(blob))?;
    Ok((verifier, fetched))
}

/// A gap, in pieces of this length.
fn pieces(gap: Range<u64>, segment: u64) -> impl Iterator<Item = Work> {
    let mut from = gap.start;
    std::iter::from_fn(move || {
        let to = from.saturating_add(segment).min(gap.end);
        let piece = (from < to).then_some(Work::Fetch(from, to));
        from = to;
        piece
    })
}

impl Ranged<'_> {
    async fn work(&self, cx: &Cx, work: Work) -> Result<((), Vec<Work>), Error> {
        match work {
            Work::Verify => self.verify(cx).await.map(|()| ((), Vec::new())),
            Work::Fetch(from, to) => self.piece(cx, from..to).await.map(|()| ((), vec![Work::Verify])),
        }
    }

    /// Looks at what came, as far as it goes without a gap. Who finds another one looking leaves it to that one, who looks
    /// for more before it ends.
    async fn verify(&self, cx: &Cx) -> Result<(), Error> {
        let Some(mut verifier) = self.verifier.take() else { return Ok(()) };
        while self.there.prefix() > verifier.len() {
            let to = self.there.prefix();
            let pumped = cx.rehash(self.ingest, to, Tap::Verify(verifier)).await;
            verifier = pumped.tap.into_verifier().ok_or_else(|| swapped(self.blob))?;
            match pumped.end {
                End::StoreFailed(error) => return Err(error.into()),
                End::Forgotten => return Err(Error::Cancelled),
                _ if verifier.len() == to => {}
                _ => return Err(lost(self.blob, verifier.len()).into()),
            }
        }
        self.verifier.replace(Some(verifier));
        Ok(())
    }

    /// Fetches one piece, as often as it takes, unless ranges turn out not to work.
    async fn piece(&self, cx: &Cx, piece: Range<u64>) -> Result<(), Error> {
        let Range { start: mut at, end: to } = piece;
        let mut round = self.repository.blob_round(self.blob, &[]);
        let (mut furthest, mut odd) = (at, 0);
        while at < to && !self.given_up.get() {
            let turn = match round.next(cx).await {
                Ok(turn) => turn,
                Err(Error::Registry(error)) if is_final(&error.first.why) => {
                    self.given_up.set(true);
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let known = self.etag.borrow().clone().filter(|(whose, _)| *whose == turn.at);
            let opened = turn.blob(cx, self.blob, at..to, known.as_ref().map(|(_, etag)| etag)).await;
            let why = match opened {
                Ok(opened) if opened.part != (at..to) => {
                    self.given_up.set(true);
                    return Ok(());
                }
                Ok(opened) => {
                    if let (None, Some(etag)) = (known, opened.etag) {
                        self.etag.replace(Some((turn.at, etag)));
                    }
                    let (reached, end) = cx.fill(opened.body, self.ingest, &self.there, at..to).await;
                    self.fetched.set(self.fetched.get() + reached.saturating_sub(at));
                    at = reached;
                    if at >= furthest.saturating_add(worthwhile(self.blob)) {
                        furthest = at;
                        round.progressed();
                    }
                    match end {
                        End::StoreFailed(error) => return Err(error.into()),
                        End::GivenLost(error) => return Err(Error::Given(error)),
                        End::Forgotten => return Err(Error::Cancelled),
                        End::Complete | End::SourceLost(_) if at == to => return Ok(()),
                        End::Refused(_) => Refusal::Range(format!("more came than up to byte {to}")),
                        End::SourceLost(error) => Refusal::Net(error),
                        End::Complete => Refusal::Short { at, size: to },
                    }
                }
                Err(why) => why,
            };
            odd += u32::from(matches!(why, Refusal::Range(_)));
            if odd > ODD_MAX {
                self.given_up.set(true);
                return Ok(());
            }
            round.failed(cx, &turn, why);
        }
        Ok(())
    }
}

/// Whether a request without a range may do better: anything else is bad luck, and has been tried again as often as it may be.
fn is_final(why: &Refusal) -> bool {
    match why {
        Refusal::Net(_) | Refusal::Throttled { .. } | Refusal::Short { .. } => false,
        Refusal::Status { status, .. } => !status.is_server_error() && *status != StatusCode::REQUEST_TIMEOUT,
        _ => true,
    }
}

/// What was written is not there to be read.
fn lost(blob: &Descriptor, at: u64) -> StoreError {
    let detail = format!("it ends at byte {at}, though more was written");
    StoreError { kind: StoreErrorKind::Failed, path: blob.digest.to_string(), detail }
}
