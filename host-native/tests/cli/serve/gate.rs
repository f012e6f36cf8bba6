//! What every request has to pass (browser.md §5, 2 to 4 and 7).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::Served;

const ABOUT: &str = "GET /api/v1/about";

#[test]
fn names_that_are_not_ours_are_refused_on_every_path() {
    let served = Served::start(&[]);
    let (port, token) = (served.address.port(), format!("X-Lugger-Token: {}", served.token));
    for path in ["/", "/index.html", "/nothing", "/api/v1/about"] {
        for host in [
            "rebind.test",
            "127.0.0.1",
            "localhost",
            &format!("rebind.test:{port}"),
            &format!("127.0.0.1.rebind.test:{port}"),
            &format!("localhost.rebind.test:{port}"),
            &format!("x@127.0.0.1:{port}"),
            &format!("127.0.0.2:{port}"),
            &format!("0.0.0.0:{port}"),
            &format!("2130706433:{port}"),
            &format!("LOCALHOST:{port}"),
            &format!("127.0.0.1:{}", port ^ 1),
            &format!("127.0.0.1:{port}, rebind.test"),
            "",
        ] {
            let answer = served.send(&format!("GET {path}"), &[&format!("Host: {host}"), &token]);
            assert_eq!(answer.status, 421, "{path} {host}");
        }
        assert_eq!(served.send(&format!("GET {path}"), &[&token]).status, 421, "{path} without Host");
        let (ours, theirs) = (format!("Host: 127.0.0.1:{port}"), format!("Host: rebind.test:{port}"));
        for two in [[ours.as_str(), &theirs], [&theirs, &ours], [&ours, &ours]] {
            let answer = served.send(&format!("GET {path}"), &[two[0], two[1], &token]);
            assert_eq!(answer.status, 421, "{path} {two:?}");
        }
    }
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let host = format!("Host: {host}:{port}");
        assert_eq!(served.send("GET /", &[&host]).status, 200, "{host}");
        assert_eq!(served.send(ABOUT, &[&host, &token]).status, 200, "{host}");
    }
}

#[test]
fn nothing_of_the_api_is_there_without_the_token() {
    let served = Served::start(&[]);
    let (host, token) = (format!("Host: {}", served.address), served.token.clone());
    let of = |token: &str| format!("X-Lugger-Token: {token}");
    let mut other = token.clone().into_bytes();
    other[31] ^= 1;
    let other = String::from_utf8(other).unwrap();
    for line in [
        ABOUT,
        "HEAD /api/v1/about",
        "GET /api/v1/manifest?ref=r.example/a&reference=1",
        "POST /api/v1/allow?registry=r.example",
        "GET /api/v1/nothing",
        "GET /api/",
        "GET /api",
        "GET /apiv2",
        &format!("{ABOUT}?t={token}"),
        &format!("{ABOUT}?x-lugger-token={token}"),
    ] {
        assert_eq!(served.send(line, &[&host]).status, 401, "{line}");
    }
    for wrong in [
        "",
        "x",
        &token[..31],
        &format!("{token}0"),
        &other,
        &token.to_uppercase(),
        &format!("Bearer {token}"),
    ] {
        if wrong != token {
            assert_eq!(served.send(ABOUT, &[&host, &of(wrong)]).status, 401, "{wrong}");
        }
    }
    for cookie in [format!("Cookie: x-lugger-token={token}"), format!("Authorization: Bearer {token}")] {
        assert_eq!(served.send(ABOUT, &[&host, &cookie]).status, 401, "{cookie}");
    }
    assert_eq!(served.send(ABOUT, &[&host, &of(&token), &of(&other)]).status, 401, "two of them");
    assert_eq!(served.send(ABOUT, &[&host, &of(&token)]).status, 200);
}

