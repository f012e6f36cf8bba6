//! `lugger explain`: where a pull would go, and why.

use lugger::core::{
    error::Refusal,
    name::Digest,
    registry,
    verb::{self, Explain, Explained, Explanation},
};
use serde::Serialize;

use crate::cli::{args::ExplainArgs, exit::Failure, output::Table, remote::Asked, session::Session};

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    endpoints: Vec<Endpoint<'a>>,
}

#[derive(Serialize)]
struct Endpoint<'a> {
    url: &'a str,
    repository: &'a str,
    from: String,
    mirror: bool,
    plain_twin: bool,
    capabilities: Vec<&'static str>,
    settings: Vec<Setting<'a>>,
    credentials: Option<Credentials>,
    proxy: Option<Proxy>,
    roots: &'a [String],
    unverified: bool,
    probe: Option<Probe>,
}

#[derive(Serialize)]
struct Setting<'a> {
    name: &'static str,
    value: &'a str,
    from: String,
}

#[derive(Serialize)]
struct Credentials {
    kind: &'static str,
    from: String,
}

#[derive(Serialize)]
struct Proxy {
    url: String,
    from: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Probe {
    Digest(Option<Digest>),
    Error(String),
}

pub(super) fn run(session: &mut Session, args: &ExplainArgs) -> Result<(), Failure> {
    let Asked { reference, registries, limits } = session.asked(&args.image, &args.remote)?;
    let want = Explain { reference, registries, probe: args.probe };
    let mut host = Session::storeless_host(limits);
    let explained = session.run(&mut host, async |cx| verb::explain(cx, want).await)?;
    match session.output.is_json {
        true => session.output.json(&view(&explained)),
        false => show(session, &explained),
    }
}

fn view(explained: &Explained) -> View<'_> {
    View { name: &explained.name, endpoints: explained.endpoints.iter().map(endpoint).collect() }
}

fn endpoint(it: &Explanation) -> Endpoint<'_> {
    let credentials = it.credentials.as_ref();
    let proxy = it.proxy.as_ref();
    Endpoint {
        url: &it.url,
        repository: &it.repository,
        from: it.place.to_string(),
        mirror: it.is_mirror,
        plain_twin: it.plain_twin,
        capabilities: it.can.names(),
        settings: it.settings.iter().map(setting).collect(),
        credentials: credentials.map(|it| Credentials { kind: it.value, from: it.place.to_string() }),
        proxy: proxy.map(|it| Proxy { url: it.value.to_string(), from: it.place.to_string() }),
        roots: &it.roots,
        unverified: it.unverified,
        probe: it.probed.as_ref().map(|answer| match answer {
            Ok(digest) => Probe::Digest(digest.clone()),
            Err(why) => Probe::Error(why.to_string()),
        }),
    }
}

fn setting(it: &registry::Setting) -> Setting<'_> {
    Setting { name: it.name, value: &it.value, from: it.place.to_string() }
}

fn show(session: &mut Session, explained: &Explained) -> Result<(), Failure> {
    session.output.line(&explained.name)?;
    for (at, it) in explained.endpoints.iter().enumerate() {
        session.output.heading(&format!("\n{}. {}{}", at + 1, it.url, it.repository))?;
        let mut table = Table::indented(3);
        table.row(["because", role(it), &it.place.to_string()]);
        let said = it.settings.iter().find(|setting| setting.name == "capabilities");
        let said = said.map_or(String::new(), |setting| setting.place.to_string());
        table.row(["asked for", &it.can.names().join(", "), &said]);
        for setting in it.settings.iter().filter(|setting| setting.name != "capabilities") {
            table.row([setting.name, &setting.value, &setting.place.to_string()]);
        }
        match &it.credentials {
            Some(found) => table.row(["as", found.value, &found.place.to_string()]),
            None => table.row(["as", "nobody: there are no credentials for it", ""]),
        }
        table.row(["trusts", &trust(it), ""]);
        match &it.proxy {
            Some(proxy) => table.row(["through", &proxy.value.to_string(), &proxy.place.to_string()]),
            None => table.row(["through", "no proxy", ""]),
        }
        if let Some(answer) = &it.probed {
            table.row(["answers", &answered(answer), ""]);
        }
        session.output.table(&table)?;
    }
    Ok(())
}

fn role(it: &Explanation) -> &'static str {
    match (it.is_mirror, it.plain_twin) {
        (_, true) => "in plain text, if it does not answer over TLS",
        (true, _) => "a mirror",
        (false, _) => "the registry itself",
    }
}

fn trust(it: &Explanation) -> String {
    if it.url.starts_with("http:") {
        return "everyone on the way: plain text".to_owned();
    }
    match (it.unverified, it.roots.as_slice()) {
        (true, _) => "any certificate".to_owned(),
        (false, []) => "the system's authorities".to_owned(),
        (false, roots) => format!("the system's authorities and {}", roots.join(", ")),
    }
}

fn answered(answer: &Result<Option<Digest>, Refusal>) -> String {
    match answer {
        Ok(Some(digest)) => digest.to_string(),
        Ok(None) => "it is there, but its digest is not told by HEAD".to_owned(),
        Err(why) => why.to_string(),
    }
}
