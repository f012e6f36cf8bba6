//! Lists of tags: page by page, on where it broke off, and of one endpoint alone.

use std::time::Duration;

use lugger_core::{
    effect::file::Entry,
    error::Kind,
    name::Reference,
    registry::{Environment, Registries},
    verb::{self, Query},
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Scenario, registry::Answer},
};

const LIST: &str = "https://registry.example/v2/team/app/tags/list";
const AT_MIRROR: &str = "https://m1.example/v2/team/app/tags/list";
const NS: &str = "ns=registry.example";

fn script(registries: Registries) -> Script<Vec<String>> {
    let reference = Reference::parse("registry.example/team/app").expect("a name");
    let query = Query { reference, registries, platform: None };
    Script::new(calm(Scenario::plain(Vec::new())), async |cx| verb::tags(cx, query).await)
}

fn mirrored() -> Script<Vec<String>> {
    script(Registries { mirrors: vec!["https://m1.example".to_owned()], ..Registries::default() })
}

fn page(tags: &str, next: Option<&str>) -> Answer {
    let answer = Answer::new(200, format!("{{\"name\":\"team/app\",\"tags\":{tags}}}").into_bytes());
    match next {
        Some(next) => answer.header("link", &format!("<{next}>; rel=\"next\"")),
        None => answer,
    }
}

#[test]
fn a_failed_page_is_asked_for_again_and_the_pages_before_it_are_kept() {
    let mut script = script(Registries::default());
    script.expect(&format!("GET {LIST}")).answer(page(r#"["a","b"]"#, Some("?last=b&n=2")));
    script.expect(&format!("GET {LIST}?last=b&n=2")).answer(Answer::error(503, "BUSY"));
    script.expect(&format!("GET {LIST}?last=b&n=2")).answer(page(r#"["c"]"#, None));
    assert_eq!(script.finish(), Ok(["a", "b", "c"].map(str::to_owned).to_vec()));
    assert_eq!(script.slept.len(), 1);
}

#[test]
fn another_endpoint_starts_from_its_first_page() {
    let mut script = mirrored();
    script.expect(&format!("GET {AT_MIRROR}?{NS}")).answer(page(r#"["a","b"]"#, Some("?last=b")));
    script.expect(&format!("GET {AT_MIRROR}?last=b&{NS}")).answer(Answer::error(503, "BUSY"));
    script.expect(&format!("GET {LIST}")).answer(page(r#"["b","c"]"#, None));
    assert_eq!(script.finish(), Ok(["b", "c"].map(str::to_owned).to_vec()));
}

#[test]
fn a_repository_without_tags_has_none() {
    for body in ["null", "[]"] {
        let mut script = script(Registries::default());
        script.expect(&format!("GET {LIST}")).answer(page(body, None));
        assert_eq!(script.finish(), Ok(Vec::new()), "{body}");
    }
}

#[test]
fn pages_elsewhere_and_pages_without_end_are_refused() {
    for next in ["https://evil.example/v2/team/app/tags/list", "/v2/other/tags/list", LIST] {
        let mut script = script(Registries::default());
        script.expect(&format!("GET {LIST}")).answer(page(r#"["a"]"#, Some(next)));
        if next == LIST {
            script.expect(&format!("GET {LIST}")).answer(page(r#"["a"]"#, Some(next)));
        }
        let error = script.finish().unwrap_err();
        assert_eq!((error.kind(), script.slept.len()), (Kind::Network, 0), "{next}: {error}");
    }
}

#[test]
fn headers_of_the_users_own_go_with_every_page_and_to_nobody_else() {
    let toml = "server = \"https://registry.example\"\n[host.\"https://m1.example\"]\n[host.\"https://m1.example\".header]\nx-key = \"canary\"\n";
    let mut world = calm(Scenario::plain(Vec::new()));
    let names = |name: &str| Entry::Dir(vec![name.to_owned()]);
    world.files.insert("/h".to_owned(), names("registry.example"));
    world.files.insert("/h/registry.example".to_owned(), names("hosts.toml"));
    world.files.insert("/h/registry.example/hosts.toml".to_owned(), Entry::File(toml.as_bytes().to_vec()));
    let mirror = url::Url::parse(AT_MIRROR).expect("a URL");
    world.bound.insert("canary".to_owned(), lugger_core::effect::secret::Origin::of(&mirror));
    let registries = Registries {
        hosts_dirs: vec!["/h".to_owned()],
        environment: Some(Environment::default()),
        ..Registries::default()
    };
    let reference = Reference::parse("registry.example/team/app").expect("a name");
    let query = Query { reference, registries, platform: None };
    let mut script = Script::new(world, async |cx| verb::tags(cx, query).await);
    let first = script.expect(&format!("GET {AT_MIRROR}?{NS}"));
    assert_eq!(first.headers()["x-key"], "canary");
    first.answer(page(r#"["a"]"#, Some("?last=a")));
    let second = script.expect(&format!("GET {AT_MIRROR}?last=a&{NS}"));
    assert_eq!(second.headers()["x-key"], "canary");
    second.answer(Answer::error(404, "NO"));
    script.expect(&format!("GET {LIST}")).answer(page(r#"["a"]"#, None));
    assert_eq!(script.finish(), Ok(vec!["a".to_owned()]));
    let waited: Duration = script.slept.iter().map(|(_, pause)| *pause).sum();
    assert_eq!(waited, Duration::ZERO);
}
