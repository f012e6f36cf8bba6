//! `lugger tags`: the tags of a repository.

use lugger::core::verb::{self, Query};
use serde::Serialize;

use crate::cli::{args::TagsArgs, exit::Failure, remote::Asked, session::Session};

#[derive(Serialize)]
struct Listed {
    name: String,
    tags: Vec<String>,
}

pub(super) fn run(session: &mut Session, args: &TagsArgs) -> Result<(), Failure> {
    let Asked { reference, registries, limits } = session.asked(&args.repository, &args.remote)?;
    if reference.tag().is_some() || reference.digest().is_some() {
        return Err(Failure::Usage(format!("tags of {}: leave out the tag or digest", reference.name())));
    }
    let name = reference.name();
    let query = Query { reference, registries, platform: None };
    let tags = session.run(&mut Session::storeless_host(limits), async |cx| verb::tags(cx, query).await)?;
    match session.output.is_json {
        true => session.output.json(&Listed { name, tags }),
        false => tags.iter().try_for_each(|tag| session.output.line(tag)),
    }
}
