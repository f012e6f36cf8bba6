//! `lugger tags`: the tags of a repository.

use lugger::core::verb::{self, Query};
use serde::Serialize;

use crate::cli::{
    args::TagsArgs,
    exit::Failure,
    session::{Session, registries},
};

#[derive(Serialize)]
struct Listed {
    name: String,
    tags: Vec<String>,
}

pub(super) fn run(session: &mut Session, args: &TagsArgs) -> Result<(), Failure> {
    let reference = session.reference(&args.repository)?;
    if reference.tag().is_some() || reference.digest().is_some() {
        return Err(Failure::Usage(format!("tags of {}: leave out the tag or digest", reference.name())));
    }
    let mut host = session.log_in(Session::storeless_host(), &args.remote, &reference)?;
    let name = reference.name();
    let query = Query { reference, registries: registries(&args.remote), platform: None };
    let tags = session.run(&mut host, async |cx| verb::tags(cx, query).await)?;
    match session.output.is_json {
        true => session.output.json(&Listed { name, tags }),
        false => tags.iter().try_for_each(|tag| session.output.line(tag)),
    }
}
