//! From the user's files to the endpoints of a reference: precedence, places, and what is never read or never silently passed over.

#![expect(clippy::unwrap_used, reason = "these are assertions")]
#![cfg(feature = "files")]

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use lugger_core::{
    effect::{Request, file::Entry},
    error::Error,
    name::Reference,
    op::{Cx, Op, Output, Setup},
    registry::{Endpoint, Environment, Registries, config},
    time::Instant,
};
use url::Url;

/// Files by path; directories follow from them.
type Files<'a> = &'a [(&'a str, &'a str)];

fn entry(files: &BTreeMap<String, String>, path: &str) -> Entry {
    if let Some(text) = files.get(path) {
        return Entry::File(text.clone().into_bytes());
    }
    let below =
        |file: &String| Some(file.strip_prefix(path)?.strip_prefix('/')?.split('/').next()?.to_owned());
    let mut names: Vec<_> = files.keys().filter_map(below).collect();
    names.dedup();
    if names.is_empty() { Entry::Absent } else { Entry::Dir(names) }
}

/// Runs a flow over files; the paths that it looked at come along.
fn over<T: std::fmt::Debug + 'static>(
    files: Files<'_>,
    flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static,
) -> (Result<T, Error>, Vec<String>) {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let (mut op, mut looked_at) = (Op::new(Setup::default(), flow), Vec::new());
    loop {
        match op.poll(Instant(0)) {
            Output::Request(Request::File(path, ticket)) => {
                op.reply(ticket, Ok(entry(&files, &path))).unwrap();
                looked_at.push(path);
            }
            Output::Done(result) => return (result, looked_at),
            other => panic!("{other:?}"),
        }
    }
}

fn registries(variables: &[(&str, &str)]) -> Registries {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Registries { environment: Some(Environment::of(variables)), ..Registries::default() }
}

fn endpoints(name: &str, registries: Registries, files: Files<'_>) -> Result<Vec<Endpoint>, Error> {
    let reference = Reference::parse(name).unwrap();
    // An endpoint's routes are for the operation; here they are looked at after it.
    let found = Rc::new(RefCell::new(Vec::new()));
    let out = Rc::clone(&found);
    let (result, _) = over(files, async move |cx| {
        *out.borrow_mut() = config::endpoints(&cx, &reference, &registries).await?;
        Ok(())
    });
    result.map(|()| found.take())
}

/// An endpoint in one line: where, and what is special about it.
fn line(endpoint: &Endpoint) -> String {
    let route = endpoint.routes.to(&endpoint.root);
    let mut line = format!("{}{}", endpoint.root, endpoint.repository);
    let mut add = |is: bool, word: &str| {
        if is {
            line = format!("{line} {word}");
        }
    };
    add(endpoint.is_mirror, "mirror");
    add(endpoint.plain_twin, "twin");
    add(route.tls.unverified, "unverified");
    for root in &route.tls.roots {
        add(true, &format!("ca={root}"));
    }
    for identity in &route.tls.identities {
        add(true, &format!("cert={}", identity.certificate));
    }
    if let Some(namespace) = &endpoint.namespace {
        add(true, &format!("ns={namespace}"));
    }
    add(true, &format!("({})", endpoint.place));
    line
}

fn lines(name: &str, registries: Registries, files: Files<'_>) -> Vec<String> {
    endpoints(name, registries, files).unwrap().iter().map(line).collect()
}

fn error(name: &str, registries: Registries, files: Files<'_>) -> String {
    endpoints(name, registries, files).unwrap_err().to_string()
}

const HOSTS: &str = "/etc/containerd/certs.d";
const CONF: &str = "/etc/containers/registries.conf";
const DAEMON: &str = "/etc/docker/daemon.json";

#[test]
fn without_files_there_is_the_registry() {
    assert_eq!(lines("r.example/a", registries(&[]), &[]), ["https://r.example/v2/a (built in)"]);
    let hub = endpoints("alpine", registries(&[]), &[]).unwrap().remove(0);
    assert_eq!(line(&hub), "https://registry-1.docker.io/v2/library/alpine (built in)");
    assert_eq!((hub.account.as_str(), hub.namespace), ("docker.io", None));
    assert_eq!(lines("localhost:5000/a", registries(&[]), &[]), ["http://localhost:5000/v2/a (built in)"]);
}

