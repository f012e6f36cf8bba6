//! No secret is shown, whatever goes wrong and however much is told: canaries through every flow, searched in every output.

use std::{fs, io::Write as _, net::SocketAddr, process::Command};

use super::{
    Lugger, Ran,
    server::{Server, response},
};

const PASSWORD: &str = "canary-password";
const TOKEN: &str = "canary-token";
const REFRESH: &str = "canary-refresh";
const HEADER: &str = "canary-header";
const SIGNATURE: &str = "canary-signature";
const PROXY: &str = "canary-proxy";
const KEY: &str = "canary-key";
/// me:canary-password, and the same for the proxy.
const PAIR: &str = "bWU6Y2FuYXJ5LXBhc3N3b3Jk";
const PROXY_PAIR: &str = "bWU6Y2FuYXJ5LXByb3h5";

/// Nothing that a run shows has a canary in it, but the names of the files.
fn assert_silent(ran: &Ran, what: &str) {
    for canary in [PASSWORD, TOKEN, REFRESH, HEADER, SIGNATURE, PROXY, KEY, PAIR, PROXY_PAIR] {
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(canary), "{what}: {canary} in {text}");
        }
    }
}

/// Runs it in every way of telling much.
fn run_all(lugger: &Lugger, verb: &[&str], settings: &dyn Fn(&mut Command)) -> Vec<Ran> {
    let ways: [&[&str]; 3] = [&["-vv"], &["-vv", "--progress", "json"], &["-vv", "--json"]];
    let run = |way: &&[&str]| {
        let mut command = lugger.command(&[*way, verb].concat());
        settings(&mut command);
        let ran = Ran::of(command.output().unwrap());
        assert_silent(&ran, &format!("{way:?} {verb:?}"));
        ran
    };
    ways.iter().map(run).collect()
}

/// A registry with a token server that answers with `tokens`, and whose manifests answer with `answer`.
fn registry(tokens: &'static str, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    Server::start(move |head, stream| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let challenge = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"s\"");
        let answer = if head.contains(" /token") {
            tokens.to_owned()
        } else if head.contains(&format!("authorization: bearer {TOKEN}")) {
            answer(host)
        } else {
            response("401 Unauthorized", &[&challenge], "")
        };
        drop(stream.write_all(answer.as_bytes()));
    })
}

/// A home whose files know the registry: credentials, and a header of its own.
fn home(server: SocketAddr, entry: &str) -> Lugger {
    let lugger = Lugger::new();
    let hosts = lugger.home.path().join("hosts").join(server.to_string());
    fs::create_dir_all(&hosts).unwrap();
    let toml = format!("server = \"http://{server}\"\n[header]\nx-secret = \"{HEADER}\"\n");
    fs::write(hosts.join("hosts.toml"), toml).unwrap();
    fs::create_dir(lugger.home.path().join(".docker")).unwrap();
    let config = format!("{{\"auths\": {{\"{server}\": {entry}}}}}");
    fs::write(lugger.home.path().join(".docker/config.json"), config).unwrap();
    lugger
}

fn every_flow(lugger: &Lugger, server: &Server, settings: &dyn Fn(&mut Command)) -> Vec<Ran> {
    let (name, hosts) = (format!("{}/a:v1", server.address), lugger.home.path().join("hosts"));
    let hosts = hosts.to_str().unwrap().to_owned();
    let verbs: [&[&str]; 6] = [
        &["pull", &name, "--hosts-dir", &hosts],
        &["tags", &name, "--hosts-dir", &hosts],
        &["digest", &name, "--hosts-dir", &hosts],
        &["manifest", &name, "--hosts-dir", &hosts],
        &["plan", &name, "--hosts-dir", &hosts],
        &["explain", &name, "--hosts-dir", &hosts],
    ];
    verbs.iter().flat_map(|verb| run_all(lugger, verb, settings)).collect()
}

#[test]
fn what_every_exchange_says_is_masked() {
    let token = concat!(
        "HTTP/1.1 200 OK\r\ncontent-length: 24\r\nconnection: close\r\n\r\n",
        r#"{"token":"canary-token"}"#
    );
    let server = registry(token, |_| {
        response(
            "307 Temporary Redirect",
            &["location: /elsewhere?sig=canary-signature&X-Amz-Credential=canary-key"],
            "",
        )
    });
    for entry in [format!("{{\"auth\": \"{PAIR}\"}}"), format!("{{\"identitytoken\": \"{REFRESH}\"}}")] {
        let lugger = home(server.address, &entry);
        let ran = every_flow(&lugger, &server, &|_| {});
        let shown = &ran[0].stderr;
        assert!(shown.contains(" /token") || shown.contains("/token"), "every exchange is told: {shown}");
        assert!(shown.contains("sig=***"), "{shown}");
        let heads = server.take_heads().join("\n");
        assert!(heads.contains(HEADER) && heads.contains(TOKEN), "the flows did use them: {heads}");
    }
}