#[test]
fn pages_of_other_origins_get_nothing() {
    let served = Served::start(&[]);
    let navigate = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    let host = format!("Host: {}", served.address);
    // Another port of this machine is the same site, and another origin.
    for site in ["cross-site", "same-site", "none", "", "same-origin, cross-site"] {
        let site = format!("Sec-Fetch-Site: {site}");
        for path in ["/api/v1/about", "/index.html", "/assets/x.js"] {
            let token = format!("X-Lugger-Token: {}", served.token);
            let answer =
                served.send(&format!("GET {path}"), &[&host, &token, &site, navigate[0], navigate[1]]);
            assert_eq!(answer.status, 403, "{path} {site}");
        }
    }
    let opened = |site: &str, mode: &str, dest: &str| {
        let lines = [
            format!("Sec-Fetch-Site: {site}"),
            format!("Sec-Fetch-Mode: {mode}"),
            format!("Sec-Fetch-Dest: {dest}"),
        ];
        served.send("GET /", &[&host, &lines[0], &lines[1], &lines[2]]).status
    };
    assert_eq!(opened("none", "navigate", "document"), 200, "the user opens the page");
    assert_eq!(opened("same-origin", "navigate", "document"), 200, "the page is loaded again");
    for (site, mode, dest) in [
        ("none", "navigate", "iframe"),
        ("none", "no-cors", "image"),
        ("cross-site", "navigate", "document"),
        ("same-site", "navigate", "document"),
    ] {
        assert_eq!(opened(site, mode, dest), 403, "{site} {mode} {dest}");
    }
    let port = served.address.port();
    for origin in [
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        &format!("https://127.0.0.1:{port}"),
        &format!("http://127.0.0.1:{}", port ^ 1),
        &format!("http://localhost:{port}"),
        "",
    ] {
        let origin = format!("Origin: {origin}");
        assert_eq!(served.ask(ABOUT, &[&origin]).status, 403, "{origin}");
        assert_eq!(served.ask("POST /api/v1/allow?registry=r.example", &[&origin]).status, 403, "{origin}");
    }
    assert_eq!(served.ask(ABOUT, &[&format!("Origin: http://127.0.0.1:{port}")]).status, 200);
}

#[test]
fn nothing_is_done_but_reading_and_allowing() {
    let served = Served::start(&[]);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "get"] {
        for path in ["/", "/api/v1/about", "/api/v1/manifest?ref=r.example/a&reference=1"] {
            let answer = served.ask(&format!("{method} {path}"), &[]);
            assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method} {path}");
        }
    }
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert_eq!(
            served.ask(&format!("{method} /api/v1/allow?registry=r.example"), &[]).status,
            405,
            "{method}"
        );
    }
}

#[test]
fn odd_paths_lead_nowhere() {
    let served = Served::start(&[]);
    for path in [
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/assets/../index.html",
        "/./",
        "//",
        "//evil.example/",
        "/index.html%00.js",
        "/api/v1/../v1/about",
        "/api/v1//about",
        "/api/v1/about/",
        "/API/v1/about",
        "/api/v2/about",
    ] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    for target in ["http://127.0.0.1/", "evil.example:443", "*"] {
        assert_eq!(served.get(target).status, 400, "{target}");
    }
    let page = served.get("/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), "no-cache");
    let head = served.ask("HEAD /", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), page.body.len().to_string());
}

#[test]
fn what_is_no_request_is_refused_in_the_same_dress() {
    let served = Served::start(&[]);
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(20 << 10));
    assert_eq!(served.raw(&long).status, 431);
    assert_eq!(served.raw("nonsense\r\n\r\n").status, 400);
    let host = format!("Host: {}", served.address);
    let claims = served.send("GET /", &[&host, "Content-Length: 18446744073709551615"]);
    assert_eq!(claims.status, 200);
    // One answer each, and the connection serves on.
    let mut stream = TcpStream::connect(served.address).unwrap();
    let two =
        format!("HEAD / HTTP/1.1\r\n{host}\r\n\r\nHEAD / HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n");
    stream.write_all(two.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2);
}