#[test]
fn without_an_environment_no_file_is_read() {
    let reference = Reference::parse("r.example/a").unwrap();
    let (result, looked_at) = over(&[(CONF, "broken")], async move |cx| {
        let own = Registries { hosts_dirs: vec!["/h".to_owned()], ..Registries::default() };
        assert_eq!(config::expand(&cx, "a", &own).await, Ok(None));
        Ok(config::endpoints(&cx, &reference, &own).await?.len())
    });
    assert_eq!((result, looked_at), (Ok(1), Vec::new()));
}

#[test]
fn hosts_toml_orders_and_names_its_lines() {
    let text = "server = 'https://r.example'\n[host.'https://m/us']\nca = 'ca.pem'\ncapabilities = ['pull']\ndial_timeout = '3s'\n[host.'https://m/us'.header]\nx-key = 'hunter2'\n[host.'http://n:5000']\n";
    let file = format!("{HOSTS}/r.example/hosts.toml");
    let found = endpoints("r.example/a", registries(&[]), &[(&file, text)]).unwrap();
    assert_eq!(
        found.iter().map(line).collect::<Vec<_>>(),
        [
            format!("https://m/us/v2/a mirror ca={HOSTS}/r.example/ca.pem ns=r.example ({file}:2)"),
            format!("http://n:5000/v2/a mirror ns=r.example ({file}:8)"),
            format!("https://r.example/v2/a ({file}:1)"),
        ]
    );
    let mirror = &found[0];
    assert!(mirror.can.pull && !mirror.can.resolve);
    assert_eq!(mirror.account, "m");
    assert_eq!(mirror.routes.to(&mirror.root).connect, Some(Duration::from_secs(3)));
    let settings: Vec<_> =
        mirror.settings.iter().map(|it| format!("{}={} {}", it.name, it.value, it.place)).collect();
    assert_eq!(
        settings,
        [
            format!("capabilities=pull {file}:4"),
            format!("ca={HOSTS}/r.example/ca.pem {file}:3"),
            format!("header=x-key {file}:7"),
            format!("dial_timeout=3s {file}:5"),
        ]
    );
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn a_registrys_own_directory_comes_before_any_default() {
    let mirror = "[host.'https://d']";
    let own = "/two/r.example_5000_/hosts.toml";
    let files: Files<'_> = &[("/one/_default/hosts.toml", mirror), (own, "")];
    let dirs = || Registries { hosts_dirs: vec!["/one".to_owned(), "/two".to_owned()], ..registries(&[]) };
    assert_eq!(lines("r.example:5000/a", dirs(), files), [format!("https://r.example:5000/v2/a ({own})")]);
    assert_eq!(lines("s.example/a", dirs(), files).len(), 2);
    let missing =
        error("s.example/a", Registries { hosts_dirs: vec!["/no".to_owned()], ..registries(&[]) }, &[]);
    assert_eq!(missing, "--hosts-dir: not a directory");
}

#[test]
fn what_the_root_says_without_a_server_holds_for_the_registry() {
    let file = format!("{HOSTS}/docker.io/hosts.toml");
    let text = "capabilities = ['pull']\nskip_verify = true\noverride_path = true\n";
    let found = endpoints("alpine", registries(&[]), &[(&file, text)]).unwrap();
    assert_eq!(
        line(&found[0]),
        format!("https://registry-1.docker.io/v2/library/alpine unverified ({file})")
    );
    assert!(!found[0].can.resolve && found.len() == 1);
}

#[test]
fn a_broken_file_stops_everything() {
    for (path, text, start) in [
        ("/etc/containerd/certs.d/r.example/hosts.toml", "server = 'https://x\n", ":1: not TOML"),
        (CONF, "[registries.search]", ":1: this is version 1"),
        ("/etc/containers/registries.conf.d/a.conf", "\n[[registry]]", ":2: a registry needs"),
        (DAEMON, "{\n", ":2: not the docker"),
        ("/etc/docker/certs.d/r.example/a.cert", "", ": a.key is missing"),
    ] {
        let error = error("r.example/a", registries(&[]), &[(path, text)]);
        assert!(error.starts_with(&format!("{path}{start}")), "{error}");
    }
    let error = error("r.example/a", registries(&[("https_proxy", "ftp://p")]), &[]);
    assert!(error.starts_with("$https_proxy: "), "{error}");
}

#[test]
fn registries_conf_rewrites_mirrors_and_blocks() {
    let text = "[[registry]]\nprefix = 'r.example/team'\nlocation = 'new.example/x'\n[[registry.mirror]]\nlocation = 'm.example/y'\ninsecure = true\n[[registry]]\nlocation = 'bad.example'\nblocked = true\n";
    let files: Files<'_> = &[(CONF, text)];
    assert_eq!(
        lines("r.example/team/app", registries(&[]), files),
        [
            format!("https://m.example/v2/y/app mirror unverified ({CONF}:4)"),
            format!("http://m.example/v2/y/app mirror twin ({CONF}:4)"),
            format!("https://new.example/v2/x/app mirror ({CONF}:1)"),
        ]
    );
    assert_eq!(lines("r.example/other", registries(&[]), files), ["https://r.example/v2/other (built in)"]);
    let blocked = Registries { mirrors: vec!["https://m".to_owned()], ..registries(&[]) };
    assert_eq!(error("bad.example/a", blocked, files), format!("bad.example/a is blocked by {CONF}:9"));
    let hosts = format!("{HOSTS}/r.example/hosts.toml");
    let over: Files<'_> = &[(CONF, text), (&hosts, "")];
    assert_eq!(
        lines("r.example/team/app", registries(&[]), over),
        [format!("https://r.example/v2/team/app ({hosts})")]
    );
}

#[test]
fn the_users_hosts_toml_files_come_before_the_systems() {
    let (user, system) =
        ("/h/.config/lugger/certs.d/r.example/hosts.toml", &format!("{HOSTS}/r.example/hosts.toml"));
    let files: Files<'_> = &[(user, "server = 'https://user'"), (system, "server = 'https://system'")];
    let of = |variables: &[(&str, &str)]| lines("r.example/a", registries(variables), files);
    assert!(of(&[("HOME", "/h")])[0].starts_with("https://user/"));
    assert!(of(&[("HOME", "/h"), ("LUGGER_CONFIG", "/none")])[0].starts_with("https://system/"));
    assert!(of(&[])[0].starts_with("https://system/"));
}

#[test]
fn later_files_lie_over_earlier_ones() {
    let home = registries(&[("HOME", "/h")]);
    let conf = |location: &str| format!("[[registry]]\nprefix = 'r.example'\nlocation = '{location}'\n");
    let (one, two, three) = (conf("one"), conf("two"), conf("three"));
    let user = "/h/.config/containers/registries.conf";
    let files: Files<'_> = &[(CONF, &one), (user, &two)];
    assert_eq!(lines("r.example/a", home.clone(), files), [format!("https://two/v2/a mirror ({user}:1)")]);
    let drop_in = "/etc/containers/registries.conf.d/z.conf";
    let files: Files<'_> =
        &[(CONF, &one), (user, &two), (drop_in, &three), ("/etc/containers/registries.conf.d/z.bak", "?")];
    assert_eq!(lines("r.example/a", home, files), [format!("https://three/v2/a mirror ({drop_in}:1)")]);
    let named = registries(&[("CONTAINERS_REGISTRIES_CONF", "/c")]);
    let files: Files<'_> = &[("/c", &one), (drop_in, &three)];
    assert_eq!(lines("r.example/a", named.clone(), files), ["https://one/v2/a mirror (/c:1)"]);
    assert!(error("r.example/a", named, &[]).starts_with("/c: "));
}

#[test]
fn daemon_json_mirrors_docker_hub_only() {
    let text =
        r#"{"registry-mirrors": ["https://10.1.1.1"], "insecure-registries": ["10.0.0.0/8", "r.example"]}"#;
    let files: Files<'_> = &[(DAEMON, text)];
    assert_eq!(
        lines("alpine", registries(&[]), files),
        [
            format!("https://10.1.1.1/v2/library/alpine mirror unverified ({DAEMON}:1)"),
            "https://registry-1.docker.io/v2/library/alpine (built in)".to_owned(),
        ]
    );
    assert_eq!(
        lines("r.example/a", registries(&[]), files),
        ["https://r.example/v2/a unverified (built in)", "http://r.example/v2/a twin (built in)"]
    );
    assert_eq!(lines("r.example:5000/a", registries(&[]), files), ["https://r.example:5000/v2/a (built in)"]);
    assert_eq!(lines("10.2.3.4:5000/a", registries(&[]), files).len(), 2);
}

#[test]
fn certificates_come_from_directories_unless_hosts_toml_has_its_own() {
    let dir = "/etc/docker/certs.d";
    let files = [
        "r.example:5000/ca.crt",
        "r.example:5000/me.cert",
        "r.example:5000/me.key",
        "docker.io/hub.crt",
        "localhost:5000/l.crt",
    ]
    .map(|name| format!("{dir}/{name}"));
    let mut files: Vec<(&str, &str)> = files.iter().map(|path| (path.as_str(), "")).collect();
    let own = format!("ca={dir}/r.example:5000/ca.crt cert={dir}/r.example:5000/me.cert");
    assert_eq!(
        lines("r.example:5000/a", registries(&[]), &files),
        [format!("https://r.example:5000/v2/a {own} (built in)")]
    );
    assert_eq!(lines("r.example/a", registries(&[]), &files), ["https://r.example/v2/a (built in)"]);
    assert!(lines("alpine", registries(&[]), &files)[0].contains("ca=/etc/docker/certs.d/docker.io/hub.crt"));
    assert!(
        lines("localhost:5000/a", registries(&[]), &files)[0].starts_with("https://localhost:5000/v2/a ca=")
    );
    let insecure = Registries { insecure: true, ..registries(&[]) };
    assert!(lines("r.example:5000/a", insecure, &files)[0].contains(&format!("unverified {own}")));
    let hosts = format!("{HOSTS}/r.example:5000/hosts.toml");
    files.push((&hosts, "skip_verify = false"));
    assert_eq!(
        lines("r.example:5000/a", registries(&[]), &files),
        [format!("https://r.example:5000/v2/a ({hosts})")]
    );
}

#[test]
fn a_directory_without_hosts_toml_is_one_of_certificates() {
    let file = format!("{HOSTS}/r.example/ca.crt");
    assert_eq!(
        lines("r.example/a", registries(&[]), &[(&file, "")]),
        [format!("https://r.example/v2/a ca={file} (built in)")]
    );
}

#[test]
fn the_command_line_has_the_last_word() {
    let file = format!("{HOSTS}/r.example/hosts.toml");
    let files: Files<'_> = &[(&file, "ca = '/file.pem'\n[host.'https://m']")];
    let options = Registries {
        mirrors: vec!["first:5000".to_owned()],
        roots: vec!["/mine.pem".to_owned()],
        identity: Some(("/c.pem".to_owned(), "/k.pem".to_owned())),
        ..registries(&[])
    };
    assert_eq!(
        lines("r.example/a", options.clone(), files),
        [
            "https://first:5000/v2/a mirror ns=r.example (--mirror)".to_owned(),
            format!("https://m/v2/a mirror ns=r.example ({file}:2)"),
            format!("https://r.example/v2/a ca=/mine.pem cert=/c.pem ({file})"),
        ]
    );
    let plain = Registries { plain_http: true, insecure: true, ..registries(&[]) };
    assert_eq!(lines("r.example/a", plain, files)[1], format!("http://r.example/v2/a ca=/file.pem ({file})"));
    let insecure = Registries { insecure: true, ..registries(&[]) };
    let found = lines("r.example/a", insecure, &[]);
    assert_eq!(
        found,
        ["https://r.example/v2/a unverified (built in)", "http://r.example/v2/a twin (built in)"]
    );
    let wrong = Registries { mirrors: vec!["https://u:hunter2@m".to_owned()], ..registries(&[]) };
    assert_eq!(error("r.example/a", wrong, &[]), "--mirror: `m`: a URL must not hold credentials");
}

#[test]
fn proxies_are_part_of_the_routes() {
    let endpoint =
        endpoints("r.example/a", registries(&[("https_proxy", "p:3128"), ("no_proxy", "cdn.example")]), &[]);
    let routes = &endpoint.unwrap()[0].routes;
    let proxy = |url: &str| routes.to(&Url::parse(url).unwrap()).proxy.as_ref().map(ToString::to_string);
    assert_eq!(proxy("https://r.example/v2/"), Some("http://p:3128".to_owned()));
    assert_eq!(proxy("https://cdn.example/"), None);
}

#[test]
fn short_names_are_expanded() {
    let (found, _) = over(&[(CONF, "[aliases]\nmine = 'r.example/team/mine'")], async |cx| {
        config::expand(&cx, "mine:1", &registries(&[])).await
    });
    assert_eq!(found.unwrap().unwrap().to_string(), "r.example/team/mine:1");
}
