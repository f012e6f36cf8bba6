//! What a browser cannot do, and what the core does about it: it follows redirects by itself, hides headers, decodes bodies.

use http::header;
use lugger_core::{
    error::Kind,
    name::Reference,
    op::Caps,
    registry::Registries,
    verb::{self, Pulled, Query},
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Access, End, Scenario, registry::Answer},
};

const ROOT: &str = "https://registry.example/v2/team/app";

/// A page's host: see host-wasm.
const PAGE: Caps = Caps { manual_redirects: false, all_headers: false, raw_bodies: false };

fn page(layers: Vec<Vec<u8>>) -> Scenario {
    Scenario { caps: PAGE, ..Scenario::plain(layers) }
}

fn layer_of(script: &Script<Pulled>, len: usize) -> String {
    let blobs = &script.world.scenario.image.blobs;
    blobs.iter().find(|(_, bytes)| bytes.len() == len).expect("the scenario has it").0.to_string()
}

/// A pull that has its manifest, at its one large layer.
fn at_the_layer(scenario: Scenario) -> (Script<Pulled>, String) {
    let mut script = Script::pull(scenario);
    let layer = layer_of(&script, 3000);
    script.expect(&format!("GET {ROOT}/manifests/1.0")).serve();
    (script, layer)
}

#[test]
fn what_another_place_answers_is_taken_and_its_401_is_nobodys() {
    let (mut script, layer) = at_the_layer(page(vec![vec![7; 3000]]));
    let mut blob = script.expect(&format!("GET {ROOT}/blobs/{layer}"));
    let elsewhere = blob.usual().from("https://cdn.example/x");
    blob.answer(elsewhere);
    script.serve_rest();
    assert!(script.finish().is_ok());

    let mut scenario = page(vec![vec![7; 3000]]);
    scenario.access = Access::Basic;
    let (mut script, _) = (Script::pull(scenario), ());
    let challenge = Answer::new(401, Vec::new()).header(header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
    script.expect(&format!("GET {ROOT}/manifests/1.0")).answer(challenge.from("https://evil.example/v2/"));
    while script.waiting() > 0 {
        let line = script.next_line();
        assert!(!line.contains("(authorized)"), "{line}");
        script.expect(&line).answer(Answer::error(404, "MANIFEST_UNKNOWN"));
    }
    assert!(script.finish().is_err());
}

#[test]
fn a_host_that_was_led_into_a_private_network_is_not_believed() {
    for url in ["https://10.0.0.5/x", "https://localhost/x", "https://169.254.169.254/latest"] {
        let (mut script, layer) = at_the_layer(page(vec![vec![7; 3000]]));
        let mut blob = script.expect(&format!("GET {ROOT}/blobs/{layer}"));
        let led = blob.usual().from(url);
        blob.answer(led);
        script.serve_rest();
        let error = script.finish().expect_err(url);
        assert!(error.to_string().contains("private network"), "{url}: {error}");
    }
}

#[test]
fn a_body_that_was_decoded_is_judged_by_its_digest() {
    let (mut script, layer) = at_the_layer(page(vec![vec![7; 3000]]));
    let mut blob = script.expect(&format!("GET {ROOT}/blobs/{layer}"));
    let decoded = blob.usual().header(header::CONTENT_ENCODING, "gzip");
    blob.answer(decoded);
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn a_range_is_taken_without_its_header_and_a_wrong_one_is_found_out() {
    for (wrong, fetched) in [(false, 2), (true, 3)] {
        let (mut script, layer) = at_the_layer(page(vec![vec![7; 3000]]));
        let url = format!("GET {ROOT}/blobs/{layer}");
        let mut first = script.expect(&url);
        let answer = first.usual();
        first.cut(answer, 1000, End::Broken);
        let mut rest = script.expect(&format!("{url} bytes=1000-"));
        let mut part = rest.usual();
        assert_eq!(part.status, 206);
        part.headers.remove(header::CONTENT_RANGE);
        if wrong {
            part.body = vec![9; 2000].into();
        }
        rest.answer(part);
        let asked = script.serve_rest().len() + 2;
        assert!(script.finish().is_ok(), "wrong: {wrong}");
        // The config comes beside it.
        assert_eq!(asked, fetched + 1, "wrong: {wrong}");
    }
}

#[test]
fn tags_go_on_with_the_last_one_where_links_are_hidden() {
    let list = format!("{ROOT}/tags/list");
    let tags =
        |tags: &str| Answer::new(200, format!("{{\"name\":\"team/app\",\"tags\":{tags}}}").into_bytes());
    let script = || {
        let reference = Reference::parse("registry.example/team/app").expect("a name");
        let query = Query { reference, registries: Registries::default(), platform: None };
        Script::new(calm(page(Vec::new())), async |cx| verb::tags(cx, query).await)
    };
    let mut paged = script();
    paged.expect(&format!("GET {list}")).answer(tags(r#"["a","b"]"#));
    paged.expect(&format!("GET {list}?last=b")).answer(tags(r#"["c"]"#));
    paged.expect(&format!("GET {list}?last=c")).answer(tags("[]"));
    assert_eq!(paged.finish(), Ok(["a", "b", "c"].map(str::to_owned).to_vec()));

    // A registry that gives all at once, whatever is asked.
    let mut whole = script();
    whole.expect(&format!("GET {list}")).answer(tags(r#"["a","b"]"#));
    whole.expect(&format!("GET {list}?last=b")).answer(tags(r#"["a","b"]"#));
    assert_eq!(whole.finish(), Ok(["a", "b"].map(str::to_owned).to_vec()));

    // A link that is shown is followed.
    let mut linked = script();
    let first = tags(r#"["a"]"#).header(header::LINK, &format!("<{list}?n=1&last=a>; rel=\"next\""));
    linked.expect(&format!("GET {list}")).answer(first);
    linked.expect(&format!("GET {list}?n=1&last=a")).answer(tags("[]"));
    assert_eq!(linked.finish(), Ok(vec!["a".to_owned()]));
}

#[test]
fn what_is_known_to_be_one_type_is_asked_for_as_that_type() {
    let mut scenario = Scenario::of(3).simple();
    scenario.caps = PAGE;
    let mut script = Script::pull(scenario);
    let mut accepted = Vec::new();
    while script.waiting() > 0 {
        let line = script.next_line();
        let exchange = script.expect_any(&line);
        let accept = exchange.headers().get(header::ACCEPT).map(|it| it.to_str().expect("text").to_owned());
        accepted.extend(accept.filter(|_| line.contains("/manifests/")));
        exchange.serve();
    }
    assert!(script.finish().is_ok());
    let (first, rest) = accepted.split_first().expect("a manifest");
    assert!(first.len() > 128 && !rest.is_empty(), "{accepted:?}");
    assert!(rest.iter().all(|accept| accept.len() < 128 && !accept.contains(',')), "{accepted:?}");
}

#[test]
fn a_registry_that_lets_no_page_read_is_asked_once() {
    let mut script = Script::pull(page(vec![vec![7; 3000]]));
    script.expect(&format!("GET {ROOT}/manifests/1.0")).fails(lugger_core::effect::http::NetErrorKind::Cors);
    let error = script.finish().expect_err("nothing came");
    assert_eq!(error.kind(), Kind::Network);
    assert!(error.to_string().contains("CORS"), "{error}");
    assert_eq!(script.slept, []);
}
