//! What a flow sees of the world.

use std::{any::TypeId, cell::RefCell, fmt, ops::Range, rc::Rc, time::Duration};

use super::{
    Caps, Limits, Permit, There, Why,
    ask::{Ask, Sleep},
    guard::{Body, Ingest, Lock},
    shared::{Moving, Shared, Trail},
    ticket::{Answer, Ticket},
};
use crate::{
    effect::{
        Notice, Request,
        extents::Extents,
        file::{Entry, FileError, Helped, Helper, HelperError, SaveFile},
        given::{GivenId, Slice},
        http::{Exchange, NetError, Payload, Response},
        pump::{Counter, End, Pump, Pumped, Sink, Source, Tap},
        secret::{Origin, Secret, SecretError},
        store::{
            Applied, Batch, Begin, Begun, Commit, Content, LockKey, Read, Record, Removal, StoreError,
            StoreErrorKind,
        },
        verifier::Verified,
    },
    event::Event,
    name::Digest,
    registry::Grants,
    time::{Instant, UnixTime},
};

/// A flow's context: the only source of leaf futures. Cloning it is cheap.
#[derive(Clone)]
pub struct Cx {
    pub(super) shared: Rc<RefCell<Shared>>,
    trail: Rc<Trail>,
}

/// A response whose body, when it is open, closes by itself.
#[derive(Debug)]
pub struct Reply {
    /// The status line's code.
    pub status: http::StatusCode,
    /// Every header that the host can see.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: ReplyBody,
    /// Who answered, if the host has followed redirects there.
    pub from: Option<url::Url>,
}

/// The body of a [`Reply`].
#[derive(Debug)]
pub enum ReplyBody {
    /// All of it.
    Small(Vec<u8>),
    /// Open.
    Large(Body),
    /// Longer than the request allowed.
    TooLong,
}

/// An ingest that was begun.
#[derive(Debug)]
pub enum Begins {
    /// The content is there already.
    Committed,
    /// An open ingest, with what an earlier run left in it.
    Open(Ingest, Left),
}

/// What an earlier run left in an ingest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// How many bytes it has from the first on without a gap.
    pub len: u64,
    /// Its checkpoint, if that can be trusted.
    pub checkpoint: Option<Vec<u8>>,
    /// What it has beyond the first gap.
    pub islands: Vec<Range<u64>>,
}

