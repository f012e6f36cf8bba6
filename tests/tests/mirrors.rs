//! Several places that serve one repository: who is asked, in which order, and who is spared.

use std::time::Duration;

use lugger_core::{
    effect::{file::Entry, http::NetErrorKind},
    error::{Error, Kind},
    event::Event,
    name::Digest,
    registry::Environment,
    verb::Pulled,
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Scenario, World, registry::Answer},
};

const M1: &str = "https://m1.example/v2/team/app";
const M2: &str = "https://m2.example/v2/team/app";
const HOME: &str = "https://registry.example/v2/team/app";
const NS: &str = "?ns=registry.example";
const LAYER: &[u8] = b"one layer";

fn world() -> World {
    calm(Scenario::plain(vec![LAYER.to_vec()]))
}

fn with(mirrors: &[&str]) -> Script<Pulled> {
    let mirrors = mirrors.iter().map(|host| format!("https://{host}")).collect();
    Script::pull_in(world(), |want| want.registries.mirrors = mirrors)
}

/// With a hosts.toml for the registry.
fn by_file(text: &str) -> Script<Pulled> {
    let mut world = world();
    let names = |name: &str| Entry::Dir(vec![name.to_owned()]);
    world.files.insert("/hosts".to_owned(), names("registry.example"));
    world.files.insert("/hosts/registry.example".to_owned(), names("hosts.toml"));
    world
        .files
        .insert("/hosts/registry.example/hosts.toml".to_owned(), Entry::File(text.as_bytes().to_vec()));
    Script::pull_in(world, |want| {
        want.registries.hosts_dirs = vec!["/hosts".to_owned()];
        want.registries.environment = Some(Environment::default());
    })
}

fn layer() -> Digest {
    Digest::sha256(LAYER)
}

/// Lets `at` serve everything up to the layer, which is not served yet.
fn up_to_the_layer(script: &mut Script<Pulled>) -> String {
    loop {
        let line = script.next_line();
        if line.contains(&layer().to_string()) {
            return line;
        }
        script.expect(&line).mirror();
    }
}

#[test]
fn they_are_asked_in_order_and_told_which_registry_is_meant() {
    let mut script = with(&["m1.example", "m2.example"]);
    script.expect(&format!("GET {M1}/manifests/1.0{NS}")).answer(Answer::error(404, "MANIFEST_UNKNOWN"));
    script.expect(&format!("GET {M2}/manifests/1.0{NS}")).answer(Answer::error(404, "MANIFEST_UNKNOWN"));
    script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
    let line = up_to_the_layer(&mut script);
    assert_eq!(line, format!("GET {M1}/blobs/{}{NS}", layer()), "for each thing anew");
    script.expect(&line).mirror();
    assert!(script.finish().is_ok());
    let passed_on = |event: &&Event| matches!(event, Event::NextEndpoint { .. });
    assert_eq!(script.events.iter().filter(passed_on).count(), 2);
}

#[test]
fn whatever_a_mirror_says_the_next_is_asked_at_once() {
    for status in [400, 401, 403, 404, 429, 451, 500, 503] {
        let mut script = with(&["m1.example"]);
        script.expect(&format!("GET {M1}/manifests/1.0{NS}")).answer(Answer::error(status, "NO"));
        script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
        let line = up_to_the_layer(&mut script);
        script.expect(&line).mirror();
        assert!(script.finish().is_ok(), "{status}");
        // A mirror that has called requests too many is asked with a gap from then on.
        let gap = Duration::from_millis(if status == 429 { 100 } else { 0 });
        assert!(script.slept.iter().all(|(_, pause)| *pause <= gap), "{status}: {:?}", script.slept);
    }
}

#[test]
fn a_dead_mirror_costs_one_try_for_the_whole_pull() {
    for kind in [NetErrorKind::Connect, NetErrorKind::Timeout, NetErrorKind::Resolve, NetErrorKind::Tls] {
        let mut script = with(&["m1.example"]);
        script.expect(&format!("GET {M1}/manifests/1.0{NS}")).fails(kind);
        script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
        script.serve_rest();
        assert!(script.finish().is_ok() && script.slept.is_empty(), "{kind}");
    }
}

#[test]
fn a_mirror_that_answers_again_is_first_again() {
    let mut script = with(&["m1.example"]);
    script.expect(&format!("GET {M1}/manifests/1.0{NS}")).fails(NetErrorKind::Connect);
    script.expect(&format!("GET {HOME}/manifests/1.0")).answer(Answer::error(503, "BUSY"));
    script.expect(&format!("GET {HOME}/manifests/1.0")).answer(Answer::error(503, "BUSY"));
    script.expect(&format!("GET {M1}/manifests/1.0{NS}")).mirror();
    assert!(script.next_line().starts_with(&format!("GET {M1}/blobs/")), "{}", script.next_line());
}

#[test]
fn wrong_bytes_from_all_mirrors_do_not_keep_the_registry_from_being_asked() {
    let mut script = with(&["m1.example", "m2.example"]);
    let line = up_to_the_layer(&mut script);
    script.expect(&line).answer(Answer::new(200, vec![1; LAYER.len()]));
    let second = script.expect(&format!("GET {M2}/blobs/{}{NS}", layer()));
    assert_eq!(second.headers()["cache-control"], "no-cache");
    second.answer(Answer::new(200, vec![2; LAYER.len()]));
    script.expect(&format!("GET {HOME}/blobs/{}", layer())).serve();
    assert!(script.finish().is_ok() && script.slept.is_empty());
}

