//! `lugger inspect`: what an image says of itself.

mod json;
mod text;

use lugger::{
    core::{
        effect::store::{StoreError, StoreErrorKind},
        model::Descriptor,
        verb::{self, Inspect, Inspected, Query},
    },
    host_platform,
};

pub(super) use self::{json::View, text::show};
use crate::cli::{
    args::InspectArgs,
    exit::Failure,
    remote::Asked,
    session::{Session, platform},
};

pub(super) fn run(session: &mut Session, args: &InspectArgs) -> Result<(), Failure> {
    let platform = platform(&args.platform)?;
    let Asked { reference, registries, limits } = session.asked(&args.image, &args.remote)?;
    let mut host = session.reading_host(limits)?;
    if args.raw {
        let query = Query { reference, registries, platform };
        let document = session.run(&mut host, async |cx| verb::document(cx, query).await)?;
        return session.output.bytes(document.bytes());
    }
    let want = Inspect { reference, platform: platform.unwrap_or_else(host_platform), registries };
    let inspected = session.run(&mut host, async |cx| verb::inspect(cx, want).await)?;
    match (args.config, session.output.is_json) {
        (true, _) => match &inspected.config {
            Some(config) => session.output.bytes(config.bytes()),
            None => Err(no_config(&inspected)),
        },
        (false, true) => session.output.json(&View::of(&inspected)),
        (false, false) => show(&mut session.output, &inspected),
    }
}

fn no_config(inspected: &Inspected) -> Failure {
    let missing = StoreError {
        kind: StoreErrorKind::Missing,
        path: inspected.manifest.digest().to_string(),
        detail: "this is no image, and has no image configuration".to_owned(),
    };
    missing.into()
}

/// What an index has for the platforms of this world; buildx hangs attestations in beside them, as `unknown/unknown`.
fn described(inspected: &Inspected) -> Vec<Descriptor> {
    let children = if inspected.root.as_index().is_some() { inspected.root.children() } else { Vec::new() };
    children
        .into_iter()
        .filter(|it| it.platform.as_ref().is_none_or(|platform| platform.os != "unknown"))
        .collect()
}
