//! Registries that the user has not named: public addresses alone, by TLS, wherever they point.

use http::header;
use lugger_core::{
    effect::{
        http::NetErrorKind,
        route::{NamedBy, Route},
    },
    error::{Error, Refusal},
    name::Reference,
    registry::Registries,
    verb::{self, Query},
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Scenario, registry::Answer},
};

fn tags(name: &str, change: impl FnOnce(&mut Registries)) -> Script<Vec<String>> {
    let mut registries = Registries { untrusted: true, ..Registries::default() };
    change(&mut registries);
    let query = Query { reference: Reference::parse(name).expect("a name"), registries, platform: None };
    Script::new(calm(Scenario::plain(Vec::new())), async |cx| verb::tags(cx, query).await)
}

fn list() -> Answer {
    Answer::new(200, br#"{"tags":["a"]}"#.to_vec())
}

#[test]
fn its_connections_lead_to_public_addresses_and_so_do_those_that_it_names() {
    let mut script = tags("page.example/a", |_| {});
    let asked = script.expect("GET https://page.example/v2/a/tags/list");
    assert_eq!(asked.route(), &Route { named_by: NamedBy::Stranger, ..Route::default() });
    let away = Answer::new(307, Vec::new()).header(header::LOCATION, "https://cdn.example/list");
    asked.answer(away);
    // Its own word that it is near itself is worth nothing either.
    let asked = script.expect("GET https://cdn.example/list");
    assert_eq!(asked.route().named_by, NamedBy::Stranger);
    asked.answer(list());
    assert!(script.finish().is_ok());
}

#[test]
fn near_names_are_refused_before_anybody_is_asked() {
    for near in ["localhost:5000/a", "127.0.0.1:5000/a", "169.254.169.254/a", "10.0.0.1/a", "[::1]:5000/a"] {
        let mut script = tags(near, |_| {});
        let error = script.finish().unwrap_err();
        let Error::Registry(error) = error else { panic!("{error}") };
        assert!(error.first.registry.starts_with("https://"), "{near}: no plain text is guessed");
        let Refusal::Net(why) = &error.first.why else { panic!("{error}") };
        assert_eq!(why.kind, NetErrorKind::Forbidden, "{near}");
    }
}

#[test]
fn what_the_user_has_put_before_it_is_the_users() {
    let mut script = tags("page.example/a", |it| it.mirrors = vec!["http://10.0.0.5:5000".to_owned()]);
    let asked = script.expect("GET http://10.0.0.5:5000/v2/a/tags/list?ns=page.example");
    assert_eq!(asked.route().named_by, NamedBy::User);
    asked.answer(list());
    assert!(script.finish().is_ok());
}
