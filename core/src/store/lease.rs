//! Leases: content is kept while an operation works on it, though no name leads to it yet.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    effect::store::{Batch, Change, StoreError, StoreErrorKind},
    name::Digest,
    op::{Cx, Once},
    small::SmallSet,
    time::UnixTime,
};

/// When a lease ends, as RFC 3339 (containerd.md §8.2).
const EXPIRE: &str = "containerd.io/gc.expire";

/// Written anew whenever something is leased: its revision tells a removal whether what it knows of leases is still so.
const GENERATION: &str = "leases";

/// What a failed or killed pull has fetched is kept so long for the next try.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A lease as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    /// RFC 3339.
    pub created_at: String,
    /// `containerd.io/gc.expire`, at least.
    pub labels: BTreeMap<String, String>,
}

impl LeaseRecord {
    /// Whether it has ended. One whose end cannot be read has none.
    fn is_over(&self, now: UnixTime) -> bool {
        self.labels.get(EXPIRE).and_then(|at| UnixTime::parse(at)).is_some_and(|at| at <= now)
    }
}

/// All content that a lease keeps which has not ended, and what must hold as long as nothing else is leased.
pub async fn leased(cx: &Cx) -> Result<(SmallSet<Digest>, (String, u64)), StoreError> {
    let revision = cx.get(GENERATION).await?.map_or(0, |record| record.revision);
    Ok((survey(cx).await?.0, (GENERATION.to_owned(), revision)))
}

/// What leases keep, and the keys of records that keep nothing: of leases that have ended, and of content whose lease is gone.
async fn survey(cx: &Cx) -> Result<(SmallSet<Digest>, Vec<String>), StoreError> {
    let (now, mut live) = (cx.wall(), SmallSet::default());
    let (mut kept, mut idle) = (SmallSet::default(), Vec::new());
    // A lease comes before its content: its key is how theirs begin.
    for (key, record) in cx.scan("lease/").await? {
        match key.split_once("/content/") {
            Some((lease, content)) if live.contains(lease) => kept.extend(content.parse::<Digest>().ok()),
            None if !record.read().is_ok_and(|lease: LeaseRecord| lease.is_over(now)) => {
                live.insert(key);
            }
            _ => idle.push(key),
        }
    }
    Ok((kept, idle))
}

/// The lease of one operation. It is made with the first content that needs it, and ends with the batch that names
/// that content; an operation that does not get so far leaves it to its expiry, so that its work is not lost.
#[derive(Debug)]
pub struct Lease {
    prefix: String,
    made: Once<()>,
    kept: RefCell<SmallSet<Digest>>,
}

impl Lease {
    /// A lease with a name of its own.
    pub fn new(cx: &Cx) -> Self {
        let prefix = format!("lease/{}-{:08x}", cx.wall().0, cx.random(1 << 32));
        Self { prefix, made: Once::default(), kept: RefCell::default() }
    }

    /// Keeps this content from now on. Call it before looking whether the content is there: what is found without that, a
    /// removal may take.
    pub async fn keep(&self, cx: &Cx, content: &[Digest]) -> Result<(), StoreError> {
        self.made.get(cx, async || self.make(cx).await).await?;
        let mut fresh = content.to_vec();
        fresh.retain(|digest| !self.kept.borrow().contains(digest));
        if fresh.is_empty() {
            return Ok(());
        }
        let put = |digest| Change::Put {
            key: format!("{}/content/{digest}", self.prefix),
            value: "\"\"".to_owned(),
        };
        let mut changes: Vec<_> = fresh.iter().map(put).collect();
        changes.push(Change::Put { key: GENERATION.to_owned(), value: "\"\"".to_owned() });
        cx.apply(Batch { changes, ..Batch::default() }).await?;
        self.kept.borrow_mut().extend(fresh);
        Ok(())
    }

    /// What must hold when content that it keeps is named: that it is there, at this revision; nothing if it was never made.
    ///
    /// # Errors
    /// When it is gone: it has ended, or all of the store was deleted. Then what it kept may be gone, too.
    pub async fn standing(&self, cx: &Cx) -> Result<Option<(String, u64)>, StoreError> {
        if self.made.peek().is_none() {
            return Ok(None);
        }
        match cx.get(&*self.prefix).await? {
            Some(record) => Ok(Some((self.prefix.clone(), record.revision))),
            None => Err(StoreError {
                kind: StoreErrorKind::Missing,
                path: self.prefix.clone(),
                detail: "what this operation relied on was deleted meanwhile; try again".to_owned(),
            }),
        }
    }

    /// What ends it; nothing if it was never made.
    pub fn end(&self) -> Vec<Change> {
        match self.made.peek() {
            None => Vec::new(),
            Some(()) => vec![
                Change::Delete { key: self.prefix.clone() },
                Change::DeleteAll { prefix: format!("{}/", self.prefix) },
            ],
        }
    }

    /// Makes it, and clears away the leases that have ended.
    async fn make(&self, cx: &Cx) -> Result<(), StoreError> {
        let now = cx.wall();
        let labels = BTreeMap::from([(EXPIRE.to_owned(), now.after(LIFE).to_string())]);
        let record = LeaseRecord { created_at: now.to_string(), labels };
        let value = serde_json::to_string(&record).expect("a map of strings is JSON");
        let mut changes = vec![Change::Put { key: self.prefix.clone(), value }];
        let (_, idle) = survey(cx).await?;
        changes.extend(idle.into_iter().map(|key| Change::Delete { key }));
        cx.apply(Batch { changes, ..Batch::default() }).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        effect::{
            Request,
            store::{Applied, StoreErrorKind},
        },
        op::{Op, Output, Setup},
        time::Instant,
    };

    #[test]
    fn what_could_not_be_leased_is_leased_by_the_next_try() {
        let mut op = Op::new(Setup::default(), async |cx| {
            let (lease, content) = (Lease::new(&cx), [Digest::sha256(b"x")]);
            assert_eq!(lease.keep(&cx, &content).await.unwrap_err().kind, StoreErrorKind::Full);
            lease.keep(&cx, &content).await?;
            Ok(lease.keep(&cx, &content).await?)
        });
        let mut batches = 0;
        loop {
            match op.poll(Instant(0)) {
                Output::Request(Request::Scan(_, ticket)) => op.reply(ticket, Ok(Vec::new())).unwrap(),
                Output::Request(Request::Apply(_, ticket)) => {
                    batches += 1;
                    // The first makes the lease, the second is refused.
                    let full = || StoreError {
                        kind: StoreErrorKind::Full,
                        path: String::new(),
                        detail: String::new(),
                    };
                    let applied = if batches == 2 { Err(full()) } else { Ok(Applied::Done) };
                    op.reply(ticket, applied).unwrap();
                }
                Output::Done(result) => break result.unwrap(),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(batches, 3, "and what was leased is not leased again");
    }
}
