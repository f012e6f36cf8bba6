//! The verbs, a file each.

mod completions;
mod demo;
mod digest;
mod explain;
mod images;
mod inspect;
mod login;
mod logout;
mod manifest;
mod parse;
mod plan;
mod pull;
mod serve;
mod tags;

use super::{args::Verb, exit::Failure, session::Session};

/// Does what was asked.
pub(crate) fn run(session: &mut Session, verb: Verb) -> Result<(), Failure> {
    session.begin(name(&verb));
    match verb {
        Verb::Pull(args) => pull::run(session, &args),
        Verb::Images(args) => images::run(session, &args),
        Verb::Inspect(args) => inspect::run(session, &args),
        Verb::Digest(args) => digest::run(session, &args),
        Verb::Manifest(args) => manifest::run(session, &args.query),
        Verb::Tags(args) => tags::run(session, &args),
        Verb::Plan(args) => plan::run(session, &args),
        Verb::Explain(args) => explain::run(session, &args),
        Verb::Login(args) => login::run(session, &args),
        Verb::Logout(args) => logout::run(session, &args),
        Verb::Serve(args) => serve::run(session, &args),
        Verb::Parse(args) => parse::run(session, args.kind),
        Verb::Demo(args) => demo::run(session, args.keep.as_deref()),
        Verb::Completions(args) => completions::run(session, args.shell),
    }
}

fn name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Pull(_) => "pull",
        Verb::Images(_) => "images",
        Verb::Inspect(_) => "inspect",
        Verb::Digest(_) => "digest",
        Verb::Manifest(_) => "manifest",
        Verb::Tags(_) => "tags",
        Verb::Plan(_) => "plan",
        Verb::Explain(_) => "explain",
        Verb::Login(_) => "login",
        Verb::Logout(_) => "logout",
        Verb::Serve(_) => "serve",
        Verb::Parse(_) => "parse",
        Verb::Demo(_) => "demo",
        Verb::Completions(_) => "completions",
    }
}
