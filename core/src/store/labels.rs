//! Labels that an operation has found out about content, written in one go when it names its result.

use std::{cell::RefCell, collections::BTreeMap};

use crate::{effect::store::Change, name::Digest};

/// Labels and sources to be written. The keys are containerd's, so that they mean the same to people who know them.
#[derive(Debug, Default)]
pub struct Labels(RefCell<BTreeMap<String, String>>);

impl Labels {
    /// A label of this content.
    pub fn set(&self, content: &Digest, key: &str, value: &str) {
        let value = serde_json::Value::from(value).to_string();
        self.0.borrow_mut().insert(label_key(content, key), value);
    }

    /// Whether this content has such a label here.
    pub(super) fn has(&self, content: &Digest, key: &str) -> bool {
        self.0.borrow().contains_key(&label_key(content, key))
    }

    /// This content was seen in that repository. Shown as the label `containerd.io/distribution.source.<registry>`; a
    /// record of its own per repository, so that two operations cannot lose each other's (containerd.md §5.8).
    pub fn add_source(&self, content: &Digest, registry: &str, repository: &str) {
        self.0.borrow_mut().insert(format!("source/{content}/{registry}/{repository}"), "\"\"".to_owned());
    }

    /// What writes them.
    pub fn changes(&self) -> Vec<Change> {
        self.0
            .borrow()
            .iter()
            .map(|(key, value)| Change::Put { key: key.clone(), value: value.clone() })
            .collect()
    }
}

fn label_key(content: &Digest, key: &str) -> String {
    format!("label/{content}/{key}")
}
