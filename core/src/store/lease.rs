//! Leases: content is kept while an operation works on it, though no name leads to it yet.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    effect::store::{Batch, Change, StoreError},
    name::Digest,
    op::{Cx, Once},
    small::SmallSet,
    time::UnixTime,
};

/// When a lease ends, as RFC 3339 (containerd.md §8.2).
const EXPIRE: &str = "containerd.io/gc.expire";

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

/// All content that a lease keeps which has not ended.
pub async fn leased(cx: &Cx) -> Result<SmallSet<Digest>, StoreError> {
    let (now, mut over, mut kept) = (cx.wall(), SmallSet::default(), SmallSet::default());
    // A lease comes before its content: its key is how theirs begin.
    for (key, record) in cx.scan("lease/").await? {
        match key.split_once("/content/") {
            Some((lease, content)) if !over.contains(lease) => kept.extend(content.parse::<Digest>().ok()),
            Some(_) => {}
            None => {
                let lease = record.read::<LeaseRecord>();
                if lease.is_ok_and(|lease| lease.is_over(now)) {
                    over.insert(key);
                }
            }
        }
    }
    Ok(kept)
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

    /// Keeps this content from now on. Call it before relying on the content.
    pub async fn keep(&self, cx: &Cx, content: &[Digest]) -> Result<(), StoreError> {
        self.made.get(cx, async || self.make(cx).await).await?;
        let mut changes = Vec::new();
        for digest in content {
            if self.kept.borrow_mut().insert(digest.clone()) {
                let key = format!("{}/content/{digest}", self.prefix);
                changes.push(Change::Put { key, value: "\"\"".to_owned() });
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        cx.apply(Batch { changes, ..Batch::default() }).await.map(drop)
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
        for (key, record) in cx.scan("lease/").await? {
            let over = record.read().is_ok_and(|lease: LeaseRecord| lease.is_over(now));
            if over {
                changes.push(Change::DeleteAll { prefix: format!("{key}/") });
                changes.push(Change::Delete { key });
            }
        }
        cx.apply(Batch { changes, ..Batch::default() }).await.map(drop)
    }
}
