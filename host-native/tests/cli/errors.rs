//! What goes wrong: exit codes, and what is said.

use std::io::Write as _;

use lugger::{
    demo::Image,
    registry::{Memory, Registry},
};

use super::{
    Lugger, PLATFORM, Ran, assert_inert, platform, serve,
    server::{Server, response},
};

/// Runs it to a failure of this code, whose message has these parts.
fn fails(lugger: &Lugger, arguments: &[&str], code: i32, parts: &[&str]) -> Ran {
    let ran = lugger.run(&[&["--progress", "none"], arguments].concat());
    assert_eq!(ran.code, code, "{arguments:?}: {}", ran.stderr);
    assert_eq!(ran.stdout, "", "{arguments:?}");
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} in {}", ran.stderr);
    }
    assert_inert(&ran.stderr);
    ran
}

#[test]
fn usage_is_2() {
    let lugger = Lugger::new();
    for arguments in [
        &["pull", "a//b"][..],
        &["pull", "Alpine"],
        &["pull"],
        &["frobnicate"],
        &[],
        &["pull", "--platform", "linux/*", "a"],
        &["pull", "--platform", "linux/amd64", "--platform", "linux/arm64", "a"],
        &["pull", "--platform", "linux/amd64,linux/arm64", "a"],
        &["pull", "--platform", "linux", "--all-platforms", "a"],
        &["pull", "--concurrency", "0", "a"],
        &["pull", "--creds", "me", "127.0.0.1:1/a"],
        &["pull", "--password-stdin", "127.0.0.1:1/a"],
        &["digest", "127.0.0.1:99999/a"],
        &["inspect", "--raw", "--config", "a"],
        &["parse", "poem"],
    ] {
        let ran = lugger.run(arguments);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.is_empty());
    }
    fails(&lugger, &["pull", "a//b"], 2, &["error: invalid reference", "hint: "]);
    fails(
        &lugger,
        &["pull", "--platform", "linux", "--platform", "linux", "a"],
        2,
        &["only one --platform", "--all-platforms"],
    );
}

#[test]
fn not_found_is_3_and_says_how_to_find_out() {
    let ((_image, registry, name), lugger) = (serve(), Lugger::new());
    let repository = name.strip_suffix(":v1").unwrap();
    let address = registry.address().to_string();
    for verb in ["pull", "inspect", "manifest", "digest"] {
        let missing = format!("{repository}:nope");
        fails(
            &lugger,
            &[verb, &missing],
            3,
            &[
                "error: cannot ",
                &missing,
                &address,
                "(repository demo)",
                "not found",
                &format!("lugger tags {repository}"),
            ],
        );
    }
    fails(&lugger, &["tags", &format!("{address}/nothing")], 3, &["list the tags", "not found", "spelling"]);
    fails(
        &lugger,
        &["pull", "--platform", "plan9/386", &name],
        3,
        &["no image for plan9/386", "linux/arm64", "--platform linux/amd64"],
    );
}

#[test]
fn not_allowed_is_4() {
    let lugger = Lugger::new();
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#;
    let basic =
        Server::saying(response("401 Unauthorized", &["www-authenticate: Basic realm=\"here\""], body));
    let name = format!("{}/team/app:1", basic.address);
    fails(&lugger, &["pull", &name], 4, &["cannot pull", "team/app", "--creds USER --password-stdin"]);

    let bearer = Server::start(|head, stream| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
        let challenge = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"s\"");
        let answer = match head.starts_with("GET /token") {
            true => response("403 Forbidden", &[], "no"),
            false => response("401 Unauthorized", &[&challenge], ""),
        };
        drop(stream.write_all(answer.as_bytes()));
    });
    fails(&lugger, &["digest", &format!("{}/team/app:1", bearer.address)], 4, &["cannot look up"]);
    assert!(
        bearer.take_heads().iter().any(|head| head.contains("/token") && !head.contains("authorization"))
    );
}

#[test]
fn credentials_go_to_the_registry_and_nowhere_else() {
    let lugger = Lugger::new();
    let server = Server::start(|head, stream| {
        // me:hunter2
        let answer = match head.contains("authorization: basic bwu6ahvudgvymg==")
            || head.contains("authorization: basic bwu6ahvudgvymg")
        {
            true => response("200 OK", &["content-type: application/json"], r#"{"name":"a","tags":["one"]}"#),
            false => response("401 Unauthorized", &["www-authenticate: Basic realm=\"here\""], ""),
        };
        drop(stream.write_all(answer.as_bytes()));
    });
    let name = format!("{}/a", server.address);
    let ran = lugger.run_with(&["-v", "tags", "--creds", "me", "--password-stdin", &name], b"hunter2\n");
    assert_eq!((ran.code, &*ran.stdout), (0, "one\n"), "{}", ran.stderr);
    assert_eq!(lugger.run(&["tags", "--creds", "me:hunter2", &name]).code, 0);
    let wrong = fails(
        &lugger,
        &["-v", "tags", "--creds", "me:canary", &name],
        4,
        &["check the user name and password"],
    );
    assert!(!wrong.stderr.contains("canary") && !ran.stderr.contains("hunter2"));
    assert_eq!(lugger.run_with(&["tags", "--creds", "me:x", "--password-stdin", &name], b"y\n").code, 2);
}

#[test]
fn wrong_content_is_5_and_leaves_no_name() {
    let (image, lugger) = (Image::generate(), Lugger::new());
    let mut memory = Memory::new();
    image.publish(&mut memory, "demo", "v1");
    let layer = &platform(&image).layers[0];
    let wrong = vec![b'x'; usize::try_from(layer.size).unwrap()];
    memory.put_blob("demo", &layer.digest, wrong);
    let registry = Registry::start(memory).unwrap();
    let name = format!("{}/demo:v1", registry.address());
    fails(&lugger, &["pull", "--platform", PLATFORM, &name], 5, &[&layer.digest, "nothing of it was stored"]);
    assert_eq!(lugger.stdout(&["images", "--json"]), "[]\n");
}

#[test]
fn no_network_is_6() {
    let lugger = Lugger::new();
    fails(
        &lugger,
        &["digest", "127.0.0.1:1/a"],
        6,
        &["http://127.0.0.1:1", "no connection", "check that the registry runs there"],
    );
    // Not a loopback name, so TLS is spoken; the server does not.
    let plain = Server::saying(response("400 Bad Request", &[], ""));
    let name = format!("0.0.0.0:{}/a", plain.address.port());
    fails(&lugger, &["digest", &name], 6, &["https://0.0.0.0", "--plain-http"]);
}

#[test]
fn throttled_is_7() {
    let lugger = Lugger::new();
    let server = Server::saying(response("429 Too Many Requests", &["retry-after: 3600"], ""));
    let name = format!("{}/a", server.address);
    fails(&lugger, &["pull", &name], 7, &["too many requests", "wait 3600 s", "log in"]);
    assert_eq!(server.take_heads().len(), 1, "an hour is not waited for");
}

#[test]
fn a_store_that_cannot_be_is_1() {
    let ((_image, _registry, name), lugger) = (serve(), Lugger::new());
    let file = lugger.home.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    fails(&lugger, &["--store", file.to_str().unwrap(), "pull", &name], 1, &["error: "]);
}

#[test]
fn as_a_json_line_too() {
    let lugger = Lugger::new();
    let ran = lugger.run(&["--progress", "json", "digest", "127.0.0.1:1/a"]);
    let last: serde_json::Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["exit"]), (&"failed".into(), &6.into()));
    assert!(last["hint"].is_string() && last["error"].as_str().unwrap().contains("no connection"));
}
