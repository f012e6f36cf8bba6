//! `lugger login` and `lugger logout`: what is kept where, and what is not said.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, path::PathBuf};

use serde_json::{Value, json};

use super::{
    Lugger,
    server::{Server, response},
};

const PASSWORD: &str = "canary-password";
/// me:canary-password
const PAIR: &str = "bWU6Y2FuYXJ5LXBhc3N3b3Jk";

/// A registry with Basic authorization.
fn basic() -> Server {
    Server::start(|head, stream| {
        let good = head.contains(&format!("authorization: basic {}", PAIR.to_lowercase()));
        let answer = match good {
            true => response("200 OK", &["content-type: application/json"], r#"{"name":"a","tags":["one"]}"#),
            false => response("401 Unauthorized", &["www-authenticate: Basic realm=\"here\""], ""),
        };
        drop(stream.write_all(answer.as_bytes()));
    })
}

/// A registry with a token server.
fn bearer(token: &'static str) -> Server {
    Server::start(move |head, stream| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let challenge = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"s\"");
        let good = head.contains(&format!("authorization: basic {}", PAIR.to_lowercase()));
        let answer = match (head.starts_with("GET /token"), good) {
            (true, true) => response("200 OK", &[], token),
            (true, false) => {
                response("401 Unauthorized", &[], r#"{"details":"incorrect username or password"}"#)
            }
            (false, _) => response("401 Unauthorized", &[&challenge], ""),
        };
        drop(stream.write_all(answer.as_bytes()));
    })
}

fn config(lugger: &Lugger) -> PathBuf {
    lugger.home.path().join(".docker/config.json")
}

fn read(lugger: &Lugger) -> Value {
    serde_json::from_slice(&fs::read(config(lugger)).unwrap()).unwrap()
}

fn log_in(lugger: &Lugger, more: &[&str], password: &str) -> super::Ran {
    let arguments = [&["-v", "login", "-u", "me", "--password-stdin"], more].concat();
    let ran = lugger.run_with(&arguments, format!("{password}\n").as_bytes());
    for secret in [password, PAIR, "canary-token"] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{}{}", ran.stdout, ran.stderr);
    }
    ran
}

#[test]
fn what_the_registry_takes_is_kept_and_used() {
    let (server, lugger) = (basic(), Lugger::new());
    let registry = server.address.to_string();
    let name = format!("{registry}/a");
    assert_eq!(lugger.run(&["tags", &name]).code, 4);
    let ran = log_in(&lugger, &[&registry], PASSWORD);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("logged in to {registry} as me")), "{}", ran.stdout);
    assert_eq!(read(&lugger), json!({"auths": {&*registry: {"auth": PAIR}}}));
    assert_eq!(fs::metadata(config(&lugger)).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(lugger.stdout(&["tags", &name]), "one\n");

    assert_eq!(lugger.json(&["logout", "--json", &registry])["registries"], json!([registry]));
    assert_eq!(read(&lugger), json!({"auths": {}}));
    assert_eq!(lugger.run(&["tags", &name]).code, 4);
    let again = lugger.run(&["logout", &registry]);
    assert_eq!((again.code, &*again.stdout), (0, ""));
}

#[test]
fn what_the_registry_refuses_is_not_kept() {
    let lugger = Lugger::new();
    for server in [basic(), bearer("{}")] {
        let ran = log_in(&lugger, &[&server.address.to_string()], "canary-wrong");
        assert_eq!((ran.code, &*ran.stdout), (4, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("check the user name and password"), "{}", ran.stderr);
    }
    assert!(!config(&lugger).exists());
}

#[test]
fn a_token_server_may_give_a_token_to_keep() {
    let server = bearer(r#"{"token":"t","refresh_token":"canary-token"}"#);
    let (registry, lugger) = (server.address.to_string(), Lugger::new());
    let ran = log_in(&lugger, &["--json", &registry], PASSWORD);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&said["token"], &said["checked"]), (&true.into(), &true.into()));
    assert_eq!(read(&lugger)["auths"][&*registry], json!({"auth": "bWU6", "identitytoken": "canary-token"}));
    let asked = server.take_heads();
    assert!(
        asked[1].starts_with("GET /token?service=s&account=me&offline_token=true&client_id=lugger"),
        "{asked:?}"
    );
}

#[test]
fn the_rest_of_the_file_stays_as_it_is() {
    let (server, lugger) = (basic(), Lugger::new());
    let registry = server.address.to_string();
    let before = format!(
        "{{\n    \"psFormat\": \"{{{{.ID}}}}\",\n    \"auths\": {{\n        \"z.example\": {{\"auth\": \"YTpi\"}},\n        \"http://{registry}/v1/\": {{}}\n    }},\n    \"odd\": 1.50\n}}\n"
    );
    fs::create_dir(lugger.home.path().join(".docker")).unwrap();
    fs::write(config(&lugger), &before).unwrap();
    assert_eq!(log_in(&lugger, &[&registry], PASSWORD).code, 0);
    let own = format!("        \"{registry}\": {{\"auth\":\"{PAIR}\"}},\n        \"z.example\"");
    let after = before.replace(&format!(",\n        \"http://{registry}/v1/\": {{}}"), "");
    assert_eq!(fs::read_to_string(config(&lugger)).unwrap(), after.replace("        \"z.example\"", &own));
    assert_eq!(lugger.run(&["logout", &registry]).code, 0);
    assert_eq!(fs::read_to_string(config(&lugger)).unwrap(), after);
    assert_eq!(lugger.stdout(&["logout", "--all"]), "logged out of z.example\n");
}

