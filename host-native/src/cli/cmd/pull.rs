//! `lugger pull`: from a registry into the store.

use lugger::{
    core::{
        model::{Descriptor, Document, limits},
        name::{Digest, Reference},
        op::{Cx, Limits},
        verb::{self, Pull, Pulled},
    },
    host_platform,
};

use crate::cli::{
    args::PullArgs,
    exit::Failure,
    human::{bytes, count},
    remote::Asked,
    session::{Session, wanted},
};

pub(super) fn run(session: &mut Session, args: &PullArgs) -> Result<(), Failure> {
    let wanted = wanted(&args.platform, args.all_platforms, host_platform())?;
    let Asked { reference, registries, limits } = session.asked(&args.image, &args.remote)?;
    let mut host = session.host(Limits { concurrency: usize::from(args.concurrency), ..limits })?;
    let want = Pull { registries, ..Pull::new(reference, wanted) };
    let all = args.all_platforms;
    let (pulled, others) = session.run(&mut host, async move |cx| {
        let pulled = verb::pull(cx.clone(), want).await?;
        let others = if all { 0 } else { other_platforms(&cx, &pulled.target).await };
        Ok((pulled, others))
    })?;
    session.report.note(&summary(&pulled));
    if others > 0 {
        session.report.note(&format!("one platform of {}; --all-platforms takes all of them", others + 1));
    }
    match session.output.is_json {
        true => session.output.json(&pulled),
        false => session.output.line(&pinned(&pulled.name, &pulled.target.digest)),
    }
}

/// The name of a record with the digest that it leads to, which names the same content for ever.
pub(super) fn pinned(name: &str, digest: &Digest) -> String {
    match Reference::parse(name) {
        Ok(reference) => reference.with_digest(digest.clone()).canonical(),
        Err(_) => format!("{name}@{digest}"),
    }
}

/// What a pull came to, in a line.
pub(super) fn summary(pulled: &Pulled) -> String {
    let Pulled { name, target, before, fetched, fetched_bytes, present } = pulled;
    let blobs = |n: &u64| count(usize::try_from(*n).unwrap_or(usize::MAX), "blob");
    let came = format!("{} fetched ({}), {present} present", blobs(fetched), bytes(*fetched_bytes));
    match before {
        Some(before) if *before == target.digest && *fetched == 0 => format!("{name} is up to date"),
        Some(before) if *before != target.digest => format!("{name} is new: {came}; before, it was {before}"),
        _ => format!("pulled {name}: {came}"),
    }
}

/// How many more platforms the index has. Nothing hangs on it: what cannot be read counts as none.
async fn other_platforms(cx: &Cx, target: &Descriptor) -> usize {
    if !target.media_type.is_index() {
        return 0;
    }
    let Ok(bytes) = cx.read(&target.digest, limits::MANIFEST_BYTES).await else { return 0 };
    let Ok(document) = Document::verified(bytes, target) else { return 0 };
    let children = document.children();
    let known = children.iter().filter(|child| child.platform.as_ref().is_some_and(|p| p.os != "unknown"));
    known.count().saturating_sub(1)
}
