//! Plain text where the user allows it, and what ends a search for somebody who answers.

use http::header;
use lugger_core::{
    effect::{
        file::Entry,
        http::NetErrorKind,
        secret::{Origin, Secret},
    },
    error::{Error, Kind},
    name::Reference,
    registry::{Environment, Registries},
    verb::{self, Pulled, Query},
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Scenario, World, registry::Answer},
};
use url::Url;

const TLS: &str = "https://registry.example/v2/team/app";
const PLAIN: &str = "http://registry.example/v2/team/app";

fn world() -> World {
    calm(Scenario::plain(vec![b"one layer".to_vec()]))
}

fn insecure() -> Script<Pulled> {
    Script::pull_in(world(), |want| want.registries.insecure = true)
}

#[test]
fn a_registry_without_tls_is_asked_in_plain_text_from_then_on() {
    for kind in [NetErrorKind::PlainHttp, NetErrorKind::Connect, NetErrorKind::Timeout] {
        let mut script = insecure();
        let first = script.expect(&format!("GET {TLS}/manifests/1.0"));
        assert!(first.route().tls.unverified);
        first.fails(kind);
        script.expect(&format!("GET {PLAIN}/manifests/1.0")).mirror();
        while let Some(line) = script.peek_line() {
            assert!(line.starts_with(&format!("GET {PLAIN}/blobs/")), "{line}");
            script.expect(&line).mirror();
        }
        assert!(script.finish().is_ok(), "{kind}");
    }
}

