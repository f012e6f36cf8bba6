//! `lugger plan`: what a pull would fetch.

use lugger::{
    core::{
        model::Descriptor,
        verb::{self, Needed, Plan, Planned},
    },
    host_platform,
};
use serde::Serialize;

use crate::cli::{
    args::PlanArgs,
    exit::Failure,
    human::{bytes, count, kind, short},
    output::Table,
    remote::Asked,
    session::{Session, wanted},
};

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    target: &'a Descriptor,
    bytes: u64,
    present_bytes: u64,
    requests: Requests,
    quota: Option<Quota>,
    content: Vec<Content<'a>>,
}

#[derive(Serialize)]
struct Requests {
    auth: u64,
    head: u64,
    manifest: u64,
    blob: u64,
}

#[derive(Serialize)]
struct Quota {
    remaining: u64,
    limit: Option<u64>,
    window: Option<u64>,
}

#[derive(Serialize)]
struct Content<'a> {
    descriptor: &'a Descriptor,
    needed: &'static str,
    from: u64,
    bytes: u64,
}

pub(super) fn run(session: &mut Session, args: &PlanArgs) -> Result<(), Failure> {
    let wanted = wanted(&args.platform, args.all_platforms, host_platform())?;
    let Asked { reference, registries, limits } = session.asked(&args.image, &args.remote)?;
    let mut host = session.reading_host(limits)?;
    let want = Plan { reference, wanted, registries };
    let planned = session.run(&mut host, async |cx| verb::plan(cx, want).await)?;
    match session.output.is_json {
        true => session.output.json(&view(&planned)),
        false => show(session, &planned),
    }
}

fn view(planned: &Planned) -> View<'_> {
    let verb::Requests { auth, head, manifest, blob } = planned.requests;
    let content = planned.content.iter().map(|(descriptor, needed)| Content {
        descriptor,
        needed: word(*needed),
        from: if let Needed::Resume(from) = needed { *from } else { 0 },
        bytes: needed.bytes(descriptor.size),
    });
    View {
        name: &planned.name,
        target: &planned.target,
        bytes: planned.bytes(),
        present_bytes: present(planned),
        requests: Requests { auth, head, manifest, blob },
        quota: planned.quota.map(|it| Quota { remaining: it.remaining, limit: it.limit, window: it.window }),
        content: content.collect(),
    }
}

fn word(needed: Needed) -> &'static str {
    match needed {
        Needed::Present => "present",
        Needed::Embedded => "embedded",
        Needed::Resume(_) => "resume",
        Needed::Fetch => "fetch",
    }
}

fn present(planned: &Planned) -> u64 {
    let size = |(content, needed): &(Descriptor, Needed)| content.size - needed.bytes(content.size);
    planned.content.iter().map(size).sum()
}

fn show(session: &mut Session, planned: &Planned) -> Result<(), Failure> {
    session.output.heading(&format!("{} is {}", planned.name, planned.target.digest))?;
    let mut table = Table::indented(2).right(&[2]);
    for (content, needed) in &planned.content {
        let what = match needed {
            Needed::Resume(from) => format!("resume at {}", bytes(*from)),
            other => word(*other).to_owned(),
        };
        table.row([&short(&content.digest), kind(content), &bytes(content.size), &what]);
    }
    session.output.table(&table)?;
    session.output.line(&format!(
        "to fetch: {}; present: {}",
        bytes(planned.bytes()),
        bytes(present(planned))
    ))?;
    let verb::Requests { auth, head, manifest, blob } = planned.requests;
    let kinds = [(auth, "to get in"), (head, "HEAD"), (manifest, "for manifests"), (blob, "for blobs")];
    let kinds: Vec<_> = kinds.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let total = usize::try_from(auth + head + manifest + blob).unwrap_or(usize::MAX);
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    session.output.line(&format!("{}{kinds}", count(total, "request")))?;
    match &planned.quota {
        None => Ok(()),
        Some(quota) => {
            let of = quota.limit.map_or(String::new(), |limit| format!(" of {limit}"));
            session.output.line(&format!("quota: {}{of} requests left", quota.remaining))
        }
    }
}
