//! What the page gets of registries: manifests, blobs, tags, and errors in full.

use serde_json::Value;

use super::{Lugger, Served, registry};
use crate::{
    index,
    server::{Server, response},
};

#[test]
fn an_image_comes_through() {
    let (image, upstream, name) = registry();
    let served = Served::start(&[&name]);
    let repository = name.strip_suffix(":v1").unwrap().replace('/', "%2F");

    let path = format!("/api/v1/manifest?ref={repository}&reference=v1");
    let manifest = served.get(&path);
    assert_eq!((manifest.status, String::from_utf8(manifest.body.clone()).unwrap()), (200, index(&image)));
    assert_eq!(manifest.header("content-type"), "application/vnd.oci.image.index.v1+json");
    assert_eq!(manifest.header("docker-content-digest"), image.digest);
    assert_eq!(manifest.header("content-disposition"), "attachment");
    let head = served.ask(&format!("HEAD {path}"), &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("docker-content-digest"), image.digest);
    let pinned = served.get(&format!("/api/v1/manifest?ref={repository}&reference={}", image.digest));
    assert_eq!(pinned.body, manifest.body);

    let layer = &image.platforms[0].layers[0];
    let bytes = image.blob(&layer.digest).unwrap();
    let size = bytes.len();
    let path = format!("/api/v1/blob?ref={repository}&digest={}&size={size}", layer.digest);
    let whole = served.get(&path);
    assert_eq!((whole.status, &whole.body[..]), (200, bytes));
    assert_eq!(whole.header("content-type"), "application/octet-stream");
    assert_eq!(whole.header("content-disposition"), "attachment");
    for (range, part, said) in [
        ("bytes=4-", 4..size, format!("bytes 4-{}/{size}", size - 1)),
        ("bytes=4-7", 4..8, format!("bytes 4-7/{size}")),
        ("bytes=0-0", 0..1, format!("bytes 0-0/{size}")),
    ] {
        let answer = served.ask(&format!("GET {path}"), &[&format!("Range: {range}")]);
        assert_eq!((answer.status, &answer.body[..]), (206, &bytes[part]), "{range}");
        assert_eq!(answer.header("content-range"), said);
    }
    let tag = whole.header("etag");
    let same = served.ask(&format!("GET {path}"), &["Range: bytes=4-7", &format!("If-Range: {tag}")]);
    assert_eq!(same.status, 206);
    let other = served.ask(&format!("GET {path}"), &["Range: bytes=4-7", "If-Range: \"other\""]);
    assert_eq!((other.status, other.body.len()), (200, size));
    let beyond = served.ask(&format!("GET {path}"), &[&format!("Range: bytes={size}-")]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{size}").as_str()));
    let head = served.ask(&format!("HEAD {path}"), &[]);
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, size.to_string().as_str(), 0)
    );

    let tags = served.get(&format!("/api/v1/tags?ref={repository}"));
    let tags: Value = serde_json::from_slice(&tags.body).unwrap();
    assert_eq!(tags["tags"], serde_json::json!(["v1"]));
    assert!(upstream.log().iter().all(|it| it.path.starts_with("/v2/demo/")), "{:?}", upstream.log());
}

#[test]
fn errors_come_in_the_words_of_the_core() {
    let (_, upstream, name) = registry();
    let served = Served::start(&[&name]);
    let host = upstream.address();
    let missing = served.get(&format!("/api/v1/manifest?ref={host}/demo&reference=v9"));
    assert_eq!((missing.status, missing.code().as_str()), (404, "NOT_FOUND"));
    let words = missing.message();
    assert!(
        words.contains("v9")
            && words.contains(&format!("http://{host}"))
            && words.contains("no such manifest"),
        "{words}"
    );
    let down = Served::start(&["--registry", "127.0.0.1:9", "--retries", "0"]);
    let answer = down.get("/api/v1/tags?ref=127.0.0.1:9/a");
    assert_eq!((answer.status, answer.code().as_str()), (502, "UNREACHABLE"), "{}", answer.message());
}

