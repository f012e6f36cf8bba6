//! `lugger manifest`: the document of a name, byte for byte.

use lugger::core::verb;

use super::digest::query;
use crate::cli::{args::QueryArgs, exit::Failure, session::Session};

pub(super) fn run(session: &mut Session, args: &QueryArgs) -> Result<(), Failure> {
    let (query, mut host) = query(session, args)?;
    let document = session.run(&mut host, async |cx| verb::manifest(cx, query).await)?;
    session.output.bytes(document.bytes())
}
