//! Redirects are followed without credentials, to safe places, and not for ever.

use http::header;
use lugger_core::{effect::file::Entry, error::Kind, registry::Environment};
use lugger_tests::{
    script::{Script, calm},
    sim::{
        Access, Scenario,
        registry::{Answer, home},
    },
};

const ROOT: &str = "https://registry.example/v2/team/app";

fn scenario() -> Scenario {
    let mut scenario = Scenario::plain(vec![vec![7; 3000]]);
    scenario.access = Access::Bearer { life: Some(300), elsewhere: false, login: true };
    scenario.redirects = true;
    scenario
}

/// A pull that has its manifest and is at its one large layer.
fn at_the_layer() -> (Script<lugger_core::verb::Pulled>, String) {
    let scenario = scenario();
    let layer = scenario.image.blobs.iter().find(|(_, bytes)| bytes.len() == 3000);
    let layer = layer.expect("the scenario has it").0.to_string();
    let mut script = Script::pull(scenario);
    script.expect(&format!("GET {ROOT}/manifests/1.0")).serve();
    script.expect("GET https://registry.example/token?service=registry.example&scope=repository:team/app:pull&account=*** (authorized)").serve();
    script.expect(&format!("GET {ROOT}/manifests/1.0 (authorized)")).serve();
    (script, layer)
}

#[test]
fn the_authorization_stays_behind() {
    let (mut script, layer) = at_the_layer();
    script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).serve();
    let content = script.expect(&format!("GET https://cdn.example/data/{layer}?sig=***"));
    assert!(!content.headers().contains_key(header::AUTHORIZATION));
    content.serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn a_chain_that_comes_home_goes_on_without_authorization() {
    let (mut script, layer) = at_the_layer();
    let to = |url: &str| Answer::new(307, Vec::new()).header(header::LOCATION, url);
    script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).answer(to("https://cdn.example/x"));
    script.expect("GET https://cdn.example/x").answer(to("https://registry.example/y"));
    script.expect("GET https://registry.example/y").answer(Answer::error(404, "GONE"));
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn a_redirect_within_the_origin_keeps_it() {
    let (mut script, layer) = at_the_layer();
    let answer = Answer::new(302, Vec::new()).header(header::LOCATION, "../elsewhere");
    script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).answer(answer);
    script
        .expect("GET https://registry.example/v2/team/app/elsewhere (authorized)")
        .answer(Answer::error(404, "GONE"));
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn unsafe_and_unreadable_targets_are_refused_at_once() {
    for location in ["http://cdn.example/x", "file:///etc/passwd", "data:,x", "http://[", ""] {
        let (mut script, layer) = at_the_layer();
        let answer = Answer::new(307, Vec::new());
        let answer = if location.is_empty() { answer } else { answer.header(header::LOCATION, location) };
        script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).answer(answer);
        let error = script.finish().unwrap_err();
        assert_eq!(error.kind(), Kind::Network, "{location}: {error}");
        assert!(script.slept.is_empty(), "{location}");
    }
}

/// Unicode names are the business of whoever shows them: on the wire they are ASCII (idna_adapter is built without tables).
#[test]
fn a_host_in_unicode_is_refused_and_its_ascii_form_is_not() {
    let (mut script, layer) = at_the_layer();
    let to = |url: &str| Answer::new(307, Vec::new()).header(header::LOCATION, url);
    script
        .expect(&format!("GET {ROOT}/blobs/{layer} (authorized)"))
        .answer(to("https://b%C3%BCcher.example/x"));
    let error = script.finish().unwrap_err().to_string();
    assert!(error.contains("Location: invalid international domain name"), "{error}");
    let (mut script, layer) = at_the_layer();
    script
        .expect(&format!("GET {ROOT}/blobs/{layer} (authorized)"))
        .answer(to("https://xn--bcher-kva.example/x"));
    script.expect("GET https://xn--bcher-kva.example/x").answer(Answer::error(404, "GONE"));
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn a_loop_ends() {
    let (mut script, layer) = at_the_layer();
    let line = format!("GET {ROOT}/blobs/{layer} (authorized)");
    for _ in 0..=script.world.scenario.limits.redirects {
        let here = format!("{ROOT}/blobs/{layer}");
        script.expect(&line).answer(Answer::new(307, Vec::new()).header(header::LOCATION, &here));
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Network);
}

#[test]
fn a_url_that_has_ended_is_asked_for_again_at_the_registry() {
    let (mut script, layer) = at_the_layer();
    for status in [403, 401] {
        script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).serve();
        let challenge =
            Answer::error(status, "EXPIRED").header(header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
        script.expect(&format!("GET https://cdn.example/data/{layer}?sig=***")).answer(challenge);
    }
    script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).serve();
    script.expect(&format!("GET https://cdn.example/data/{layer}?sig=***")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}

/// A pull whose registry has headers, a client certificate and the user's word of its own.
fn with_settings() -> Script<lugger_core::verb::Pulled> {
    let toml = "server = \"https://registry.example\"\nclient = \"/me.pem\"\nskip_verify = true\n[header]\nx-key = \"canary\"\n";
    let mut world = calm(scenario());
    let names = |name: &str| Entry::Dir(vec![name.to_owned()]);
    world.files.insert("/h".to_owned(), names("registry.example"));
    world.files.insert("/h/registry.example".to_owned(), names("hosts.toml"));
    world.files.insert("/h/registry.example/hosts.toml".to_owned(), Entry::File(toml.as_bytes().to_vec()));
    world.bound.insert("canary".to_owned(), home());
    Script::pull_in(world, |want| {
        want.registries.hosts_dirs = vec!["/h".to_owned()];
        want.registries.environment = Some(Environment::default());
    })
}

#[test]
fn nothing_of_the_users_goes_along_nor_is_taken_up_again_at_home() {
    let mut script = with_settings();
    let to = |url: &str| Answer::new(307, Vec::new()).header(header::LOCATION, url);
    let first = script.expect(&format!("GET {ROOT}/manifests/1.0"));
    assert_eq!(first.headers()["x-key"], "canary");
    assert!(first.route().tls.unverified && first.route().tls.identities.len() == 1);
    first.answer(to("https://cdn.example/x"));
    for (url, next) in [
        ("https://cdn.example/x", "https://registry.example/y"),
        ("https://registry.example/y", "https://registry.example/z"),
    ] {
        let got = script.expect(&format!("GET {url}"));
        assert!(!got.headers().contains_key("x-key"), "{url}");
        assert!(!got.route().tls.unverified && got.route().tls.identities.is_empty(), "{url}");
        got.answer(to(next));
    }
    script.expect("GET https://registry.example/z").answer(Answer::error(404, "GONE"));
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn nothing_of_the_users_goes_to_a_realm() {
    let mut script = with_settings();
    let challenge = Answer::error(401, "NO")
        .header(header::WWW_AUTHENTICATE, "Bearer realm=\"https://auth.example/token\",service=\"s\"");
    script.expect(&format!("GET {ROOT}/manifests/1.0")).answer(challenge);
    let ask = script.expect("GET https://auth.example/token?service=s&scope=repository:team/app:pull");
    assert!(!ask.headers().contains_key("x-key"));
    assert!(!ask.route().tls.unverified && ask.route().tls.identities.is_empty());
    ask.answer(Answer::new(307, Vec::new()).header(header::LOCATION, "https://registry.example/token"));
    let home = script.expect("GET https://registry.example/token");
    assert!(!home.headers().contains_key("x-key") && home.route().tls.identities.is_empty());
    home.answer(Answer::error(403, "NO"));
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Denied);
}
