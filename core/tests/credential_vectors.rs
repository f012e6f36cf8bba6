//! The public vectors of credentials and token servers (`dockerconfig.jsonl`, `challenges.jsonl`), each judged by its rule; where
//! they contradict security.md, that wins.

#![expect(clippy::unwrap_used, reason = "a case that is not as its header says should stop the test")]

use std::{collections::BTreeMap, path::PathBuf};

use lugger_core::{
    effect::{
        Request,
        file::{Entry, Helped},
        secret::{Origin, Secret},
    },
    error::Error,
    op::{Op, Output, Setup},
    registry::{
        Credentials, Environment, Registries,
        auth::{realm, scope},
        hostname,
    },
    time::Instant,
};
use serde_json::{Value, json};
use url::Url;

fn cases(name: &str) -> Vec<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/spec/vectors");
    let folder = std::env::var_os("LUGGER_VECTORS").map_or_else(|| beside.into(), PathBuf::from);
    #[expect(clippy::disallowed_methods, reason = "a test reads its cases; the core does not")]
    let bytes = std::fs::read(folder.join(name));
    let text = String::from_utf8(bytes.expect("point LUGGER_VECTORS at the vectors")).unwrap();
    let cases: Vec<Value> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!cases.is_empty());
    cases
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Looks an account up in one file; what helpers were asked is part of the outcome.
struct Lookup {
    files: BTreeMap<String, String>,
    helped: Helped,
    asked: Vec<Value>,
}

impl Lookup {
    fn run(&mut self, account: &str, repository: &str) -> Result<Option<Secret>, String> {
        let variables = [("HOME".to_owned(), "/home/u".to_owned())];
        let registries =
            Registries { environment: Some(Environment::of(variables)), ..Registries::default() };
        let (account, repository) = (account.to_owned(), repository.to_owned());
        let mut op = Op::new(Setup::default(), async move |cx| {
            let found = Credentials::new(&registries).kept(&cx, &account, &repository).await;
            Ok::<_, Error>(found.map(|found| found.map(|given| given.value)))
        });
        loop {
            match op.poll(Instant(0)) {
                Output::Request(Request::File(path, ticket)) => {
                    let entry = self.files.get(&path).map(|text| Entry::File(text.clone().into_bytes()));
                    drop(op.reply(ticket, Ok(entry.unwrap_or(Entry::Absent))));
                }
                Output::Request(Request::Helper(helper, ticket)) => {
                    let server = String::from_utf8(helper.input.clone()).unwrap();
                    self.asked.push(
                        json!({"helper": format!("docker-credential-{}", helper.name), "server": server}),
                    );
                    drop(op.reply(ticket, Ok(self.helped.clone())));
                }
                Output::Done(result) => return result.unwrap().map_err(|error| error.to_string()),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn lookups(case: &Value) -> Vec<String> {
    let (mut failed, legacy) = (Vec::new(), text(case, "format") == "dockercfg");
    let path = if legacy { "/home/u/.dockercfg" } else { "/home/u/.docker/config.json" };
    let disputed: Vec<_> = case["disputed_lookups"].as_array().into_iter().flatten().collect();
    for (at, lookup) in case["lookups"].as_array().unwrap().iter().enumerate() {
        let (account, repository) =
            lookup[0].as_str().unwrap().split_once('/').unwrap_or((lookup[0].as_str().unwrap(), ""));
        let want = &lookup[1];
        let mut found = Lookup {
            files: BTreeMap::from([(path.to_owned(), text(case, "config").to_owned())]),
            helped: Helped { succeeded: false, output: b"credentials not found in native keychain".to_vec() },
            asked: Vec::new(),
        };
        if want["error"] == true {
            // A helper that is not there.
            found.helped.output = b"exec: not found".to_vec();
        }
        let got = found.run(account, repository);
        let ok = match (&got, want) {
            (Err(_), want) => want["error"] == true,
            (Ok(_), want) if want["helper"].is_string() => found.asked == [want.clone()],
            (Ok(None), want) => want.is_null() && found.asked.is_empty(),
            (Ok(Some(Secret::IdentityToken(token))), want) => token == text(want, "identitytoken"),
            (Ok(Some(Secret::RegistryToken(token))), want) => token == text(want, "registrytoken"),
            (Ok(Some(Secret::Password { username, password })), want) => {
                (&**username, &**password) == (text(want, "username"), text(want, "password"))
            }
        };
        if !ok && !disputed.contains(&&json!(at)) {
            failed.push(format!(
                "{} {account}/{repository}: got {:?}, want {want}",
                text(case, "id"),
                got.map(|s| s.is_some())
            ));
        }
    }
    failed
}

#[test]
fn accounts() {
    let mut failed = Vec::new();
    let mut judged = 0;
    for case in cases("dockerconfig.jsonl") {
        judged += 1;
        match text(&case, "kind") {
            "hostname" if hostname(text(&case, "key")) != text(&case, "hostname") => {
                failed.push(format!("{}: {}", text(&case, "id"), hostname(text(&case, "key"))));
            }
            "hostname" => {}
            _ => failed.extend(lookups(&case)),
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(judged >= 38);
}

/// Disputed, and decided otherwise: a registry on this machine may have its token server there; a realm elsewhere may be
/// asked for an anonymous token.
const OTHERWISE: [&str; 2] = ["chal-109", "chal-117"];

#[test]
fn realms() {
    let (mut failed, mut judged) = (Vec::new(), 0);
    for case in cases("challenges.jsonl").iter().filter(|case| text(case, "kind") == "realm_policy") {
        judged += 1;
        let registry = Origin::of(&Url::parse(text(case, "registry")).unwrap());
        let checked = realm::check(text(case, "realm"), &registry);
        let refused = checked.is_err();
        if (refused != (case["refused"] == true)) != OTHERWISE.contains(&text(case, "id")) {
            failed.push(format!("{}: {checked:?}", text(case, "id")));
        }
        if text(case, "id") == "chal-117" {
            assert!(!realm::trusts(&registry, &Origin::of(&checked.unwrap())));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(judged >= 33);
}

#[test]
fn scopes() {
    let mut judged = 0;
    for case in cases("challenges.jsonl") {
        match text(&case, "kind") {
            "scope" => {
                let (_, repository) = text(&case, "locator").split_once('/').unwrap();
                let got = scope::repository(repository, case["push"] == true);
                assert_eq!(got, text(&case, "expect"), "{}", text(&case, "id"));
            }
            "scope_merge" => {
                let got = scope::merge(texts(&case["request_scopes"]), texts(&case["challenge_scopes"]));
                assert_eq!(got, texts(&case["expect"]), "{}", text(&case, "id"));
            }
            _ => continue,
        }
        judged += 1;
    }
    assert!(judged >= 8);
}
