//! Credentials of the user's files, traded for tokens: by which request, and nowhere else.

use http::header;
use lugger_core::{
    effect::file::{Entry, Helped},
    error::{Error, Kind, Refusal},
    registry::Environment,
    verb::Pulled,
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Access, Scenario, registry::Answer},
};

const TAGGED: &str = "https://registry.example/v2/team/app/manifests/1.0";
const TOKEN: &str = "https://registry.example/token";
const ASK: &str = "service=registry.example&scope=repository:team/app:pull";
const FILE: &str = "/home/u/.docker/config.json";

/// A pull from a registry with a token server; this is the user's file.
fn pull(file: &str) -> Script<Pulled> {
    let mut scenario = Scenario::plain(vec![b"one layer".to_vec()]);
    scenario.access = Access::Bearer { life: Some(300), elsewhere: false, login: false };
    let mut world = calm(scenario);
    world.files.insert(FILE.to_owned(), Entry::File(file.as_bytes().to_vec()));
    let found = Helped { succeeded: true, output: br#"{"Username":"<token>","Secret":"canary"}"#.to_vec() };
    world.helpers.insert("box".to_owned(), found);
    let variables = [("HOME".to_owned(), "/home/u".to_owned())];
    Script::pull_in(world, |pull| pull.registries.environment = Some(Environment::of(variables)))
}

fn with(entry: &str) -> Script<Pulled> {
    pull(&format!("{{\"auths\": {{\n\"registry.example\": {entry}}}}}"))
}

/// Who was refused, where.
fn refused(script: &mut Script<Pulled>) -> (String, String, u16) {
    let error = script.finish().expect_err("the credentials are refused");
    assert_eq!(error.kind(), Kind::Denied, "{error}");
    assert!(!error.to_string().contains("canary") && !script.world.transcript.to_string().contains("canary"));
    let Error::Registry(error) = error else { panic!("{error}") };
    let Refusal::Credentials { at, place, status, .. } = error.first.why else { panic!("{error}") };
    (at, place.to_string(), status.as_u16())
}

#[test]
fn a_refresh_token_goes_by_post_and_comes_back_as_a_token() {
    for mut script in
        [with(r#"{"identitytoken":"canary"}"#), pull(r#"{"credHelpers":{"registry.example":"box"}}"#)]
    {
        script.expect(&format!("GET {TAGGED}")).serve();
        let ask = script.expect(&format!("POST {TOKEN}"));
        assert_eq!(
            ask.body(),
            "grant_type=refresh_token&refresh_token=canary&service=registry.example&client_id=lugger&scope=repository%3Ateam%2Fapp%3Apull"
        );
        assert_eq!(ask.headers()[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert!(!ask.headers().contains_key(header::AUTHORIZATION));
        ask.serve();
        script.expect(&format!("GET {TAGGED} (authorized)")).serve();
        script.serve_rest();
        assert!(script.finish().is_ok());
    }
}

#[test]
fn a_refused_refresh_token_is_final_and_named() {
    for status in [400, 401, 403, 404, 405] {
        let mut script = with(r#"{"identitytoken":"canary"}"#);
        script.expect(&format!("GET {TAGGED}")).serve();
        script.expect(&format!("POST {TOKEN}")).answer(Answer::error(status, "DENIED"));
        assert_eq!(
            refused(&mut script),
            ("https://registry.example".to_owned(), format!("{FILE}:2"), status)
        );
    }
}

#[test]
fn a_redirect_does_not_get_the_refresh_token() {
    let mut script = with(r#"{"identitytoken":"canary"}"#);
    script.expect(&format!("GET {TAGGED}")).serve();
    let away = Answer::new(307, Vec::new()).header(header::LOCATION, "https://evil.example/token");
    script.expect(&format!("POST {TOKEN}")).answer(away);
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Denied);
}

#[test]
fn a_password_goes_by_get_first() {
    // u:canary
    let mut script = with(r#"{"auth":"dTpjYW5hcnk="}"#);
    script.expect(&format!("GET {TAGGED}")).serve();
    let ask = script.expect(&format!("GET {TOKEN}?{ASK}&account=*** (authorized)"));
    assert_eq!(ask.headers()[header::AUTHORIZATION], "Basic dTpjYW5hcnk=");
    ask.answer(Answer::error(405, "UNSUPPORTED"));
    let ask = script.expect(&format!("POST {TOKEN}"));
    assert!(
        ask.body().starts_with("grant_type=password&username=u&password=canary&service="),
        "{}",
        ask.body()
    );
    ask.serve();
    script.expect(&format!("GET {TAGGED} (authorized)")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());

    let mut script = with(r#"{"auth":"dTpjYW5hcnk="}"#);
    script.expect(&format!("GET {TAGGED}")).serve();
    script
        .expect(&format!("GET {TOKEN}?{ASK}&account=*** (authorized)"))
        .answer(Answer::error(401, "DENIED"));
    assert_eq!(refused(&mut script).1, format!("{FILE}:2"), "nobody is asked as nobody then");
}

#[test]
fn a_registry_token_goes_to_the_registry_alone() {
    let mut script = with(r#"{"registrytoken":"canary"}"#);
    script.expect(&format!("GET {TAGGED}")).serve();
    let mut first = script.expect(&format!("GET {TAGGED} (authorized)"));
    assert_eq!(first.headers()[header::AUTHORIZATION], "Bearer canary");
    let answer = first.usual();
    first.answer(answer);
    assert_eq!(refused(&mut script), ("https://registry.example".to_owned(), format!("{FILE}:2"), 401));
}

#[test]
fn a_refused_password_is_not_sent_twice() {
    let mut script = with(r#"{"auth":"dTpjYW5hcnk="}"#);
    let basic = || Answer::error(401, "UNAUTHORIZED").header(header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
    script.expect(&format!("GET {TAGGED}")).answer(basic());
    script.expect(&format!("GET {TAGGED} (authorized)")).answer(basic());
    assert_eq!(refused(&mut script).1, format!("{FILE}:2"));
}

#[test]
fn a_broken_file_and_a_missing_helper_end_it() {
    for (file, why) in [
        ("{\n\"auths\": }", format!("{FILE}:2: this is not valid JSON")),
        ("{\n\"credsStore\": \"gone\"}", format!("{FILE}:2: docker-credential-gone: not installed")),
        (
            "{\n\"credsStore\": \"../evil\"}",
            format!("{FILE}:2: docker-credential-../evil: ../evil is no name"),
        ),
    ] {
        let mut script = pull(file);
        script.expect(&format!("GET {TAGGED}")).serve();
        let error = script.finish().unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.to_string().contains(&why), "{error}");
    }
}

#[test]
fn a_new_scope_is_a_new_token_and_the_old_one_stays() {
    let mut script = with("{}");
    let challenge = |scope: &str| {
        let how = format!(
            "Bearer realm=\"{TOKEN}\",service=\"registry.example\",scope=\"{scope}\",error=\"insufficient_scope\""
        );
        Answer::error(401, "UNAUTHORIZED").header(header::WWW_AUTHENTICATE, &how)
    };
    script.expect(&format!("GET {TAGGED}")).serve();
    script.expect(&format!("GET {TOKEN}?{ASK}")).serve();
    script.expect(&format!("GET {TAGGED} (authorized)")).answer(challenge("repository:team/app:pull,push"));
    script.expect(&format!("GET {TOKEN}?{ASK}&scope=repository:team/app:pull,push")).serve();
    script.expect(&format!("GET {TAGGED} (authorized)")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}
