//! Registries that the user has not named (browser.md §5, 6; security.md C6).

use super::{Lugger, Served, registry};
use crate::server::{Server, response};

fn allow(served: &Served, registry: &str) -> u16 {
    served.ask(&format!("POST /api/v1/allow?registry={registry}"), &["Content-Length: 0"]).status
}

#[test]
fn a_registry_is_asked_only_when_the_user_has_said_so() {
    let (_, upstream, _) = registry();
    let served = Served::start(&["--registry", "other.example"]);
    let host = upstream.address();
    for query in [
        format!("manifest?ref={host}/demo&reference=v1"),
        format!("tags?ref={host}/demo"),
        format!("blob?ref={host}/demo&digest=sha256:{}&size=1", "0".repeat(64)),
        "tags?ref=evil.example/a".to_owned(),
        "tags?ref=other.example:5000/a".to_owned(),
    ] {
        let answer = served.get(&format!("/api/v1/{query}"));
        assert_eq!((answer.status, answer.code().as_str()), (403, "CONFIRM"), "{query}");
    }
    assert_eq!(upstream.log(), []);
}

#[test]
fn what_a_page_came_with_leads_to_public_places_alone() {
    let (_, upstream, _) = registry();
    // Options of the command line are not for it either: neither plain http nor the credentials.
    let served = Served::start(&["r.example/a", "--plain-http", "--creds", "me:hunter2", "--retries", "0"]);
    let port = upstream.address().port();
    for near in [
        "169.254.169.254".to_owned(),
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        "10.0.0.1".to_owned(),
        "192.168.1.1:5000".to_owned(),
        "100.64.0.1".to_owned(),
        "0.0.0.0:80".to_owned(),
        "[fd00::1]".to_owned(),
        "[::ffff:127.0.0.1]:80".to_owned(),
        "2130706433.".to_owned(),
    ] {
        let before = served.get(&format!("/api/v1/tags?ref={near}/a")).status;
        if before == 400 {
            continue; // no name of a registry at all
        }
        assert_eq!((before, allow(&served, &near)), (403, 204), "{near}");
        let answer = served.get(&format!("/api/v1/tags?ref={near}/a"));
        let words = answer.message();
        assert_eq!((answer.status, answer.code().as_str()), (403, "DENIED"), "{near}: {words}");
        assert!(words.contains("an address of this machine or of a private network"), "{near}: {words}");
    }
    assert_eq!(upstream.log(), []);
    for odd in ["", "alpine", "a%20b.example", "r.example/x", "http://r.example"] {
        assert_eq!(allow(&served, odd), 400, "{odd}");
    }
}

/// Stands between us and every registry, so that public names have something to say on a machine without a network.
fn proxied(answer: String) -> (Server, String) {
    let proxy = Server::saying(answer);
    let url = format!("http://{}", proxy.address);
    (proxy, url)
}

#[test]
fn a_redirect_into_this_machine_is_not_followed() {
    let target = Server::saying(response("200 OK", &[], "secret"));
    for location in [
        format!("http://{}/latest/meta-data", target.address),
        format!("http://localhost:{}/", target.address.port()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[::ffff:10.0.0.1]/".to_owned(),
    ] {
        let redirect = response("307 Temporary Redirect", &[&format!("Location: {location}")], "");
        let (proxy, url) = proxied(redirect);
        let arguments = ["--registry", "public.example", "--plain-http", "--retries", "0"];
        let served = Served::start_with(Lugger::new(), &arguments, &[("http_proxy", &url)]);
        let digest = "0".repeat(64);
        for query in
            ["tags?ref=public.example/a", &format!("blob?ref=public.example/a&digest=sha256:{digest}&size=9")]
        {
            let answer = served.get(&format!("/api/v1/{query}"));
            let words = answer.message();
            assert_eq!(answer.status, 502, "{location}: {words}");
            assert!(words.contains("refused to follow a redirect"), "{location}: {words}");
        }
        assert!(proxy.take_heads().iter().all(|head| head.contains("http://public.example/v2/a/")));
    }
    assert_eq!(target.take_heads(), Vec::<String>::new());
}

#[test]
fn a_proxy_is_not_asked_for_near_addresses_by_strangers() {
    let (proxy, url) = proxied(response("200 OK", &[], "{}"));
    let variables = [("http_proxy", url.as_str()), ("https_proxy", url.as_str())];
    let served = Served::start_with(Lugger::new(), &["--retries", "0"], &variables);
    for near in ["169.254.169.254", "10.0.0.1:5000", "127.0.0.1:5000", "localhost:5000"] {
        assert_eq!(allow(&served, near), 204, "{near}");
        let answer = served.get(&format!("/api/v1/tags?ref={near}/a"));
        assert_eq!((answer.status, answer.code().as_str()), (403, "DENIED"), "{near}");
    }
    assert_eq!(proxy.take_heads(), Vec::<String>::new());
}