#[test]
fn who_calls_a_registry_insecure_logs_in_to_its_plain_text_twin() {
    let mut world = world();
    let plain = Origin::of(&Url::parse(PLAIN).unwrap());
    world.bound.insert("dTpw".to_owned(), plain);
    let mut script = Script::pull_in(world, |want| {
        want.registries.insecure = true;
        want.registries.login = Some(Secret::new("u", "p"));
    });
    script.expect(&format!("GET {TLS}/manifests/1.0")).fails(NetErrorKind::PlainHttp);
    let challenge = Answer::error(401, "NO").header(header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
    script.expect(&format!("GET {PLAIN}/manifests/1.0")).answer(challenge);
    script.expect(&format!("GET {PLAIN}/manifests/1.0 (authorized)")).answer(Answer::error(404, "NO"));
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn a_registry_that_has_answered_over_tls_is_never_asked_in_plain_text() {
    for status in [401, 403, 404, 500] {
        let mut script = insecure();
        script.expect(&format!("GET {TLS}/manifests/1.0")).answer(Answer::error(status, "NO"));
        if status == 500 {
            for _ in 1..script.world.scenario.limits.attempts {
                script.expect(&format!("GET {TLS}/manifests/1.0")).fails(NetErrorKind::Connect);
            }
        }
        assert!(script.finish().is_err(), "{status}");
    }
}

#[test]
fn a_redirect_whose_target_is_dead_is_an_answer_over_tls() {
    let mut script = insecure();
    let leads = Answer::new(307, Vec::new()).header(header::LOCATION, "https://cdn.example/x");
    for _ in 0..script.world.scenario.limits.attempts {
        script.expect(&format!("GET {TLS}/manifests/1.0")).answer(leads.clone());
        script.expect("GET https://cdn.example/x").fails(NetErrorKind::Connect);
    }
    let error = script.finish().unwrap_err();
    assert_eq!(error.kind(), Kind::Network);
    assert!(error.to_string().contains("https://cdn.example, to which it leads: no connection"), "{error}");
}

#[test]
fn nobody_at_either_port_is_one_error_with_both() {
    let mut script = insecure();
    for _ in 0..script.world.scenario.limits.attempts {
        script.expect(&format!("GET {TLS}/manifests/1.0")).fails(NetErrorKind::Connect);
        script.expect(&format!("GET {PLAIN}/manifests/1.0")).fails(NetErrorKind::Connect);
    }
    let error = script.finish().unwrap_err().to_string();
    assert!(
        error.contains("from https://registry.example") && error.contains("from http://registry.example"),
        "{error}"
    );
}

#[test]
fn another_service_of_the_same_host_says_nothing_about_tls() {
    let conf = "[[registry]]\nprefix = \"registry.example\"\n[[registry.mirror]]\nlocation = \"registry.example:5000\"\ninsecure = true\n";
    let mut world = world();
    world.files.insert("/r.conf".to_owned(), Entry::File(conf.as_bytes().to_vec()));
    let variables = [("CONTAINERS_REGISTRIES_CONF".to_owned(), "/r.conf".to_owned())];
    let mut script =
        Script::pull_in(world, |want| want.registries.environment = Some(Environment::of(variables)));
    let line = |scheme: &str, what: &str| format!("GET {scheme}://registry.example:5000/v2/team/app/{what}");
    script.expect(&line("https", "manifests/1.0")).fails(NetErrorKind::PlainHttp);
    script.expect(&line("http", "manifests/1.0")).answer(Answer::error(404, "NO"));
    script.expect(&format!("GET {TLS}/manifests/1.0")).serve();
    assert!(script.next_line().starts_with(&line("http", "blobs/")), "{}", script.next_line());
}

#[test]
fn credentials_that_cannot_be_read_stop_everything() {
    let mut world = world();
    world.files.insert("/auth.json".to_owned(), Entry::File(b"{ broken".to_vec()));
    let variables = [("REGISTRY_AUTH_FILE".to_owned(), "/auth.json".to_owned())];
    let mut script = Script::pull_in(world, |want| {
        want.registries.environment = Some(Environment::of(variables));
        want.registries.mirrors = vec!["https://m1.example".to_owned()];
    });
    let challenge = Answer::error(401, "NO").header(header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
    script.expect("GET https://m1.example/v2/team/app/manifests/1.0?ns=registry.example").answer(challenge);
    let error = script.finish().unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.to_string().contains("/auth.json"), "{error}");
}

#[test]
fn scratch_is_nobodys_to_give() {
    for name in ["scratch", "docker.io/library/scratch:latest"] {
        let reference = Reference::parse(name).expect("a name");
        let mut script = Script::new(world(), async |cx| {
            verb::tags(cx, Query { reference, registries: Registries::default(), platform: None }).await
        });
        assert_eq!(script.finish(), Err(Error::Reserved("scratch".to_owned())));
    }
}

#[test]
fn what_came_from_an_archive_is_no_registrys() {
    let reference = Reference::parse("archive.local/my-image:latest").expect("a name");
    let query = Query { reference, registries: Registries::default(), platform: None };
    let mut script = Script::new(world(), async |cx| verb::digest(cx, query).await);
    let error = script.finish().unwrap_err();
    assert_eq!(error, Error::FromArchive("archive.local/my-image:latest".to_owned()));
    assert!(error.to_string().contains("open the archive again"), "{error}");
}

#[test]
fn registries_of_old_are_told_from_images_that_are_not_there() {
    let mut script = Script::pull_in(world(), |_| {});
    let answer = Answer::new(404, b"404 page not found".to_vec()).header("x-docker-registry-version", "0.9");
    script.expect(&format!("GET {TLS}/manifests/1.0")).answer(answer);
    let error = script.finish().unwrap_err().to_string();
    assert!(error.contains("protocol version 1 is no longer supported"), "{error}");
}

#[test]
fn an_image_that_has_only_schema_1_is_said_to_be_too_old() {
    let mut script = Script::pull_in(world(), |_| {});
    let body = r#"{"schemaVersion":1,"name":"team/app","tag":"1.0","fsLayers":[],"history":[]}"#;
    let answer = Answer::new(200, body.as_bytes())
        .header(header::CONTENT_TYPE, "application/vnd.docker.distribution.manifest.v1+prettyjws");
    script.expect(&format!("GET {TLS}/manifests/1.0")).answer(answer);
    let error = script.finish().unwrap_err();
    assert!(error.to_string().contains("a manifest of schema 1, which nobody makes any more"), "{error}");
}
