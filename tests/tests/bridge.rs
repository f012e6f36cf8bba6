//! A core that asks a native one instead of the registry: other URLs, the same flows, and nothing of the user's goes along.

use http::header;
use lugger_core::{
    error::{Error, Kind, Refusal},
    name::{Digest, Reference},
    registry::{
        Bridge, Registries,
        bridge::{TOKEN, Told},
    },
    verb::{self, Query},
};
use lugger_tests::{
    script::{Expected, Script, calm},
    sim::{Access, Scenario, registry::Answer},
};
use url::Url;

const API: &str = "http://127.0.0.1:7777/api/v1";
const REF: &str = "ref=registry.example/team/app";
const LAYER: &[u8] = b"a layer that comes over the bridge";

fn bridged() -> Registries {
    let url = Url::parse(&format!("{API}/")).expect("a URL");
    Registries { bridge: Some(Box::new(Bridge { url, token: "t0ken".to_owned() })), ..Registries::default() }
}

fn asking(registries: Registries) -> Script<Vec<String>> {
    let reference = Reference::parse("registry.example/team/app").expect("a name");
    let query = Query { reference, registries, platform: None };
    Script::new(calm(Scenario::plain(Vec::new())), async |cx| verb::tags(cx, query).await)
}

fn told(told: &Told) -> Answer {
    Answer::new(told.status, told.body().into_bytes())
}

/// What the bridge answers when all is well: what the registry does.
fn relay<T: 'static>(mut asked: Expected<'_, T>) {
    assert_eq!(asked.headers().get(TOKEN).map(http::HeaderValue::as_bytes), Some(&b"t0ken"[..]));
    assert!(!asked.headers().contains_key(header::AUTHORIZATION));
    let answer = asked.relayed();
    asked.answer(answer);
}

#[test]
fn a_pull_asks_the_bridge_alone() {
    let mut scenario = Scenario::plain(vec![LAYER.to_vec()]);
    scenario.access = Access::Open;
    let mut script = Script::pull_in(calm(scenario), |want| want.registries = bridged());
    let lines: Vec<_> = std::iter::from_fn(|| {
        let line = script.peek_line()?;
        relay(script.expect(&line));
        Some(line)
    })
    .collect();
    assert!(script.finish().is_ok());
    assert_eq!(lines[0], format!("GET {API}/manifest?{REF}&reference=1.0"));
    let layer = Digest::sha256(LAYER);
    assert!(
        lines.contains(&format!("GET {API}/blob?{REF}&digest={layer}&size={}", LAYER.len())),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| line.starts_with(&format!("GET {API}/"))), "{lines:?}");
}

#[test]
fn tags_come_in_pages_with_the_token_each() {
    let mut script = asking(bridged());
    let page = |tags: &str| Answer::new(200, format!("{{\"tags\":{tags}}}").into_bytes());
    let next = format!("<tags?{REF}&n=2&last=b>; rel=\"next\"");
    script.expect(&format!("GET {API}/tags?{REF}")).answer(page(r#"["a","b"]"#).header(header::LINK, &next));
    let second = script.expect(&format!("GET {API}/tags?{REF}&n=2&last=b"));
    assert!(second.headers().contains_key(TOKEN));
    second.answer(page(r#"["c"]"#));
    assert_eq!(script.finish(), Ok(["a", "b", "c"].map(str::to_owned).to_vec()));
}

#[test]
fn a_registry_that_is_not_confirmed_says_which() {
    let mut script = asking(bridged());
    script.expect(&format!("GET {API}/tags?{REF}")).answer(told(&Told::unconfirmed("registry.example")));
    let error = script.finish().unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    let Error::Registry(error) = error else { panic!("{error}") };
    assert_eq!(error.first.why, Refusal::Unconfirmed { registry: "registry.example".to_owned() });
}

#[test]
fn the_other_core_has_tried_again_and_its_words_come_through() {
    for (kind, status) in
        [(Kind::Network, 502), (Kind::Throttled, 429), (Kind::NotFound, 404), (Kind::Denied, 401)]
    {
        let words = "list tags from https://registry.example (repository team/app): something long, said in full \
                     and with everything that anybody would want to know";
        let mut script = asking(bridged());
        let answer = told(&Told::new(kind, words).with_status(status));
        // Nobody logs in at the bridge.
        let answer = answer.header(header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
        script.expect(&format!("GET {API}/tags?{REF}")).answer(answer);
        let error = script.finish().unwrap_err();
        assert_eq!((error.kind(), script.slept.len()), (kind, 0), "{error}");
        assert!(error.to_string().ends_with(words), "{error}");
    }
}

#[test]
fn the_token_stays_with_the_bridge() {
    let mut script = asking(bridged());
    let away = Answer::new(307, Vec::new()).header(header::LOCATION, "https://cdn.example/tags");
    script.expect(&format!("GET {API}/tags?{REF}")).answer(away);
    let asked = script.expect("GET https://cdn.example/tags");
    assert!(!asked.headers().contains_key(TOKEN));
    asked.answer(Answer::error(404, "NAME_UNKNOWN"));
    assert!(script.finish().is_err());
}