impl Cx {
    pub(super) fn new(shared: Rc<RefCell<Shared>>) -> Self {
        Self { shared, trail: Rc::default() }
    }

    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Shared) -> R) -> R {
        f(&mut self.shared.borrow_mut())
    }

    /// The same context, one step deeper in the trail that [`Op::pending`](super::Op::pending) and stalls show.
    pub fn scope(&self, name: impl fmt::Display) -> Self {
        Self { shared: Rc::clone(&self.shared), trail: Rc::new(self.trail.then(&name)) }
    }

    /// The moment of the current poll.
    pub fn now(&self) -> Instant {
        self.with(|s| s.now())
    }

    /// The wall clock: the setup's, moved on with the monotonic one.
    pub fn wall(&self) -> UnixTime {
        self.with(|s| s.wall())
    }

    /// A number in `0..below`, decided by the seed.
    pub fn random(&self, below: u64) -> u64 {
        self.with(|s| s.rng.below(below))
    }

    /// The operation's bounds.
    pub fn limits(&self) -> Limits {
        self.with(|s| s.limits)
    }

    /// What the host can do.
    pub fn caps(&self) -> Caps {
        self.with(|s| s.caps)
    }

    /// What registries have granted: to this operation, else to those before it.
    pub(crate) fn granted<T>(&self, find: impl Fn(&Grants) -> Option<T>) -> Option<T> {
        self.with(|s| find(&s.learnt).or_else(|| find(&s.grants)))
    }

    /// Notes what a registry has granted.
    pub(crate) fn learn(&self, note: impl FnOnce(&mut Grants)) {
        self.with(|s| note(&mut s.learnt));
    }

    /// Tells the user something.
    pub fn emit(&self, event: Event) {
        self.with(|s| s.emit(event));
    }

    pub(super) fn notify(&self, notice: Notice) {
        self.with(|s| s.notify(notice));
    }

    /// Wakes every waiting child: some condition that is not a request has changed.
    pub(super) fn touch(&self) {
        self.with(Shared::touch);
    }

    /// Waits, and says why.
    pub async fn sleep(&self, wait: Duration, why: Why) {
        self.sleep_until(self.now().after(wait), why).await;
    }

    pub(super) fn sleep_until(&self, at: Instant, why: Why) -> Sleep {
        Sleep::new(self, at, why)
    }

    fn ask<R: Answer>(&self, make: impl FnOnce(Ticket<R>) -> Request) -> Ask<R> {
        self.ask_moving(None, make)
    }

    fn ask_moving<R: Answer>(
        &self,
        moving: Option<Moving>,
        make: impl FnOnce(Ticket<R>) -> Request,
    ) -> Ask<R> {
        let id = self.with(Shared::number);
        self.queue(make(Ticket::new(id)), TypeId::of::<R>(), moving);
        Ask::new(self, id)
    }

    fn queue(&self, request: Request, wants: TypeId, moving: Option<Moving>) {
        self.with(|s| s.ask(request, wants, Rc::clone(&self.trail), moving));
    }

    /// One HTTP exchange, under a permit.
    pub async fn exchange(&self, exchange: Exchange) -> Result<Reply, NetError> {
        let _permit = Permit::take(self).await;
        let Response { status, headers, body, from } =
            self.ask(|t| Request::Exchange(Box::new(exchange), t)).await?;
        let body = match body {
            Payload::Inline(bytes) => ReplyBody::Small(bytes),
            Payload::Stream(id) => ReplyBody::Large(Body::new(self, id)),
            Payload::TooLong => ReplyBody::TooLong,
        };
        Ok(Reply { status, headers, body, from })
    }

    /// Moves a body into an ingest, at the tap's length, under a permit.
    pub async fn download(&self, body: Body, ingest: &Ingest, digest: &Digest, tap: Tap) -> Pumped {
        let _permit = Permit::take(self).await;
        // The pump ends the body, whatever happens; only an operation that never starts it has to close it.
        let from = Source::Body(body.into_id());
        let there = There::new(digest.clone(), Extents::prefix_of(tap.len()));
        let coming = Moving::Coming(there, tap.len());
        self.pump(from, Sink::Ingest(ingest.id()), Some(coming), tap).await
    }

    /// Moves a body into its part of an ingest, under a permit, and adds it to what is `there`. Also where it ended.
    pub async fn fill(&self, body: Body, ingest: &Ingest, there: &There, part: Range<u64>) -> (u64, End) {
        let _permit = Permit::take(self).await;
        let (from, start) = (Source::Body(body.into_id()), part.start);
        let tap = Tap::Count(Counter::new(part));
        let coming = Moving::Coming(there.clone(), start);
        let Pumped { tap, end } = self.pump(from, Sink::Part(ingest.id()), Some(coming), tap).await;
        if !matches!(end, End::StoreFailed(_)) {
            there.add(start..tap.len());
        }
        (tap.len(), end)
    }

    /// Shows the tap what an ingest has, from the tap's length up to `to`.
    pub async fn rehash(&self, ingest: &Ingest, to: u64, tap: Tap) -> Pumped {
        let from = Source::Ingest { ingest: ingest.id(), from: tap.len(), to };
        self.pump(from, Sink::Nowhere, None, tap).await
    }

    /// Shows the tap committed content, from the tap's length on.
    pub async fn look(&self, digest: &Digest, to: u64, tap: Tap) -> Pumped {
        let from = Source::Content { digest: digest.clone(), from: tap.len(), to };
        let examining = Moving::Examining(digest.clone(), tap.len());
        self.pump(from, Sink::Nowhere, Some(examining), tap).await
    }

    /// Moves a part of a file that the user gave into an ingest of this digest: it begins at `from` there, and goes on at
    /// the tap's length.
    pub async fn copy(
        &self,
        (given, part): (GivenId, Range<u64>),
        ingest: &Ingest,
        digest: &Digest,
        tap: Tap,
    ) -> Pumped {
        let from = Source::Given { given, from: part.start.saturating_add(tap.len()), to: part.end };
        let there = There::new(digest.clone(), Extents::prefix_of(tap.len()));
        let coming = Moving::Coming(there, tap.len());
        self.pump(from, Sink::Ingest(ingest.id()), Some(coming), tap).await
    }

    /// Shows the tap a part of a file that the user gave.
    pub async fn look_at(&self, (given, part): (GivenId, Range<u64>), tap: Tap) -> Pumped {
        let from = Source::Given { given, from: part.start.saturating_add(tap.len()), to: part.end };
        self.pump(from, Sink::Nowhere, None, tap).await
    }

    /// A few bytes of a file that the user gave.
    pub async fn slice(&self, given: GivenId, from: u64, len: u32) -> Result<Vec<u8>, FileError> {
        self.ask(|t| Request::Slice(Slice { given, from, len }, t)).await
    }

    fn pump(&self, from: Source, to: Sink, moving: Option<Moving>, tap: Tap) -> Ask<Pumped> {
        let checkpoint_every = self.limits().checkpoint_every;
        let pump = Pump { from, to, tap, checkpoint_every };
        self.ask_moving(moving, |t| Request::Pump(Box::new(pump), t))
    }

    /// The size of committed content, if it is there.
    pub async fn find(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        self.ask(|t| Request::Find(digest.clone(), t)).await
    }

    /// How many bytes an earlier run left in an ingest.
    pub async fn partial(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        self.ask(|t| Request::Partial(digest.clone(), t)).await
    }

    /// Small committed content.
    pub async fn read(&self, digest: &Digest, max: u64) -> Result<Vec<u8>, StoreError> {
        self.ask(|t| Request::Read(Read { digest: digest.clone(), max }, t)).await
    }

    /// The same, if it is there: asked in one go, as it may go between two questions.
    pub async fn try_read(&self, digest: &Digest, max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match self.read(digest, max).await {
            Err(error) if error.kind == StoreErrorKind::Missing => Ok(None),
            read => read.map(Some),
        }
    }

    /// Starts or resumes the ingest of this content. Hold its lock.
    pub async fn begin(&self, digest: &Digest, size: u64) -> Result<Begins, StoreError> {
        let begun = self.ask(|t| Request::Begin(Begin { digest: digest.clone(), size }, t)).await?;
        Ok(match begun {
            Begun::Committed => Begins::Committed,
            Begun::Open { ingest, len, checkpoint, islands } => {
                Begins::Open(Ingest::new(self, ingest), Left { len, checkpoint, islands })
            }
        })
    }

    /// Publishes an ingest under the digest that was verified.
    pub async fn commit(&self, ingest: Ingest, verified: Verified) -> Result<(), StoreError> {
        // The host ends the ingest with the commit, also with one that fails: it parks what it could not publish.
        let content = Content::Ingest(ingest.into_id());
        self.ask(|t| Request::Commit(Box::new(Commit { content, verified }), t)).await
    }

    /// Publishes bytes under the digest that was verified.
    pub async fn commit_bytes(&self, bytes: Vec<u8>, verified: Verified) -> Result<(), StoreError> {
        let content = Content::Bytes(bytes);
        self.ask(|t| Request::Commit(Box::new(Commit { content, verified }), t)).await
    }

    /// Deletes committed content, if records are as expected.
    pub async fn remove(&self, removal: Removal) -> Result<Applied, StoreError> {
        self.ask(|t| Request::Remove(removal, t)).await
    }

    /// One record.
    pub async fn get(&self, key: impl Into<String>) -> Result<Option<Record>, StoreError> {
        self.ask(|t| Request::Get(key.into(), t)).await
    }

    /// Every record whose key starts so, in key order.
    pub async fn scan(&self, prefix: impl Into<String>) -> Result<Vec<(String, Record)>, StoreError> {
        self.ask(|t| Request::Scan(prefix.into(), t)).await
    }

    /// Changes records, all or none.
    pub async fn apply(&self, batch: Batch) -> Result<Applied, StoreError> {
        self.ask(|t| Request::Apply(batch, t)).await
    }

    /// Tries to take a lock once.
    pub async fn try_lock(&self, key: LockKey) -> Result<Option<Lock>, StoreError> {
        let lock = self.ask(|t| Request::Lock(key, t)).await?;
        Ok(lock.map(|id| Lock::new(self, id)))
    }

    /// The credentials for one origin.
    pub async fn secret(&self, origin: &Origin) -> Result<Option<Secret>, SecretError> {
        self.ask(|t| Request::Secret(origin.clone(), t)).await
    }

    /// What is at a path of the user's configuration.
    pub async fn file(&self, path: impl Into<String>) -> Result<Entry, FileError> {
        self.ask(|t| Request::File(path.into(), t)).await
    }

    /// Replaces a file of the user's configuration.
    pub async fn save_file(&self, path: impl Into<String>, bytes: Vec<u8>) -> Result<(), FileError> {
        let save = Box::new(SaveFile { path: path.into(), bytes });
        self.ask(|t| Request::SaveFile(save, t)).await
    }

    /// Runs a credential helper.
    pub async fn helper(&self, helper: Helper) -> Result<Helped, HelperError> {
        self.ask(|t| Request::Helper(Box::new(helper), t)).await
    }
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cx({})", self.trail)
    }
}
