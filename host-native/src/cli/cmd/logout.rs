//! `lugger logout`: credentials forgotten.

use lugger::core::{
    op::Limits,
    registry::Registries,
    verb::{self, Logout},
};
use serde::Serialize;

use crate::cli::{
    args::LogoutArgs,
    exit::Failure,
    remote::{absolute, environment},
    session::Session,
};

#[derive(Serialize)]
struct Done {
    path: String,
    registries: Vec<String>,
    left: Option<String>,
}

pub(super) fn run(session: &mut Session, args: &LogoutArgs) -> Result<(), Failure> {
    let registry = match args.all {
        true => None,
        false => Some(super::login::registry(args.registry.as_deref())?),
    };
    let name = registry.clone().unwrap_or_else(|| "all registries".to_owned());
    session.about(format!("log out of {name}"));
    let registries = Registries {
        auth_file: args.authfile.as_deref().map(absolute),
        environment: Some(environment()),
        ..Registries::default()
    };
    let want = Logout { registry, registries };
    let done = session
        .run(&mut Session::storeless_host(Limits::default()), async |cx| verb::logout(cx, want).await)?;
    if let Some(place) = &done.left {
        session.report.warn(&format!("{place} still has credentials for {name}"));
    }
    let done = Done {
        path: done.forgotten.path,
        registries: done.forgotten.accounts,
        left: done.left.map(|place| place.to_string()),
    };
    if session.output.is_json {
        return session.output.json(&done);
    }
    if done.registries.is_empty() {
        session.report.note(&format!("{} has no credentials for {name}", done.path));
    }
    done.registries.iter().try_for_each(|registry| session.output.line(&format!("logged out of {registry}")))
}
