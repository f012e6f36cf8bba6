//! `lugger digest`: what a name means now.

use lugger::{
    Host,
    core::{
        name::Digest,
        verb::{self, Query},
    },
};
use serde::Serialize;

use crate::cli::{
    args::QueryArgs,
    exit::Failure,
    remote::Asked,
    session::{Session, platform},
};

#[derive(Serialize)]
struct Named {
    name: String,
    digest: Digest,
}

pub(super) fn run(session: &mut Session, args: &QueryArgs) -> Result<(), Failure> {
    let (query, mut host) = query(session, args)?;
    let name = query.reference.clone().with_default_tag().canonical();
    let digest = session.run(&mut host, async |cx| verb::digest(cx, query).await)?;
    match session.output.is_json {
        true => session.output.json(&Named { name, digest }),
        false => session.output.line(&digest.to_string()),
    }
}

/// What was asked, for this verb and for `manifest`, and the host to ask it on.
pub(super) fn query(session: &mut Session, args: &QueryArgs) -> Result<(Query, Host), Failure> {
    let platform = platform(&args.platform)?;
    let Asked { reference, registries, limits } = session.asked(&args.image, &args.remote)?;
    Ok((Query { reference, registries, platform }, Session::storeless_host(limits)))
}
