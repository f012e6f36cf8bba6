//! `lugger inspect`: what an image says of itself.

mod text;

use lugger::{
    core::{
        effect::store::{StoreError, StoreErrorKind},
        model::Descriptor,
        verb::{self, Inspect, Inspected, Look, Query},
    },
    host_platform,
};

pub(super) use self::text::show;
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
    let platform = platform.unwrap_or_else(host_platform);
    if session.output.is_json && !args.config {
        let want = Look { platform: Some(platform.clone()), registries, ..Look::new(reference) };
        let overview = session.run(&mut host, async |cx| verb::overview(cx, want).await)?;
        return match overview.manifest {
            Some(_) => session.output.json(&overview),
            None => Err(overview.without_manifest(&platform).into()),
        };
    }
    let want = Inspect { reference, platform, registries };
    let inspected = session.run(&mut host, async |cx| verb::inspect(cx, want).await)?;
    match (args.config, &inspected.config) {
        (true, Some(config)) => session.output.bytes(config.bytes()),
        (true, None) => Err(no_config(&inspected)),
        (false, _) => show(&mut session.output, &inspected),
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
