//! `lugger explain`: each value with the file and line that set it.

use std::fs;

use super::{Lugger, serve};

/// Writes a file below the home.
fn write(lugger: &Lugger, path: &str, text: &str) -> String {
    let path = lugger.home.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn endpoints_in_order_with_what_set_them() {
    let lugger = Lugger::new();
    let hosts = write(
        &lugger,
        ".config/lugger/certs.d/r.example/hosts.toml",
        "server = \"https://r.example\"\n\n[host.\"https://m.example\"]\n  capabilities = [\"pull\"]\n  ca = \"m.pem\"\n  [host.\"https://m.example\".header]\n    x-secret = \"canary\"\n",
    );
    let auth = write(
        &lugger,
        ".docker/config.json",
        "{\"auths\": {\n  \"r.example\": {\"auth\": \"dTpwYXNzLWNhbmFyeQ==\"}\n}}",
    );
    let explained = lugger.json(&["explain", "--json", "r.example/team/app"]);
    assert_eq!(explained["name"], "r.example/team/app:latest");
    let [mirror, own] = explained["endpoints"].as_array().unwrap().as_slice() else { panic!("{explained}") };
    assert_eq!((&mirror["url"], &mirror["mirror"]), (&"https://m.example/v2/".into(), &true.into()));
    assert_eq!(mirror["from"], format!("{hosts}:3"));
    assert_eq!(mirror["capabilities"], serde_json::json!(["pull"]));
    let set = |name: &str| {
        mirror["settings"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!(set("ca")["from"], format!("{hosts}:5"));
    assert_eq!(set("header")["value"], "x-secret");
    assert!(mirror["credentials"].is_null() && mirror["probe"].is_null());
    assert_eq!(
        (&own["url"], own["from"].as_str()),
        (&"https://r.example/v2/".into(), Some(&*format!("{hosts}:1")))
    );
    assert_eq!(own["credentials"]["kind"], "user name and password");
    assert!(own["credentials"]["from"].as_str().unwrap().starts_with(&auth), "{own}");
    let text = lugger.stdout(&["explain", "r.example/team/app"]);
    for part in
        ["1. https://m.example/v2/team/app", "2. https://r.example/v2/team/app", &format!("{hosts}:5")]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!format!("{text}{explained}").contains("canary"));
}

#[test]
fn a_probe_asks_each_once() {
    let ((image, registry, name), lugger) = (serve(), Lugger::new());
    let mirror = "http://127.0.0.1:1";
    let explained = lugger.json(&["explain", "--probe", "--json", "--mirror", mirror, &name]);
    let [dead, alive] = explained["endpoints"].as_array().unwrap().as_slice() else { panic!("{explained}") };
    assert!(dead["probe"]["error"].as_str().unwrap().contains("no connection"), "{dead}");
    assert_eq!(
        (&dead["from"], &alive["probe"]["digest"]),
        (&"--mirror".into(), &image.digest.clone().into())
    );
    assert_eq!(registry.take_log().len(), 1);
    assert!(lugger.stdout(&["explain", "--probe", &name]).contains(&image.digest));
}

#[test]
fn a_file_that_does_not_parse_stops_everything() {
    let ((_image, registry, name), lugger) = (serve(), Lugger::new());
    let hosts = write(&lugger, ".config/lugger/certs.d/_default/hosts.toml", "server = \"x\"\n[host.");
    for verb in ["explain", "pull", "plan", "digest", "inspect"] {
        let ran = lugger.run(&[verb, &name]);
        assert_eq!(ran.code, 2, "{verb}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("{hosts}:2")), "{verb}: {}", ran.stderr);
    }
    assert_eq!(registry.take_log(), [], "nobody was asked");
}

#[test]
fn mirrors_come_first_and_every_attempt_is_told() {
    let ((image, _registry, name), lugger) = (serve(), Lugger::new());
    let mirror = "http://127.0.0.1:1";
    assert_eq!(lugger.stdout(&["digest", "--mirror", mirror, &name]).trim(), image.digest);
    let ran =
        lugger.run(&["digest", "--progress", "json", "--mirror", mirror, "--retries", "0", "127.0.0.1:2/a"]);
    let last: serde_json::Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    let attempts = last["attempts"].as_array().unwrap();
    let of =
        |at: usize| (attempts[at]["registry"].as_str().unwrap(), attempts[at]["asked"].as_str().unwrap());
    assert_eq!(ran.code, 6);
    assert_eq!(
        of(0),
        ("http://127.0.0.1:2", "HEAD http://127.0.0.1:2/v2/a/manifests/latest"),
        "the registry itself"
    );
    assert_eq!(of(1), (mirror, "HEAD http://127.0.0.1:1/v2/a/manifests/latest?ns=127.0.0.1:2"));
}

#[test]
fn a_short_name_can_be_an_alias() {
    let ((image, _registry, name), lugger) = (serve(), Lugger::new());
    let repository = name.strip_suffix(":v1").unwrap();
    write(
        &lugger,
        ".config/containers/registries.conf",
        &format!("[aliases]\n\"mine\" = \"{repository}\"\n"),
    );
    assert_eq!(lugger.stdout(&["digest", "mine:v1"]).trim(), image.digest);
}