#[test]
fn helpers_keep_what_they_are_named_for() {
    let (server, lugger) = (basic(), Lugger::new());
    let registry = server.address.to_string();
    let bin = lugger.home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let helper = bin.join("docker-credential-box");
    let script = "#!/bin/sh\nbox=\"$HOME/box\"\necho \"$*\" >> \"$HOME/argv\"\ncase $1 in\nstore) cat > \"$box\" ;;\n\
                  get) cat \"$box\" 2>/dev/null || { echo credentials not found in native keychain; exit 1; } ;;\n\
                  erase) rm \"$box\" ;;\nesac\n";
    fs::write(&helper, script).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let authfile = lugger.home.path().join("auth.json");
    fs::write(&authfile, r#"{"credsStore": "box"}"#).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let run = |arguments: &[&str], input: &str| {
        let mut command = lugger.command(arguments);
        let command = command.env("PATH", &path).env("REGISTRY_AUTH_FILE", &authfile);
        let mut child = command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        super::Ran::of(child.wait_with_output().unwrap())
    };
    let name = format!("{registry}/a");
    assert_eq!(run(&["tags", &name], "").code, 4, "nothing in the helper is nobody");
    let ran = run(&["login", "-u", "me", "--password-stdin", &registry], PASSWORD);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("docker-credential-box"), "{}", ran.stdout);
    assert_eq!(fs::read_to_string(&authfile).unwrap(), r#"{"credsStore": "box"}"#);
    let kept: Value = serde_json::from_slice(&fs::read(lugger.home.path().join("box")).unwrap()).unwrap();
    assert_eq!(kept, json!({"ServerURL": registry, "Username": "me", "Secret": PASSWORD}));
    assert_eq!(run(&["tags", &name], "").stdout, "one\n");
    assert_eq!(run(&["logout", &registry], "").stdout, format!("logged out of {registry}\n"));
    let argv = fs::read_to_string(lugger.home.path().join("argv")).unwrap();
    assert!(argv.lines().all(|line| ["get", "store", "erase"].contains(&line)), "{argv}");
}

#[test]
fn a_file_that_is_broken_is_named_and_never_passed_over() {
    let (server, lugger) = (basic(), Lugger::new());
    let (registry, file) = (server.address.to_string(), lugger.home.path().join("auth.json"));
    let name = format!("{registry}/a");
    let authfile = file.to_str().unwrap();
    for (text, why) in [
        (String::from("{\n\"auths\": }"), ":2: this is not valid JSON"),
        (format!("{{\"auths\": {{\n\"{registry}\": {{\"auth\": \"canary\"}}}}}}"), ":2: its `auth` is not"),
        (
            String::from(r#"{"credsStore": "no-such"}"#),
            ":1: docker-credential-no-such: there is no such program",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let ran = lugger.run(&["tags", "--authfile", authfile, &name]);
        assert_eq!(ran.code, 4, "{}", ran.stderr);
        assert!(
            ran.stderr.contains(&format!("{authfile}{why}")) && !ran.stderr.contains("canary"),
            "{}",
            ran.stderr
        );
    }
    let ran = lugger.run(&["tags", "--authfile", "/no/such/file", &name]);
    assert!(ran.code == 4 && ran.stderr.contains("/no/such/file"), "{}", ran.stderr);
    fs::write(&file, format!("{{\"auths\": {{\n\n\"{registry}\": {{\"auth\": \"YTpi\"}}}}}}")).unwrap();
    let ran = lugger.run(&["tags", "--authfile", authfile, &name]);
    assert!(ran.stderr.contains(&format!("refused the credentials of {authfile}:3")), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("lugger login {registry}")), "{}", ran.stderr);
}

#[test]
fn passwords_are_not_taken_from_the_command_line() {
    let lugger = Lugger::new();
    for arguments in [
        &["login", "-u", "me", "-p", "canary", "r.example"][..],
        &["login", "-u", "me", "--password=canary", "r.example"],
        &["login", "-u", "me", "r.example"],
        &["login", "--password-stdin", "r.example"],
        &["login", "--creds", "me:canary", "r.example"],
        &["login", "-u", "me", "--password-stdin", "r.example/team"],
        &["logout", "--all", "r.example"],
    ] {
        let ran = lugger.run(arguments);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{arguments:?} {}", ran.stderr);
        assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    }
    assert!(lugger.run(&["login", "-u", "me", "-p", "x"]).stderr.contains("--password-stdin"));
}
