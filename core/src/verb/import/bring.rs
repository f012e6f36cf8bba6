//! One image from an archive into the store.

use std::cell::Cell;

use super::{Found, looks::Looks};
use crate::{
    error::{ArchiveError, Error},
    graph::{Documents, Step, chain, children, dispatch, set_child_labels},
    model::Descriptor,
    op::Cx,
    store::{Labels, copy_blob},
    verb::{examine::note, room::Room},
};

/// Brings one image into the store, but for its names.
pub(super) async fn bring(
    cx: &Cx,
    found: &Found,
    target: &Descriptor,
    examine: bool,
    room: &Room,
) -> Result<Labels, Error> {
    room.keep_target(&target.digest);
    let (documents, labels, manifests) = (Documents::default(), Labels::default(), Cell::new(0_usize));
    let (lease, looks) = (room.lease(cx), Looks::default());
    let fetch = async |cx: &Cx, node: &Descriptor| {
        room.needs(node);
        if !node.media_type.is_document() {
            let (tap, want) = looks.at(cx, node).unzip();
            let looked = copy_blob(cx, lease, node, found.place(&node.digest), tap).await?;
            room.has(&node.digest);
            if let (Some(verdict), Some(want)) = (looked, want) {
                note(cx, node, &want, verdict).await?;
            }
            return Ok(Step::On(Vec::new()));
        }
        lease.keep(cx, std::slice::from_ref(&node.digest)).await?;
        if !documents.load_stored(cx, node).await? {
            let Some(document) = found.document(cx, node).await? else {
                return match node.digest == target.digest {
                    true => Err(found.missing(&node.digest)),
                    // An index may list more than there is.
                    false => Ok(Step::Skip),
                };
            };
            documents.insert(cx, document)?;
        }
        documents.keep_children(cx, lease, &node.digest).await?;
        if node.media_type.is_manifest() {
            manifests.set(manifests.get() + 1);
            let children = documents.children(&node.digest);
            children.iter().for_each(|child| room.needs(child));
            if examine {
                looks.expect(cx, found, &children).await;
            }
        }
        Ok(Step::On(Vec::new()))
    };
    let handler = chain(vec![Box::new(fetch), Box::new(set_child_labels(children(&documents), &labels))]);
    dispatch(cx, &handler, vec![target.clone()]).await?;
    drop(handler);
    if manifests.get() == 0 {
        let first = documents.children(&target.digest).into_iter().next();
        return Err(
            first.map_or_else(|| found.wrong(ArchiveError::NoImage), |first| found.missing(&first.digest))
        );
    }
    documents.commit(cx, &target.digest).await?;
    Ok(labels)
}
