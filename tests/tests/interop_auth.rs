//! Getting into a real registry: with a password, with tokens, with what other programs have kept.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use lugger_tests::interop::{
    DockerRegistry, Fate, Life, PASSWORD, REFRESH_TOKEN, Sample, TokenServer, USER, User, Wants, Wire, Wish,
    have,
};

const PROGRAMS: [&str; 1] = ["docker-registry"];

fn sample() -> Sample {
    Sample::new("team/app", &[3000, 70_000])
}

fn behind_password() -> (DockerRegistry, Sample, String) {
    let (registry, sample) = (DockerRegistry::wanting(Wants::Password, None), sample());
    let image = sample.publish(&registry);
    (registry, sample, image)
}

fn behind_tokens(tokens: &TokenServer) -> (DockerRegistry, Sample, String) {
    let (registry, sample) = (DockerRegistry::wanting(Wants::Token(tokens), None), sample());
    let image = sample.publish(&registry);
    (registry, sample, image)
}

/// What docker's file says of a registry.
fn kept(host: &str, entry: &str) -> String {
    format!("{{\"auths\":{{\"{host}\":{{{entry}}}}}}}")
}

fn password_entry(password: &str) -> String {
    format!("\"auth\":\"{}\"", BASE64_STANDARD.encode(format!("{USER}:{password}")))
}

fn wish(method: &str, who: &str) -> Wish {
    Wish { method: method.to_owned(), who: who.to_owned(), scope: "repository:team/app:pull".to_owned() }
}

#[test]
fn who_has_no_credentials_is_told_how_to_log_in() {
    if !have(&PROGRAMS) {
        return;
    }
    let ((registry, _, image), user) = (behind_password(), User::new());
    let login = format!("lugger login {}", registry.host());
    user.pull(&image, &[]).failed(4, &["hint:", &login, "--creds"]);
    user.has_nothing();
}

#[test]
fn a_password_from_stdin_opens_and_is_never_shown() {
    if !have(&PROGRAMS) {
        return;
    }
    let ((_registry, sample, image), user) = (behind_password(), User::new());
    let pull = ["-v", "pull", "--creds", USER, "--password-stdin", &image];
    user.piped(&format!("{PASSWORD}\n"), &pull).succeeded().silent_about(&[PASSWORD, "Basic "]);
    user.has(&image, &sample);

    let fresh = User::new();
    let encoded = BASE64_STANDARD.encode(format!("{USER}:open barley"));
    fresh
        .piped("open barley\n", &pull)
        .failed(4, &["refused the credentials of --creds", "hint:"])
        .silent_about(&["open barley", &encoded]);
}

#[test]
fn wrong_credentials_are_refused_with_their_file_and_line() {
    if !have(&PROGRAMS) {
        return;
    }
    let ((registry, _, image), user) = (behind_password(), User::new());
    let file = user
        .write(".docker/config.json", &format!("\n\n{}", kept(&registry.host(), &password_entry("barley"))));
    let place = format!("{}:3", file.display());
    user.pull(&image, &["-v"])
        .failed(4, &[&place, "refused the credentials", "hint:"])
        .silent_about(&["barley"]);
}

#[test]
fn files_of_credentials_are_found_where_docker_and_podman_keep_them() {
    if !have(&PROGRAMS) {
        return;
    }
    let (registry, sample, image) = behind_password();
    let text = kept(&registry.host(), &password_entry(PASSWORD));
    for path in [".docker/config.json", ".config/containers/auth.json"] {
        let user = User::new();
        user.write(path, &text);
        user.pull(&image, &[]).succeeded();
        user.has(&image, &sample);
    }
    let user = User::new();
    let file = user.write("elsewhere.json", &text);
    user.pull(&image, &[]).failed(4, &[]);
    user.pull(&image, &["--authfile", file.to_str().unwrap()]).succeeded();
    let user = User::new().with("REGISTRY_AUTH_FILE", &file);
    user.pull(&image, &[]).succeeded();
}

#[test]
fn a_login_lasts_until_the_logout() {
    if !have(&PROGRAMS) {
        return;
    }
    let ((registry, sample, image), user) = (behind_password(), User::new());
    let host = registry.host();
    let login = ["login", "-u", USER, "--password-stdin", &host];
    user.piped("open barley\n", &login).failed(4, &[]);
    assert!(!user.path(".docker/config.json").exists(), "what was refused is not kept");
    user.piped(&format!("{PASSWORD}\n"), &login).succeeded().silent_about(&[PASSWORD]);
    user.pull(&image, &[]).succeeded();
    user.has(&image, &sample);
    user.lugger(&["logout", &host]).succeeded();
    user.lugger(&["digest", &image]).failed(4, &["hint:"]);
}

#[test]
fn what_skopeo_has_kept_is_understood() {
    if !have(&["docker-registry", "skopeo"]) {
        return;
    }
    let ((registry, _, image), user) = (behind_password(), User::new());
    let file = user.path("auth.json");
    let mut skopeo = Command::new("skopeo")
        .args(["login", "--tls-verify=false", "-u", USER, "--password-stdin", "--authfile"])
        .arg(&file)
        .arg(registry.host())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut skopeo.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    assert!(skopeo.wait().unwrap().success());
    user.pull(&image, &["--authfile", file.to_str().unwrap()]).succeeded();
}

