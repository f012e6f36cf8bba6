//! The registry as a client meets it: over a socket.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{Answered, Manifest, Memory, Registry};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const BLOB: &[u8] = b"0123456789";

fn registry() -> Registry {
    let mut memory = Memory::new();
    memory.put_blob("some/where/app", "sha256:b10b", BLOB);
    memory.put_blob("some/where/app", "sha256:b16", vec![7; 3 << 20]);
    let manifest =
        Manifest { media_type: INDEX.to_owned(), digest: "sha256:1d".to_owned(), bytes: (*b"{}").into() };
    memory.put_manifest("some/where/app", manifest);
    for tag in ["v2", "v1", "latest"] {
        memory.put_tag("some/where/app", tag, "sha256:1d");
    }
    Registry::start(memory).unwrap()
}

struct Reply {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        body["errors"][0]["code"].as_str().unwrap().to_owned()
    }
}

fn ask(registry: &Registry, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request =
        ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", registry.address()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(()).unwrap()).unwrap();
    let body = response.body_mut().read_to_vec().unwrap();
    Reply { status: response.status().as_u16(), headers: response.headers().clone(), body }
}

fn get(registry: &Registry, path: &str) -> Reply {
    ask(registry, "GET", path, &[])
}

/// What comes back for bytes that no proper client sends.
fn raw(registry: &Registry, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 1024];
    while let Ok(n @ 1..) = stream.read(&mut chunk) {
        answer.extend_from_slice(&chunk[..n]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn base_says_which_protocol_it_is() {
    let registry = registry();
    for path in ["/v2/", "/v2", "/v2/?x=y"] {
        let reply = get(&registry, path);
        assert_eq!((reply.status, &*reply.body), (200, &b"{}"[..]), "{path}");
        assert_eq!(reply.header("docker-distribution-api-version"), "registry/2.0");
    }
}

#[test]
fn manifests_by_tag_and_digest() {
    let registry = registry();
    for reference in ["v1", "sha256:1d", "sha256%3A1d"] {
        let path = format!("/v2/some/where/app/manifests/{reference}?ns=docker.io");
        let reply = get(&registry, &path);
        assert_eq!((reply.status, &*reply.body), (200, &b"{}"[..]));
        assert_eq!(reply.header("content-type"), INDEX);
        assert_eq!(reply.header("docker-content-digest"), "sha256:1d");
        let head = ask(&registry, "HEAD", &path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), "2");
        assert_eq!(head.header("docker-content-digest"), "sha256:1d");
    }
}

#[test]
fn blobs_whole_and_in_part() {
    let registry = registry();
    let path = "/v2/some/where/app/blobs/sha256:b10b";
    let whole = get(&registry, path);
    assert_eq!((whole.status, &*whole.body), (200, BLOB));
    assert_eq!(whole.header("accept-ranges"), "bytes");

    let head = ask(&registry, "HEAD", path, &[("range", "bytes=2-")]);
    assert_eq!((head.status, head.header("content-length")), (200, "10"));

    for (range, body, content_range) in [
        ("bytes=4-", &b"456789"[..], "bytes 4-9/10"),
        ("bytes=4-6", b"456", "bytes 4-6/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
    ] {
        let part = ask(&registry, "GET", path, &[("range", range)]);
        assert_eq!((part.status, &*part.body), (206, body), "{range}");
        assert_eq!(part.header("content-range"), content_range);
    }

    let stale = ask(&registry, "GET", path, &[("range", "bytes=4-"), ("if-range", "\"sha256:01d\"")]);
    assert_eq!((stale.status, &*stale.body), (200, BLOB));
    let fresh = ask(&registry, "GET", path, &[("range", "bytes=4-"), ("if-range", whole.header("etag"))]);
    assert_eq!(fresh.status, 206);

    let beyond = ask(&registry, "GET", path, &[("range", "bytes=10-")]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */10"));
    assert_eq!(beyond.code(), "RANGE_INVALID");
}

#[test]
fn tags_come_in_pages() {
    let registry = registry();
    let page = |query: &str| {
        let reply = get(&registry, &format!("/v2/some/where/app/tags/list{query}"));
        assert_eq!(reply.status, 200);
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["name"], "some/where/app");
        (body["tags"].to_string(), reply.header("link").to_owned())
    };
    assert_eq!(page(""), (r#"["latest","v1","v2"]"#.to_owned(), String::new()));
    let (first, link) = page("?n=2");
    assert_eq!(first, r#"["latest","v1"]"#);
    assert_eq!(link, r#"</v2/some/where/app/tags/list?n=2&last=v1>; rel="next""#);
    assert_eq!(page("?n=2&last=v1"), (r#"["v2"]"#.to_owned(), String::new()));
    assert_eq!(page("?n=0"), ("[]".to_owned(), String::new()));
    assert_eq!(get(&registry, "/v2/some/where/app/tags/list?n=many").code(), "PAGINATION_NUMBER_INVALID");
}

#[test]
fn refusals_say_why() {
    let registry = registry();
    for (method, path, status, code) in [
        ("GET", "/v2/some/where/app/manifests/v9", 404, "MANIFEST_UNKNOWN"),
        ("GET", "/v2/other/manifests/v1", 404, "MANIFEST_UNKNOWN"),
        ("GET", "/v2/some/where/app/blobs/sha256:0", 404, "BLOB_UNKNOWN"),
        ("GET", "/v2/other/tags/list", 404, "NAME_UNKNOWN"),
        ("GET", "/v2/some/where/app/referrers/sha256:1d", 404, "UNSUPPORTED"),
        ("GET", "/v2/manifests/v1", 404, "UNSUPPORTED"),
        ("GET", "/v2x", 404, "UNSUPPORTED"),
        ("GET", "/", 404, "UNSUPPORTED"),
        ("DELETE", "/v2/some/where/app/manifests/v1", 405, "UNSUPPORTED"),
    ] {
        let reply = ask(&registry, method, path, &[]);
        assert_eq!((reply.status, &*reply.code()), (status, code), "{method} {path}");
        assert_eq!(reply.header("content-type"), "application/json");
    }
    let reply = ask(&registry, "GET", "/v2/", &[("host", "rebound.example")]);
    assert_eq!((reply.status, &*reply.code()), (421, "DENIED"));
}

#[test]
fn no_bytes_a_client_sends_do_harm() {
    let registry = registry();
    let long = format!("GET /v2/ HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(20 << 10));
    let many = format!("GET /v2/ HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(100));
    for (bytes, answer) in [
        (&b"\r\n\r\n\x00\xff"[..], "HTTP/1.1 400"),
        (b"nonsense\r\n\r\n", "HTTP/1.1 400"),
        (long.as_bytes(), "HTTP/1.1 431"),
        (many.as_bytes(), "HTTP/1.1 431"),
        // A server that believed this length would try to allocate it.
        (b"GET /v2/ HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n", "HTTP/1.1 200"),
        (b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 405"),
        (b"GET /v2/%ff%00/manifests/%2e%2e HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 404"),
        (b"GET /v2/ HTTP/1.0\r\n\r\n", "HTTP/1.1 200"),
    ] {
        let got = raw(&registry, bytes);
        assert!(got.starts_with(answer), "{:?} gave {got:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(get(&registry, "/v2/").status, 200);
}

#[test]
fn requests_can_be_pipelined_on_one_connection() {
    let registry = registry();
    let requests = "GET /v2/ HTTP/1.1\r\n\r\n".repeat(2) + "HEAD /v2/ HTTP/1.1\r\nConnection: close\r\n\r\n";
    let answers = raw(&registry, requests.as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(answers.matches("{}").count(), 2);
}

#[test]
fn many_clients_at_once() {
    let registry = registry();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let reply = get(&registry, "/v2/some/where/app/blobs/sha256:b16");
                assert_eq!(reply.body, vec![7; 3 << 20]);
            });
        }
    });
    assert_eq!(registry.log().len(), 16);
}

#[test]
fn the_log_has_every_answer() {
    let registry = registry();
    get(&registry, "/v2/some/where/app/tags/list?n=1");
    ask(&registry, "HEAD", "/v2/some/where/app/manifests/v1", &[]);
    get(&registry, "/v2/some/where/app/blobs/sha256:0");
    let entry = |method: &str, path: &str, status, bytes| Answered {
        method: method.to_owned(),
        path: path.to_owned(),
        status,
        bytes,
    };
    let log = registry.take_log();
    assert_eq!(
        log[..2],
        [
            entry("GET", "/v2/some/where/app/tags/list?n=1", 200, 43),
            entry("HEAD", "/v2/some/where/app/manifests/v1", 200, 0),
        ]
    );
    assert_eq!(log[2].status, 404);
    assert!(registry.log().is_empty());
}

#[test]
fn dropping_it_ends_open_connections() {
    let registry = registry();
    let address = registry.address();
    let mut idle = TcpStream::connect(address).unwrap();
    idle.write_all(b"GET /v2/ HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = [0; 512];
    assert!(idle.read(&mut answer).unwrap() > 0);
    drop(registry);
    assert_eq!(idle.read(&mut answer).unwrap_or(0), 0);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn pages_of_other_origins_may_read_only_what_was_opened_to_them() {
    let registry = registry();
    let preflight = ask(&registry, "OPTIONS", "/v2/", &[("origin", "http://page.example")]);
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (405, ""));
    let registry = registry.with_cors();
    let preflight = ask(&registry, "OPTIONS", "/v2/", &[("origin", "http://page.example")]);
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, "*"));
    assert!(preflight.header("access-control-allow-headers").contains("authorization"));
    let reply = get(&registry, "/v2/some/where/app/manifests/v1");
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"));
    assert!(reply.header("access-control-expose-headers").contains("docker-content-digest"));
    let rebound = ask(&registry, "GET", "/v2/", &[("host", "rebound.example")]);
    assert_eq!(rebound.status, 421);
}
