//! `lugger digest`: what a name means now.

use lugger::core::{
    name::Digest,
    verb::{self, Query},
};
use serde::Serialize;

use crate::cli::{
    args::QueryArgs,
    exit::Failure,
    session::{Session, platform, registries},
};

#[derive(Serialize)]
struct Named {
    name: String,
    digest: Digest,
}

pub(super) fn run(session: &mut Session, args: &QueryArgs) -> Result<(), Failure> {
    let query = query(session, args)?;
    let mut host = session.log_in(Session::storeless_host(), &args.remote, &query.reference)?;
    let name = query.reference.clone().with_default_tag().canonical();
    let digest = session.run(&mut host, async |cx| verb::digest(cx, query).await)?;
    match session.output.is_json {
        true => session.output.json(&Named { name, digest }),
        false => session.output.line(&digest.to_string()),
    }
}

/// What was asked, for this verb and for `manifest`.
pub(super) fn query(session: &mut Session, args: &QueryArgs) -> Result<Query, Failure> {
    let platform = platform(&args.platform)?;
    Ok(Query { reference: session.reference(&args.image)?, registries: registries(&args.remote), platform })
}
