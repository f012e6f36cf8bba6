//! Plan: what a pull would fetch, before it does.

use std::cell::RefCell;

use super::pull::{Resolved, Wanted, record_name, resolve, wanted_children};
use crate::{
    error::Error,
    event::Quota,
    graph::{Documents, Step, chain, dispatch},
    model::Descriptor,
    name::Reference,
    op::Cx,
    registry::{Registries, Repository},
    store::{State, here, lookup},
};

/// What to plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The image that would be pulled.
    pub reference: Reference,
    /// For which platforms.
    pub wanted: Wanted,
    /// How registries are reached.
    pub registries: Registries,
}

/// What a pull would do now.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The name of the record that it would make.
    pub name: String,
    /// What the name leads to in the registry now.
    pub target: Descriptor,
    /// Documents and blobs, in the order of the walk.
    pub content: Vec<(Descriptor, Needed)>,
    /// Requests that the pull would make, if nothing goes wrong and nothing redirects.
    pub requests: Requests,
    /// How much the registry will still give, if it said so.
    pub quota: Option<Quota>,
}

/// What has to be done for a piece of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// Nothing: the store has it.
    Present,
    /// Nothing: its descriptor brings it along, or it is empty.
    Embedded,
    /// The rest has to be fetched, from this byte.
    Resume(u64),
    /// All of it has to be fetched.
    Fetch,
}

/// Requests by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Getting in: the request that is refused, and the one for a token.
    pub auth: u64,
    /// HEAD of a manifest, which costs no quota.
    pub head: u64,
    /// GET of a manifest: what quotas count.
    pub manifest: u64,
    /// GET of a blob.
    pub blob: u64,
}

impl Planned {
    /// Bytes that would come over the network: documents and blobs.
    pub fn bytes(&self) -> u64 {
        self.content.iter().map(|(content, needed)| needed.bytes(content.size)).fold(0, u64::saturating_add)
    }
}

impl Needed {
    /// Bytes to fetch of content of this size.
    pub fn bytes(self, size: u64) -> u64 {
        match self {
            Self::Present | Self::Embedded => 0,
            Self::Resume(from) => size.saturating_sub(from),
            Self::Fetch => size,
        }
    }
}

/// Plans. Documents are read from the registry where the store does not have them; nothing is stored.
pub async fn plan(cx: Cx, want: Plan) -> Result<Planned, Error> {
    let Plan { reference, wanted, registries } = want;
    let name = record_name(&reference);
    let cx = cx.scope(format_args!("plan {name}"));
    let repository = Repository::open(&cx, &reference, &registries).await?;
    let documents = Documents::default();
    let known = lookup(&cx, &name).await?.map(|image| image.target);
    let Resolved { target, asked_head } =
        Box::pin(resolve(&cx, &repository, &reference, known, &documents)).await?;

    let content = RefCell::new(Vec::new());
    let look = async |cx: &Cx, node: &Descriptor| {
        let needed = if node.media_type.is_document() {
            let stored = documents.learn(cx, &repository, node).await?;
            if stored { Needed::Present } else { Needed::Fetch }
        } else {
            needed(cx, node).await?
        };
        content.borrow_mut().push((node.clone(), needed));
        Ok(Step::On(Vec::new()))
    };
    let matcher = wanted.matcher();
    let found = wanted_children(&documents, &wanted, &matcher);
    let handler = chain(vec![Box::new(look), found]);
    dispatch(&cx, &handler, vec![target.clone()]).await?;
    drop(handler);

    let content = content.into_inner();
    let count = |documents: bool| {
        let fetched = |(node, needed): &&(Descriptor, Needed)| {
            node.media_type.is_document() == documents && matches!(needed, Needed::Fetch | Needed::Resume(_))
        };
        content.iter().filter(fetched).count() as u64
    };
    let requests = Requests {
        auth: repository.logins(),
        head: u64::from(asked_head),
        manifest: count(true),
        blob: count(false),
    };
    Ok(Planned { name, target, requests, quota: repository.quota(), content })
}

async fn needed(cx: &Cx, blob: &Descriptor) -> Result<Needed, Error> {
    Ok(match here(cx, &blob.digest).await? {
        (State::Stored, size) if size == blob.size => Needed::Present,
        _ if blob.size == 0 || blob.embedded().is_some() => Needed::Embedded,
        (State::Partial, from) if from <= blob.size => Needed::Resume(from),
        _ => Needed::Fetch,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Digest, MediaType};

    #[test]
    fn sizes_of_which_no_sum_can_be_made_are_a_plan_all_the_same() {
        let layer = MediaType::known("application/vnd.oci.image.layer.v1.tar");
        let target = Descriptor::new(layer, Digest::sha256(b"x"), i64::MAX.unsigned_abs());
        let planned = Planned {
            name: String::new(),
            content: vec![(target.clone(), Needed::Fetch); 3],
            target,
            requests: Requests::default(),
            quota: None,
        };
        assert_eq!(planned.bytes(), u64::MAX);
    }
}