#[test]
fn a_pull_costs_one_token() {
    if !have(&PROGRAMS) {
        return;
    }
    let (tokens, user) = (TokenServer::start(), User::new());
    let (registry, sample, image) = behind_tokens(&tokens);
    user.write(".docker/config.json", &kept(&registry.host(), &password_entry(PASSWORD)));
    user.lugger(&["-v", "pull", &image]).succeeded().silent_about(&[PASSWORD, "Bearer ", "eyJ"]);
    user.has(&image, &sample);
    assert_eq!(tokens.take_asked(), [wish("GET", "me by password")]);
}

#[test]
fn nobody_gets_a_token_for_nothing() {
    if !have(&PROGRAMS) {
        return;
    }
    let (tokens, user) = (TokenServer::start(), User::new());
    let (_registry, _, image) = behind_tokens(&tokens);
    user.pull(&image, &[]).failed(4, &["hint:", "lugger login"]);
    let asked = tokens.take_asked();
    assert!(!asked.is_empty() && asked.len() <= 2 && asked.iter().all(|it| it.who == "nobody"), "{asked:?}");
}

#[test]
fn a_token_server_that_refuses_the_password_is_asked_once() {
    if !have(&PROGRAMS) {
        return;
    }
    let (tokens, user) = (TokenServer::start(), User::new());
    let (_registry, _, image) = behind_tokens(&tokens);
    let pull = ["pull", "--creds", USER, "--password-stdin", &image];
    user.piped("barley", &pull).failed(4, &[&tokens.origin(), "--creds", "not you"]);
    assert_eq!(tokens.take_asked(), [wish("GET", "wrong password")]);
}

#[test]
fn an_identity_token_goes_by_post_alone() {
    if !have(&PROGRAMS) {
        return;
    }
    let (tokens, user) = (TokenServer::start(), User::new());
    let (registry, sample, image) = behind_tokens(&tokens);
    let entry = format!("\"identitytoken\":\"{REFRESH_TOKEN}\"");
    user.write(".config/containers/auth.json", &kept(&registry.host(), &entry));
    user.lugger(&["-v", "pull", &image]).succeeded().silent_about(&[REFRESH_TOKEN]);
    user.has(&image, &sample);
    assert_eq!(tokens.take_asked(), [wish("POST", "refresh_token")]);
}

#[test]
fn a_password_does_not_go_to_a_token_server_of_another_name() {
    if !have(&PROGRAMS) {
        return;
    }
    let life = Life { true_seconds: 300, said_seconds: 300 };
    let (tokens, user) = (TokenServer::with("localhost", life), User::new());
    let (registry, _, image) = behind_tokens(&tokens);
    user.write(".docker/config.json", &kept(&registry.host(), &password_entry(PASSWORD)));
    user.pull(&image, &[]).failed(4, &["warning:", &tokens.origin(), "were not sent"]);
    let asked = tokens.take_asked();
    assert!(!asked.is_empty() && asked.iter().all(|it| it.who == "nobody"), "{asked:?}");
}

/// A layer that takes three seconds over a wire that breaks after two of them, with tokens that live for one.
fn pull_with_tokens_of(life: Life) -> (Vec<Wish>, String) {
    const LAYER: usize = 3 << 20;
    let (tokens, user) = (TokenServer::with("127.0.0.1", life), User::new());
    let registry = DockerRegistry::wanting(Wants::Token(&tokens), None);
    let sample = Sample::new("team/app", &[LAYER]);
    sample.publish(&registry);
    let wire = Wire::to(&registry.host(), |connection| Fate {
        cut: (connection == 0).then_some(2 << 20),
        pause: Duration::from_millis(60),
    });
    let image = sample.at(&wire.host());
    user.write(".docker/config.json", &kept(&wire.host(), &password_entry(PASSWORD)));
    let ended = user.lugger(&["--progress", "json", "pull", "--concurrency", "1", &image]).succeeded();
    user.has(&image, &sample);
    let most = sample.size() + wire.connections() * 4096;
    assert!(wire.cuts() == 1 && wire.bytes() < most, "{} of {most}: resumed, not begun anew", wire.bytes());
    (tokens.take_asked(), ended.stderr)
}

#[test]
fn a_token_that_ends_in_mid_pull_is_replaced_and_the_layer_resumed() {
    if !have(&PROGRAMS) {
        return;
    }
    let (asked, said) = pull_with_tokens_of(Life { true_seconds: 1, said_seconds: 1 });
    assert!((2..=4).contains(&asked.len()), "{asked:?}\n{said}");
    assert!(asked.iter().all(|it| *it == wish("GET", "me by password")), "{asked:?}");
}

#[test]
fn a_token_that_ends_before_its_time_is_replaced_when_it_is_refused() {
    if !have(&PROGRAMS) {
        return;
    }
    let (asked, said) = pull_with_tokens_of(Life { true_seconds: 1, said_seconds: 300 });
    assert!((2..=4).contains(&asked.len()), "{asked:?}\n{said}");
    assert!(asked.iter().all(|it| *it == wish("GET", "me by password")), "{asked:?}");
}
