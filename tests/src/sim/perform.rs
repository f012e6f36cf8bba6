//! Carrying out requests and notices, with the faults that the seed decides.

use std::{rc::Rc, time::Duration};

use lugger_core::{
    effect::{
        Notice,
        file::{FileError, Helped, Helper, HelperError},
        given::{GivenId, Slice},
        http::{Exchange, NetError, NetErrorKind},
        secret::{Origin, Secret, SecretError},
        store::{
            Applied, Batch, Begin, Begun, Commit, Content, LockKey, Removal, StoreError, StoreErrorKind,
        },
    },
    store::ImageRecord,
};
use serde_json::json;

use super::{
    faults::{Fault, Group},
    net::{Arrival, Sent, refused},
    registry::{Answer, Ranges, TAG, kind, range},
    store::error,
    world::World,
};
use crate::contract::fixture;

impl World {
    /// One exchange, as far as its response's headers and an inline body.
    pub(super) fn exchange(&mut self, exchange: &Exchange) -> Arrival {
        *self.tally.requests.entry(kind(exchange)).or_default() += 1;
        self.check_secrets(exchange);
        let spent = Duration::from_millis(1 + self.rng.below(30));
        self.clock.spend(spent);
        if let Some(base) = self.fixture.clone().filter(|base| Origin::of(base) == Origin::of(&exchange.url))
        {
            let (answer, ending) = fixture::answer(base.path(), &exchange.url, &exchange.headers);
            return self.net.arrive(exchange, Sent::fixture(answer, ending));
        }
        let can_revoke = self.registry.can_revoke(exchange);
        let fault = self.fault(Group::Exchange, |fault| fault != Fault::Revoked || can_revoke);
        let answer = match fault {
            Some(Fault::Refused) => return Arrival::Now(Err(refused())),
            Some(Fault::Silent) => return Arrival::Never,
            Some(Fault::Throttled) => Answer::error(429, "TOOMANYREQUESTS"),
            Some(Fault::ThrottledAfter) => {
                let seconds = if self.rng.below(4) == 0 { 1_000 } else { 1 + self.rng.below(30) };
                Answer::error(429, "TOOMANYREQUESTS").header("retry-after", &seconds.to_string())
            }
            Some(Fault::ServerError) => {
                let status = [500, 502, 503, 504][self.rng.below(4) as usize];
                Answer::new(status, b"<h1>oops</h1>".to_vec())
            }
            Some(Fault::Garbage) => Answer::new(200, br#"{"schemaVersion":2,"token":"#.to_vec()),
            Some(Fault::Html) => Answer::new(200, b"<html><body>Please log in</body></html>".to_vec())
                .header("content-type", "text/html"),
            other => {
                if other == Some(Fault::Revoked) {
                    self.registry.revoke();
                }
                let ranges = self.ranges(exchange);
                match self.registry.answer(exchange, self.clock.now(), ranges) {
                    Some(answer) => answer,
                    None => {
                        let error = NetError::new(NetErrorKind::Connect, "nobody listens");
                        return Arrival::Now(Err(error));
                    }
                }
            }
        };
        let mut sent = Sent::whole(answer);
        // Nobody can tell that a document is damaged when all that is known of it is a tag.
        let unknown = exchange.url.path().ends_with(TAG) && !self.scenario.digest_header;
        if !sent.answer.body.is_empty()
            && exchange.method != http::Method::HEAD
            && let Some(fault) = self.fault(Group::Body, |fault| fault != Fault::Flipped || !unknown)
        {
            sent.damage(fault, &mut self.rng);
        }
        self.net.arrive(exchange, sent)
    }

    fn ranges(&mut self, exchange: &Exchange) -> Ranges {
        if range(&exchange.headers).is_none() {
            return Ranges::Served;
        }
        match self.fault(Group::Range, |_| true) {
            Some(Fault::RangeIgnored) => Ranges::Ignored,
            Some(Fault::WrongRange) => Ranges::Wrong,
            _ => Ranges::Served,
        }
    }

    /// Whether the store fails at this.
    pub(super) fn store_fault(&mut self, writes: bool) -> Result<(), StoreError> {
        match self.fault(Group::Store, |fault| writes || fault != Fault::DiskFull) {
            Some(Fault::DiskFull) => Err(error(StoreErrorKind::Full, &"the disk")),
            Some(_) => Err(error(StoreErrorKind::Failed, &"the disk")),
            None => Ok(()),
        }
    }

    /// Opens an ingest.
    pub(super) fn begin(&mut self, begin: &Begin, forgotten: bool) -> Result<Begun, StoreError> {
        self.store_fault(true)?;
        let key = LockKey::Ingest(begin.digest.clone());
        let locked = self.store.held.values().any(|held| *held == key);
        self.must(locked || forgotten, || format!("began {} without its lock", begin.digest));
        let twice = self.store.open.values().any(|open| *open == begin.digest);
        self.must(!twice, || format!("began {} twice", begin.digest));
        self.store.begin(begin)
    }

    /// What the user gave.
    pub(super) fn given(&self, id: GivenId) -> Result<Rc<[u8]>, FileError> {
        let missing = || FileError { path: id.to_string(), detail: "nothing was given".to_owned() };
        self.given.get(id.0 as usize).cloned().ok_or_else(missing)
    }

    /// A few bytes of what the user gave.
    pub(super) fn slice(&self, slice: Slice) -> Result<Vec<u8>, FileError> {
        let bytes = self.given(slice.given)?;
        let from = (slice.from as usize).min(bytes.len());
        Ok(bytes[from..(from + slice.len as usize).min(bytes.len())].to_vec())
    }

    /// Deletes content.
    pub(super) fn remove(&mut self, removal: &Removal) -> Result<Applied, StoreError> {
        self.store_fault(true)?;
        Ok(self.store.remove(removal))
    }

    /// Publishes content.
    pub(super) fn commit(&mut self, commit: Commit) -> Result<(), StoreError> {
        if let Err(error) = self.store_fault(true) {
            if let Content::Ingest(ingest) = commit.content {
                self.store.park(ingest);
            }
            return Err(error);
        }
        self.check_commit(&commit);
        self.store.commit(commit)
    }

    /// Changes records.
    pub(super) fn apply(&mut self, batch: &Batch) -> Result<Applied, StoreError> {
        self.store_fault(true)?;
        if batch.publish && self.fault(Group::Record, |_| true).is_some() {
            self.rename();
        }
        let applied = self.store.apply(batch)?;
        if applied == Applied::Done && batch.publish {
            self.check_names();
        }
        Ok(applied)
    }

    /// Another process makes the image record, gives it a label of its own, or removes it.
    fn rename(&mut self) {
        let key = format!("image/{}", self.name());
        let Some(record) = self.store.get(&key) else {
            let target = self.scenario.image.root_entry();
            let record = json!({"target": target, "created_at": "then", "updated_at": "then"});
            // Its name is as durable as ours, and so is all that it leads to.
            self.store.disk.volatile.clear();
            return self.store.disk.put(&key, record.to_string());
        };
        if self.rng.below(4) == 0 {
            self.store.disk.records.remove(&key);
            return;
        }
        let Ok(mut image) = serde_json::from_str::<ImageRecord>(&record.value) else { return };
        let label = format!("label-{}", self.rng.below(10));
        image.labels.insert(label, "another process's".to_owned());
        self.store.disk.put(&key, serde_json::to_string(&image).expect("a record is JSON"));
    }

    /// Tries to take a lock.
    pub(super) fn lock(&mut self, key: &LockKey) -> Result<Option<lugger_core::effect::LockId>, StoreError> {
        self.store_fault(true)?;
        match self.others.get(key) {
            Some(until) if *until > self.clock.now() => return Ok(None),
            Some(_) => {
                self.others.remove(key);
                self.other_process_done(key);
            }
            None => {
                if self.fault(Group::Lock, |_| true).is_some() {
                    let wait = Duration::from_millis(self.rng.below(20_000));
                    self.others.insert(key.clone(), self.clock.now().after(wait));
                    return Ok(None);
                }
            }
        }
        Ok(self.store.lock(key))
    }

    /// Another process gives a lock back; in half of the cases it has done the work.
    fn other_process_done(&mut self, key: &LockKey) {
        let LockKey::Ingest(digest) = key;
        if self.rng.below(2) == 0
            && let Some(bytes) = self.scenario.image.blobs.get(digest)
        {
            self.store.disk.ingests.remove(digest);
            self.store.disk.blobs.insert(digest.clone(), bytes[..].into());
            self.note(&format_args!("another process has committed {digest}"));
        }
    }

    /// Looks up credentials.
    pub(super) fn help(&self, helper: &Helper) -> Result<Helped, HelperError> {
        let known = self.helpers.get(&helper.name).cloned();
        known.ok_or_else(|| HelperError { name: helper.name.clone(), detail: "not installed".to_owned() })
    }

    pub(super) fn secret(&self, origin: &Origin) -> Result<Option<Secret>, SecretError> {
        Ok(self.registry.secret(origin))
    }

    /// Takes something back. What it names must be there.
    pub(crate) fn notice(&mut self, notice: Notice) {
        let known = match notice {
            Notice::Forget(_) => true,
            Notice::Close(body) => self.net.close(body),
            Notice::Park(ingest) => self.store.park(ingest),
            Notice::Discard(ingest) => self.store.discard(ingest),
            Notice::Unlock(lock) => self.store.unlock(lock),
        };
        self.must(known, || format!("nothing to do for the notice: {notice}"));
    }
}
