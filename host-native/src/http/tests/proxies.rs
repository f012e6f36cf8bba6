use lugger_core::effect::{
    http::NetErrorKind,
    route::{NamedBy, Proxy, Route, Tls},
};
use url::Url;

use super::{
    certificates::{Authority, params},
    get, http,
    servers::Server,
};

fn through(url: &str) -> Route {
    Route { proxy: Some(Proxy(Url::parse(url).unwrap())), ..Route::default() }
}

#[test]
fn https_goes_through_a_tunnel_that_only_the_proxy_gets_credentials_for() {
    let authority = Authority::new("own");
    let server = Server::tls(authority.server(&params("server", &["r.test"]), None));
    let proxy = Server::connect_proxy(server.port);
    // The name is looked up at the proxy: nobody here knows it.
    let mut route = through(&format!("http://user:p%40ss@p.test:{}", proxy.port));
    route.tls.unverified = true;
    assert_eq!(get(&http(), "https://unknown.example/v2/", &route).unwrap(), "nobody");
    let seen = proxy.seen().concat();
    assert!(seen.starts_with("CONNECT unknown.example:443 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n"), "{seen}");
    let sent = server.seen().concat();
    assert!(sent.starts_with("GET /v2/ HTTP/1.1\r\n") && !sent.contains("Proxy-Auth"), "{sent}");
}

#[test]
fn the_servers_certificate_is_verified_inside_a_tunnel() {
    let authority = Authority::new("own");
    let server = Server::tls(authority.server(&params("server", &["r.test"]), None));
    let proxy = Server::connect_proxy(server.port);
    let mut route = through(&format!("http://p.test:{}", proxy.port));
    let error = get(&http(), "https://r.test/", &route).unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Tls, "the server's fault, not the proxy's: {error}");
    route.tls.roots = vec![authority.pem()];
    assert_eq!(get(&http(), "https://r.test/", &route).unwrap(), "nobody");
}

#[test]
fn plain_http_is_a_request_to_the_proxy_on_one_connection() {
    let proxy = Server::saying("from the proxy");
    let (http, route) = (http(), through(&format!("http://u:p@p.test:{}", proxy.port)));
    for path in ["/v2/?a=b", "/v2/again"] {
        let url = format!("http://unknown.example:5000{path}");
        assert_eq!(get(&http, &url, &route).unwrap(), "from the proxy");
    }
    let seen = proxy.seen();
    assert_eq!((seen.len(), seen[0].as_str()), (3, "connected"), "{seen:?}");
    for (head, path) in seen[1..].iter().zip(["/v2/?a=b", "/v2/again"]) {
        assert!(head.starts_with(&format!("GET http://unknown.example:5000{path} HTTP/1.1\r\n")), "{head}");
        assert!(head.contains("\r\nProxy-Authorization: Basic dTpw\r\n"), "{head}");
        assert!(head.to_lowercase().contains("\r\nhost: unknown.example:5000\r\n"), "{head}");
    }
}

#[test]
fn an_https_proxy_is_verified_even_if_the_server_is_not() {
    let authority = Authority::new("own");
    let proxy = Server::tls(authority.server(&params("proxy", &["p.test"]), None));
    let mut route = through(&format!("https://p.test:{}", proxy.port));
    route.tls = Tls { unverified: true, ..Tls::default() };
    let error = get(&http(), "http://unknown.example/v2/", &route).unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Proxy, "{error}");
    assert!(error.detail.contains("not trusted here"), "{error}");
    route.tls.roots = vec![authority.pem()];
    route.tls.identities = vec![authority.identity()];
    assert_eq!(get(&http(), "http://unknown.example/v2/", &route).unwrap(), "nobody");
    assert!(proxy.seen().concat().starts_with("GET http://unknown.example/v2/ HTTP/1.1\r\n"));
}

#[test]
fn socks_proxies_get_a_name_or_an_address_as_their_scheme_says() {
    let server = Server::saying("hello");
    let proxy = Server::socks5(server.port);
    for scheme in ["socks5h", "socks5"] {
        let route = through(&format!("{scheme}://user:pass@p.test:{}", proxy.port));
        assert_eq!(get(&http(), "http://r.test/", &route).unwrap(), "hello");
    }
    assert_eq!(proxy.seen(), ["user pass r.test", "user pass [127, 0, 0, 1]"]);
    // What is looked up here is checked here.
    let mut route = through(&format!("socks5://user:pass@p.test:{}", proxy.port));
    route.named_by = NamedBy::Server("public.example".to_owned(), 443);
    let error = get(&http(), "http://evil.example/", &route).unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Forbidden, "{error}");
}

#[test]
fn nothing_goes_direct_when_the_proxy_does_not_do_it() {
    let server = Server::saying("hello");
    let refusing = Server::refusing("403 Forbidden");
    let (closed, silent) = ("1", Server::start(|_, _| Ok(())));
    for (proxy, url) in [
        (format!("http://p.test:{}", refusing.port), "https"),
        (format!("http://p.test:{closed}"), "https"),
        (format!("http://p.test:{closed}"), "http"),
        ("http://unknown.example:3128".to_owned(), "http"),
        (format!("socks5h://p.test:{closed}"), "http"),
        (format!("socks5h://p.test:{}", silent.port), "https"),
    ] {
        let url = format!("{url}://r.test:{}/", server.port);
        let error = get(&http(), &url, &through(&proxy)).unwrap_err();
        assert_eq!(error.kind, NetErrorKind::Proxy, "{proxy} {url} {error}");
        assert!(error.detail.starts_with(&proxy), "{error}");
    }
    assert_eq!(server.seen(), [""; 0]);
}

#[test]
fn what_is_said_of_a_proxy_has_no_password() {
    let route = through("http://user:secret@p.test:1");
    let error = get(&http(), "http://r.test/", &route).unwrap_err();
    assert!(!error.to_string().contains("secret") && !error.to_string().contains("user"), "{error}");
}
