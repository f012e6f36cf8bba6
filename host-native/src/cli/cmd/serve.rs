//! `lugger serve`: the page, and what it asks registries through.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use lugger::{
    core::{
        event::Event,
        name::Reference,
        op::Limits,
        registry::{
            Registries,
            bridge::{Access, Standing},
        },
        verb,
    },
    serve::{Options, Serve},
};
use serde::Serialize;

use crate::cli::{args::ServeArgs, exit::Failure, session::Session};

#[derive(Serialize)]
struct Served<'a> {
    url: &'a str,
    token: &'a str,
    port: u16,
}

pub(super) fn run(session: &mut Session, args: &ServeArgs) -> Result<(), Failure> {
    session.about("serve the page".to_owned());
    let (registries, limits) = session.remote(&args.remote)?;
    let mut references = Vec::new();
    for typed in &args.images {
        references.push(session.reference(typed, &registries, limits)?);
    }
    let mut access = named(&references, args)?;
    if registries.login.is_some() && access.names().count() != 1 {
        let why = "--creds are for one registry: name exactly one, by IMAGE or --registry";
        return Err(Failure::Usage(why.to_owned()));
    }
    for known in known(session, &registries, limits)? {
        // Files of credentials have keys of all kinds; what is no registry is of no use here.
        let _ = access.add(&known, Standing::Known);
    }
    let address = args.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    if !address.ip().is_loopback() {
        session.report.warn(&format!(
            "{address} is not on this machine alone: whoever listens on the network sees the token and all that is shown"
        ));
    }
    let cancel = session.cancel();
    // What happens is told by this thread; `None` is that it was stopped.
    let (happened, heard) = mpsc::channel();
    let stopped = happened.clone();
    let on_event = Box::new(move |event: &Event| drop(happened.send(Some(event.clone()))));
    let serve = Serve::start(Options { address, registries, access, limits, on_event })
        .map_err(|cause| Failure::System(cause.to_string()))?;
    let url =
        references.iter().fold(serve.url(), |url, reference| format!("{url}&ref={}", escaped(reference)));
    match session.output.is_json {
        true => {
            let port = serve.address().port();
            session.output.json(&Served { url: &url, token: serve.token(), port })?;
        }
        false => session.output.line(&url)?,
    }
    session.output.flush()?;
    session.report.note("serving until Ctrl-C");
    if args.open {
        open(session, &url);
    }
    thread::spawn(move || {
        cancel.wait();
        let _ = stopped.send(None);
    });
    tell(session, &heard);
    Ok(())
}

/// Tells what happens until it is stopped. A warning is told once, however often the page asks.
fn tell(session: &mut Session, heard: &Receiver<Option<Event>>) {
    let mut warned = BTreeSet::new();
    while let Ok(Some(event)) = heard.recv() {
        let is_new = match &event {
            Event::Warned(warning) => warned.insert(warning.to_string()),
            _ => true,
        };
        if is_new {
            session.report.event(&event);
        }
    }
    session.report.end();
}

/// The registries that the command line names.
fn named(references: &[Reference], args: &ServeArgs) -> Result<Access, Failure> {
    let mut access = Access::default();
    let images = references.iter().map(Reference::domain);
    for registry in images.chain(args.registry.iter().map(String::as_str)) {
        let added = access.add(registry, Standing::Named);
        added.map_err(|told| Failure::Usage(format!("--registry: {}; say host[:port]", told.message)))?;
    }
    Ok(access)
}

/// The registries that the user has credentials for.
fn known(session: &mut Session, registries: &Registries, limits: Limits) -> Result<Vec<String>, Failure> {
    let registries = registries.clone();
    session.run(&mut Session::storeless_host(limits), async |cx| verb::known_registries(cx, registries).await)
}

/// A reference as part of a fragment.
fn escaped(reference: &Reference) -> String {
    url::form_urlencoded::byte_serialize(reference.to_string().as_bytes()).collect()
}

/// Opens a URL as the desktop does. That it cannot is no reason to stop: the URL stands above.
fn open(session: &Session, url: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        // Some openers stay as long as the browser does.
        Ok(mut child) => drop(thread::spawn(move || child.wait())),
        Err(cause) => {
            session.report.warn(&format!("cannot run {opener} ({cause}): open the URL above yourself"));
        }
    }
}