#[test]
fn odd_names_never_reach_a_registry() {
    let (_, upstream, name) = registry();
    let served = Served::start(&[&name]);
    let host = upstream.address();
    upstream.take_log();
    for query in [
        format!("manifest?ref={host}/demo&reference=../../x"),
        format!("manifest?ref={host}/demo&reference=%2e%2e%2f%2e%2e%2fx"),
        format!("manifest?ref={host}/../demo&reference=v1"),
        format!("manifest?ref={host}/demo%3fx&reference=v1"),
        format!("manifest?ref={host}/demo&reference=v1%0d%0aX:%20y"),
        format!("manifest?ref={host}/demo&reference=v1&url=http://169.254.169.254/"),
        format!("manifest?ref=http://{host}/demo&reference=v1"),
        format!("manifest?ref=x@{host}/demo&reference=v1"),
        format!("blob?ref={host}/demo&digest=sha256:00&size=1"),
        format!("tags?ref={host}/demo:v1"),
        format!("tags?ref={host}/demo&n=-1"),
    ] {
        let answer = served.get(&format!("/api/v1/{query}"));
        assert_eq!((answer.status, answer.code().as_str()), (400, "INVALID"), "{query}");
    }
    assert_eq!(upstream.log(), []);
}

#[test]
fn nothing_of_the_page_goes_on_and_nothing_of_the_registry_comes_back_but_what_is_known() {
    let headers = [
        "Content-Type: application/vnd.oci.image.index.v1+json",
        "Set-Cookie: a=b",
        "Access-Control-Allow-Origin: *",
        "Content-Security-Policy: default-src *",
        "X-Own: y",
    ];
    let upstream = Server::saying(response("200 OK", &headers, "{\"schemaVersion\":2,\"manifests\":[]}"));
    let served = Served::start(&["--registry", &upstream.address.to_string()]);
    let path = format!("/api/v1/manifest?ref={}/a&reference=1", upstream.address);
    let answer = served.ask(
        &format!("GET {path}"),
        &["Cookie: c=d", "X-Forwarded-For: 1.2.3.4", "Accept: x/y", "Authorization: Basic eA=="],
    );
    assert_eq!((answer.status, answer.header("x-own")), (200, ""), "{}", answer.head);
    let asked = upstream.take_heads().join("\n");
    for never in
        ["cookie", "forwarded", "x/y", "authorization", "lugger-token", &served.token, "sec-fetch", "origin"]
    {
        assert!(!asked.contains(never), "{never} in {asked}");
    }
}

#[test]
fn credentials_stay_here() {
    let challenge = response("401 Unauthorized", &["WWW-Authenticate: Basic realm=\"x\""], "");
    let page = response("200 OK", &[], "{\"name\":\"a\",\"tags\":[\"t\"]}");
    let upstream = Server::start(move |head, stream| {
        let known = head.contains("authorization: basic bwu6ahvudgvymg=="); // me:hunter2, in lower case
        drop(std::io::Write::write_all(stream, if known { page.as_bytes() } else { challenge.as_bytes() }));
    });
    let host = upstream.address.to_string();
    let lugger = Lugger::new();
    let file = lugger.home.path().join("auth.json");
    let text = format!(r#"{{"auths":{{"{host}":{{"username":"me","password":"hunter2"}}}}}}"#);
    std::fs::write(&file, text).unwrap();
    // Not named on the command line: that there are credentials for it is enough.
    let served = Served::start_with(lugger, &["--authfile", file.to_str().unwrap()], &[]);
    let answer = served.get(&format!("/api/v1/tags?ref={host}/a"));
    assert_eq!(answer.status, 200, "{}", answer.head);
    let all = format!("{}{}", answer.head, String::from_utf8(answer.body).unwrap());
    assert!(!all.contains("hunter2") && !all.to_lowercase().contains("authoriz"), "{all}");
}