#[test]
fn answers_that_repeat_what_they_were_sent_are_not_believed_to_be_harmless() {
    for (status, body) in [
        ("200 OK", r#"{"token": canary-token}"#),
        ("200 OK", r#"{"refresh_token":"canary-token","expires_in":"canary-token"}"#),
        ("500 Oops", ""),
    ] {
        let answer: &'static str = Box::leak(response(status, &[], body).into_boxed_str());
        let server = registry(answer, |_| response("404 Not Found", &[], ""));
        let lugger = home(server.address, &format!("{{\"auth\": \"{PAIR}\"}}"));
        let name = format!("{}/a:v1", server.address);
        run_all(&lugger, &["tags", &name, "--retries", "0"], &|_| {});
    }
}

#[test]
fn a_proxys_password_and_a_broken_key_are_not_quoted() {
    let proxy = Server::saying(response("407 Proxy Authentication Required", &[], ""));
    let lugger = Lugger::new();
    let address = format!("http://me:{PROXY}@{}", proxy.address);
    let key = lugger.home.path().join("my.pem");
    fs::write(&key, format!("-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----\n")).unwrap();
    let key = key.to_str().unwrap();
    for verb in [
        &["tags", "r.example/a"][..],
        &["explain", "r.example/a"],
        &["tags", "r.example/a", "--cert", key, "--key", key],
        &["tags", "r.example/a", "--plain-http"],
    ] {
        run_all(&lugger, verb, &|command| {
            command.env("HTTPS_PROXY", &address).env("HTTP_PROXY", &address);
        });
    }
}

#[test]
fn broken_files_are_not_quoted() {
    let server = Server::saying(response("401 Unauthorized", &["www-authenticate: Basic realm=\"x\""], ""));
    for entry in [
        format!("{{\"auth\": \"{PASSWORD}\"}}"),
        format!("{{\"auth\": {PASSWORD}}}"),
        format!("\"{PASSWORD}\""),
        format!("{{\"identitytoken\": [\"{REFRESH}\"]}}"),
    ] {
        let lugger = home(server.address, &entry);
        every_flow(&lugger, &server, &|_| {});
    }
    for toml in [
        format!("[header]\nx-secret = {HEADER}"),
        format!("[header]\nx-secret = [\"{HEADER}\", 1]"),
        format!("[header]\nx-secret = \"{HEADER}\\n\""),
        format!("server = \"http://me:{PASSWORD}@r.example\""),
    ] {
        let lugger = home(server.address, "{}");
        let file = lugger.home.path().join("hosts").join(server.address.to_string()).join("hosts.toml");
        fs::write(file, toml).unwrap();
        every_flow(&lugger, &server, &|_| {});
    }
}

#[test]
fn a_helper_is_told_nothing_but_by_stdin() {
    let server = Server::saying(response("401 Unauthorized", &["www-authenticate: Basic realm=\"x\""], ""));
    let lugger = home(server.address, &format!("{{\"auth\": \"{PAIR}\"}}"));
    let bin = lugger.home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let helper = bin.join("docker-credential-spy");
    let said = "cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline /proc/$PPID/environ | tr '\\0' '\\n' >> \"$HOME/seen\"";
    fs::write(
        &helper,
        format!("#!/bin/sh\n{said}\necho '{{\"Username\":\"me\",\"Secret\":\"{PASSWORD}\"}}'\n"),
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&helper, mode).unwrap();
    let config = format!("{{\"credHelpers\": {{\"{}\": \"spy\"}}}}", server.address);
    fs::write(lugger.home.path().join(".docker/config.json"), config).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let name = format!("{}/a", server.address);
    run_all(&lugger, &["tags", &name], &|command| {
        command.env("PATH", &path);
    });
    let heads = server.take_heads().join("\n");
    assert!(heads.contains(&PAIR.to_lowercase()), "the helper's password was used: {heads}");
    let seen = fs::read_to_string(lugger.home.path().join("seen")).unwrap();
    // It is the environment of whoever runs the tests: not a thing to print.
    let has = |text: &str| seen.contains(text);
    assert!(has("docker-credential-spy") && has(&name), "it has seen itself and its parent");
    assert!(!has(PASSWORD) && !has(PAIR), "neither command line nor environment has a secret");
}
