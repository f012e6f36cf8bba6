//! The public vectors of hosts.toml and of challenges; where they contradict security.md or are an upstream's slip, our rule wins.

#![expect(clippy::unwrap_used, reason = "a case that is not as its header says should stop the test")]

use std::path::PathBuf;

use lugger_core::registry::{
    Capabilities,
    challenge::{self, Challenge},
    config::hosts_toml::{self, Host},
};
use serde_json::{Map, Value, json};

/// The cases of one kind: in `$LUGGER_VECTORS`, else beside the workspace.
fn cases(name: &str, kind: &str) -> Vec<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/spec/vectors");
    let folder = std::env::var_os("LUGGER_VECTORS").map_or_else(|| beside.into(), PathBuf::from);
    let path = folder.join(name);
    #[expect(clippy::disallowed_methods, reason = "a test reads its cases; the core does not")]
    let bytes = std::fs::read(&path);
    let bytes = bytes.unwrap_or_else(|error| {
        panic!("no vectors at {}: {error}; point LUGGER_VECTORS at them", path.display())
    });
    let text = String::from_utf8(bytes).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let cases: Vec<_> = all.filter(|case| case["kind"] == kind).collect();
    assert!(!cases.is_empty(), "{name}");
    cases
}

/// As containerd shows a host that it read.
fn shown(host: &Host) -> Value {
    let mut shown = Map::new();
    let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
    let address = host.address.as_ref();
    shown.insert("scheme".into(), json!(part(address.map(|it| it.scheme.to_string()).as_deref())));
    shown.insert("host".into(), json!(part(address.map(|it| it.host.as_str()))));
    shown.insert("path".into(), json!(part(address.map(|it| it.path.as_str()))));
    let can = host.capabilities.as_ref().map_or(Capabilities::ALL, |given| given.value);
    shown.insert("capabilities".into(), json!(can.names()));
    if !host.ca.is_empty() {
        shown.insert("ca".into(), host.ca.iter().map(|given| json!(given.value)).collect());
    }
    if !host.client.is_empty() {
        let pair =
            |certificate: &str, key: &str| json!([certificate, if key == certificate { "" } else { key }]);
        let pairs = host.client.iter().map(|given| pair(&given.value.certificate, &given.value.key));
        shown.insert("client".into(), pairs.collect());
    }
    if let Some(skip) = &host.skip_verify {
        shown.insert("skip_verify".into(), json!(skip.value));
    }
    if !host.headers.is_empty() {
        let mut headers = Map::new();
        for header in &host.headers {
            let values = headers.entry(&header.value.spelling).or_insert_with(|| json!([]));
            values.as_array_mut().unwrap().push(json!(header.value.value.to_str().unwrap()));
        }
        shown.insert("header".into(), headers.into());
    }
    if let Some(time) = &host.dial_timeout {
        shown.insert("dial_timeout_ns".into(), json!(time.value.as_nanos() as u64));
    }
    shown.into()
}

/// containerd takes the directory of the file for a key that is not named, which no key can be: for us the certificate's file has it.
fn with_keys_that_can_be(mut hosts: Value) -> Value {
    let pairs = hosts.as_array_mut().unwrap().iter_mut().filter_map(|host| host.get_mut("client"));
    for pair in pairs.flat_map(|pairs| pairs.as_array_mut().unwrap()) {
        if pair[1] == "/base" {
            pair[1] = json!("");
        }
    }
    hosts
}

#[test]
fn hosts_toml() {
    for case in cases("hosts_toml.jsonl", "parse") {
        let got = hosts_toml::parse(case["toml"].as_str().unwrap(), "/base/hosts.toml");
        match case["expect"].get("hosts") {
            Some(hosts) => {
                let got: Value = got.unwrap().iter().map(shown).collect();
                assert_eq!(got, with_keys_that_can_be(hosts.clone()), "{}", case["id"]);
            }
            None => assert!(got.is_err(), "{}", case["id"]),
        }
    }
}

#[test]
fn challenges() {
    for case in cases("challenges.jsonl", "parse") {
        let headers = case["headers"].as_array().unwrap().iter().map(|header| header.as_str().unwrap());
        let found: Vec<Challenge> = headers.flat_map(challenge::parse).collect();
        let (id, expect) = (&case["id"], &case["expect"]);
        let all: Value = found
            .iter()
            .map(|it| {
                let params = it.params.iter().map(|(key, value)| (key.clone(), json!(value)));
                json!({ "scheme": it.scheme, "params": Map::from_iter(params) })
            })
            .collect();
        let mut want = expect["challenges"].clone();
        for challenge in want.as_array_mut().unwrap() {
            challenge.as_object_mut().unwrap().remove("token68");
        }
        assert_eq!(all, want, "{id}");
        let selected = challenge::select(&found);
        assert_eq!(json!(selected.map(|it| &it.scheme)), expect["selected"], "{id}");
        let bearer = selected.filter(|it| it.scheme == "bearer");
        for key in ["realm", "service", "scope"] {
            assert_eq!(json!(bearer.and_then(|it| it.param(key))), expect[key], "{id} {key}");
        }
    }
}