#[test]
fn wrong_bytes_from_everyone_are_the_end() {
    let mut script = with(&["m1.example"]);
    let line = up_to_the_layer(&mut script);
    script.expect(&line).answer(Answer::new(200, vec![1; LAYER.len()]));
    script.expect(&format!("GET {HOME}/blobs/{}", layer())).answer(Answer::new(200, vec![2; LAYER.len()]));
    let error = script.finish().unwrap_err();
    assert_eq!((error.kind(), script.slept.len()), (Kind::Content, 0), "{error}");
}

#[test]
fn a_registry_that_is_busy_does_not_make_wrong_bytes_final() {
    let mut script = with(&["m1.example"]);
    let line = up_to_the_layer(&mut script);
    script.expect(&line).answer(Answer::new(200, vec![1; LAYER.len()]));
    script.expect(&format!("GET {HOME}/blobs/{}", layer())).answer(Answer::error(503, "BUSY"));
    let again = script.expect(&line);
    assert_eq!(again.headers()["cache-control"], "no-cache");
    again.mirror();
    assert!(script.finish().is_ok());
}

#[test]
fn a_wrong_document_from_a_mirror_is_not_taken() {
    for body in ["<html>", "{}", r#"{"schemaVersion":2}"#] {
        let mut script = with(&["m1.example"]);
        script
            .expect(&format!("GET {M1}/manifests/1.0{NS}"))
            .answer(Answer::new(200, body.as_bytes()).header("content-type", "text/html"));
        script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
        let line = up_to_the_layer(&mut script);
        script.expect(&line).mirror();
        assert!(script.finish().is_ok(), "{body}");
    }
}

#[test]
fn a_mirror_that_may_not_resolve_is_asked_for_content_only() {
    let mut script = by_file(
        "server = \"https://registry.example\"\n[host.\"https://m1.example\"]\ncapabilities = [\"pull\"]",
    );
    script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
    let line = up_to_the_layer(&mut script);
    assert_eq!(line, format!("GET {M1}/blobs/{}{NS}", layer()));
    script.expect(&line).mirror();
    assert!(script.finish().is_ok());
}

#[test]
fn a_mirror_that_may_not_pull_is_never_asked() {
    let mut script = by_file(
        "server = \"https://registry.example\"\n[host.\"https://m1.example\"]\ncapabilities = [\"resolve\", \"push\"]",
    );
    script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn where_nobody_may_be_asked_the_error_says_so() {
    let mut script = by_file("server = \"https://m1.example\"\ncapabilities = [\"pull\"]");
    let error = script.finish().unwrap_err();
    assert!(matches!(error, Error::NoEndpoint { .. }), "{error}");
    assert_eq!(error.kind(), Kind::NotFound);
}

#[test]
fn a_mirror_that_wants_to_be_left_alone_is() {
    let mut script = with(&["m1.example"]);
    script
        .expect(&format!("GET {M1}/manifests/1.0{NS}"))
        .answer(Answer::error(429, "TOOMANYREQUESTS").header("retry-after", "100000"));
    script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
    assert!(script.slept.is_empty(), "others are asked meanwhile");
}

#[test]
fn a_registry_that_rests_is_waited_for_when_its_mirror_is_done() {
    let mut script = with(&["m1.example"]);
    let attempts = script.world.scenario.limits.attempts;
    let mirror = format!("GET {M1}/manifests/1.0{NS}");
    script.expect(&mirror).answer(Answer::error(503, "BUSY"));
    script
        .expect(&format!("GET {HOME}/manifests/1.0"))
        .answer(Answer::error(429, "TOOMANYREQUESTS").header("retry-after", "60"));
    for _ in 1..attempts {
        script.expect(&mirror).answer(Answer::error(503, "BUSY"));
    }
    script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
    let waited: Duration = script.slept.iter().map(|(_, pause)| *pause).sum();
    assert!((60..65).contains(&waited.as_secs()), "{waited:?}");
}

#[test]
fn the_error_has_every_attempt_and_the_most_telling_first() {
    let home = |script: &mut Script<Pulled>, status| {
        script.expect(&format!("GET {HOME}/manifests/1.0")).answer(Answer::error(status, "NO"));
    };
    let mut script = with(&["m1.example", "m2.example"]);
    script.expect(&format!("GET {M1}/manifests/1.0{NS}")).fails(NetErrorKind::Tls);
    script.expect(&format!("GET {M2}/manifests/1.0{NS}")).answer(Answer::error(404, "NO"));
    home(&mut script, 403);
    let error = script.finish().unwrap_err();
    assert_eq!(error.kind(), Kind::Denied, "the registry itself decides");
    let Error::Registry(error) = error else { panic!("{error}") };
    let order: Vec<_> = error.attempts().map(|attempt| attempt.registry.as_str()).collect();
    assert_eq!(order, ["https://registry.example", "https://m2.example", "https://m1.example"]);
    assert_eq!(error.others[0].asked, format!("GET {M2}/manifests/1.0{NS}"));

    let mut script = with(&["m1.example"]);
    script.expect(&format!("GET {M1}/manifests/1.0{NS}")).answer(Answer::error(404, "NO"));
    script.expect(&format!("GET {HOME}/manifests/1.0")).fails(NetErrorKind::Tls);
    let error = script.finish().unwrap_err();
    assert_eq!(error.kind(), Kind::Network, "a mirror's `not found` does not hide that: {error}");
    assert!(error.to_string().contains("from https://m1.example: not found"), "{error}");
}
