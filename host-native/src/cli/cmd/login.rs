//! `lugger login`: credentials that the registry has accepted, kept.

use lugger::core::{
    effect::secret::Secret,
    verb::{self, Login},
};
use serde::Serialize;

use crate::cli::{
    args::LoginArgs,
    exit::Failure,
    prompt,
    remote::{limits, password_from_stdin, registries},
    session::Session,
};

#[derive(Serialize)]
struct Done {
    registry: String,
    username: String,
    path: String,
    helper: Option<String>,
    checked: bool,
    token: bool,
    hidden_by: Option<String>,
}

pub(super) fn run(session: &mut Session, args: &LoginArgs) -> Result<(), Failure> {
    if args.password.is_some() {
        let why = "a password on the command line can be read by everyone on this machine: pipe it in with --password-stdin";
        return Err(Failure::Usage(why.to_owned()));
    }
    if args.remote.creds.is_some() {
        return Err(Failure::Usage("say -u USER instead of --creds".to_owned()));
    }
    let registry = registry(args.registry.as_deref())?;
    session.about(format!("log in to {registry}"));
    let username = username(args)?;
    let password = password(args, &username, &registry)?;
    let secret = Secret::new(&username, password);
    let registries = registries(&args.remote)?;
    let want = Login { registry, username: username.clone(), secret, registries };
    let done = session
        .run(&mut Session::storeless_host(limits(&args.remote)), async |cx| verb::login(cx, want).await)?;
    if !done.checked {
        let registry = &done.registry;
        session.report.warn(&format!("{registry} lets everybody in, and did not look at the credentials"));
    }
    if let Some(place) = &done.hidden_by {
        session.report.warn(&format!("{place} has credentials for {}, too, and comes first", done.registry));
    }
    let done = Done {
        registry: done.registry,
        username,
        path: done.kept.path,
        helper: done.kept.helper,
        checked: done.checked,
        token: done.token,
        hidden_by: done.hidden_by.map(|place| place.to_string()),
    };
    if session.output.is_json {
        return session.output.json(&done);
    }
    let Done { registry, username, path, .. } = &done;
    let place = match &done.helper {
        Some(helper) => format!("by docker-credential-{helper}, as {path} says"),
        None => format!("in {path}"),
    };
    if done.helper.is_none() {
        session.report.note(&format!("{path} is not encrypted; a credential helper would keep it safer"));
    }
    session.output.line(&format!("logged in to {registry} as {username}; kept {place}"))
}

/// The registry that was typed.
pub(super) fn registry(typed: Option<&str>) -> Result<String, Failure> {
    let typed = typed.unwrap_or_default();
    let why = || format!("{typed} is no registry: it is host[:port], such as ghcr.io or localhost:5000");
    verb::registry(typed).ok_or_else(|| Failure::Usage(why()))
}

fn username(args: &LoginArgs) -> Result<String, Failure> {
    let username = match &args.username {
        Some(username) => username.clone(),
        None if prompt::is_possible() && !args.remote.password_stdin => prompt::line("Username")?,
        None => String::new(),
    };
    match username.as_str() {
        "" => Err(Failure::Usage("say who you are with -u USER".to_owned())),
        name if name.contains(':') => Err(Failure::Usage("a user name has no colon".to_owned())),
        _ => Ok(username),
    }
}

fn password(args: &LoginArgs, username: &str, registry: &str) -> Result<String, Failure> {
    let password = match args.remote.password_stdin {
        true => password_from_stdin()?,
        false if prompt::is_possible() => prompt::hidden(&format!("Password of {username} at {registry}"))?,
        false => String::new(),
    };
    match password.is_empty() {
        true => Err(Failure::Usage("there is no password: pipe it in with --password-stdin".to_owned())),
        false => Ok(password),
    }
}
