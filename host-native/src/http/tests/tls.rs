use std::{env, process::Command};

use lugger_core::effect::{
    http::NetErrorKind,
    route::{Route, Tls},
};
use rcgen::date_time_ymd;

use super::{
    certificates::{Authority, Signed, authority_params, key, params, server},
    get, http,
    servers::Server,
};

fn trusting(authority: &Authority) -> Route {
    Route { tls: Tls { roots: vec![authority.pem()], ..Tls::default() }, ..Route::default() }
}

fn unverified() -> Route {
    Route { tls: Tls { unverified: true, ..Tls::default() }, ..Route::default() }
}

#[test]
fn an_authority_of_ones_own_is_trusted_where_it_is_named_and_nowhere_else() {
    let authority = Authority::new("own");
    let server = Server::tls(authority.server(&params("server", &["r.test"]), None));
    let (http, url) = (http(), format!("https://r.test:{}/v2/", server.port));
    assert_eq!(get(&http, &url, &trusting(&authority)).unwrap(), "nobody");
    let error = get(&http, &url, &Route::default()).unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Tls);
    assert_eq!(error.detail, "r.test: its certificate is of an authority that is not trusted here");
    assert!(get(&http, &url, &trusting(&Authority::new("other"))).is_err());
    assert_eq!(get(&http, &url, &unverified()).unwrap(), "nobody");
    assert!(get(&http, &url, &Route::default()).is_err(), "connections of other routes are not for this one");
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let authority = Authority::new("own");
    let mut expired = params("server", &["r.test"]);
    (expired.not_before, expired.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 2, 3));
    let mut early = params("server", &["r.test"]);
    early.not_before = date_time_ymd(4000, 1, 1);
    for (params, said) in [
        (expired, "r.test: its certificate expired at 2002-02-03T00:00:00Z"),
        (early, "r.test: its certificate is not valid before 4000-01-01T00:00:00Z"),
        (params("server", &["s.test"]), "r.test: its certificate is for other names: DnsName(\"s.test\")"),
    ] {
        let server = Server::tls(authority.server(&params, None));
        let url = format!("https://r.test:{}/v2/", server.port);
        let error = get(&http(), &url, &trusting(&authority)).unwrap_err();
        assert_eq!((error.kind, error.detail.as_str()), (NetErrorKind::Tls, said));
        assert_eq!(get(&http(), &url, &unverified()).unwrap(), "nobody", "the user's word");
    }
}

#[test]
fn an_address_is_a_name_too() {
    let authority = Authority::new("own");
    let server = Server::tls(authority.server(&params("server", &["127.0.0.1"]), None));
    let url = format!("https://127.0.0.1:{}/v2/", server.port);
    assert_eq!(get(&http(), &url, &trusting(&authority)).unwrap(), "nobody");
}

#[test]
fn a_certificate_that_is_its_own_authority_is_trusted_when_it_is_named() {
    // What `openssl req -x509` makes, and guides to private registries use.
    let (key, other) = (key(), Authority::new("other"));
    let certificate = authority_params("server", &["r.test"]).self_signed(&key).unwrap();
    let named = other.file("server.pem", &certificate.pem());
    let server = Server::tls(server(&Signed { certificate, key }, None));
    let route = Route { tls: Tls { roots: vec![named], ..Tls::default() }, ..Route::default() };
    let url = |host| format!("https://{host}:{}/v2/", server.port);
    assert_eq!(get(&http(), &url("r.test"), &route).unwrap(), "nobody");
    let error = get(&http(), &url("s.test"), &route).unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Tls, "for its own names only");
    let error = get(&http(), &url("r.test"), &trusting(&other)).unwrap_err();
    let said = "r.test: its certificate is an authority's own, which is not trusted here";
    assert_eq!((error.kind, error.detail.as_str()), (NetErrorKind::Tls, said));
}

#[test]
fn a_client_certificate_is_shown_where_the_route_says_so() {
    let (authority, first, second) =
        (Authority::new("own"), Authority::new("first"), Authority::new("second"));
    let identities = vec![first.identity(), second.identity()];
    for (asking, shown) in [(Some(&first), "first"), (Some(&second), "second"), (None, "nobody")] {
        let server = Server::tls(authority.server(&params("server", &["r.test"]), asking));
        let (http, url) = (http(), format!("https://r.test:{}/v2/", server.port));
        let mut route = trusting(&authority);
        route.tls.identities.clone_from(&identities);
        assert_eq!(get(&http, &url, &route).unwrap(), shown);
        assert_eq!(get(&http, &url, &trusting(&authority)).unwrap(), "nobody");
        assert_eq!(get(&http, &url, &route).unwrap(), shown);
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let authority = Authority::new("own");
    let (good, other) = (authority.identity(), Authority::new("other").identity());
    let server = Server::tls(authority.server(&params("server", &["r.test"]), None));
    let url = format!("https://r.test:{}/v2/", server.port);
    let (text, missing) = (authority.file("text.pem", "no PEM"), "/nowhere/ca.pem".to_owned());
    let mut wrong_key = good.clone();
    wrong_key.key.clone_from(&other.key);
    let mut no_key = good;
    no_key.key.clone_from(&text);
    for (tls, path) in [
        (Tls { roots: vec![missing.clone()], ..Tls::default() }, &missing),
        (Tls { roots: vec![text.clone()], ..Tls::default() }, &text),
        (Tls { identities: vec![no_key], ..Tls::default() }, &text),
        (Tls { identities: vec![wrong_key], ..Tls::default() }, &other.key),
    ] {
        let route = Route { tls, ..Route::default() };
        let error = get(&http(), &url, &route).unwrap_err();
        assert_eq!(error.kind, NetErrorKind::File, "{error}");
        assert!(error.detail.starts_with(path.as_str()), "{error}");
    }
}

#[test]
fn an_answer_in_plain_http_is_recognized() {
    let server = Server::start(|mut stream, _| {
        use std::io::{Read, Write};
        stream.read_exact(&mut [0; 5])?;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")?;
        std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
    });
    let error = get(&http(), &format!("https://r.test:{}/v2/", server.port), &Route::default()).unwrap_err();
    let said = (error.kind, error.detail.as_str());
    assert_eq!(said, (NetErrorKind::PlainHttp, "r.test answers in plain http"));
}

/// In a process of its own, because both are read from the environment once.
#[test]
fn the_environment_names_authorities_but_no_proxy() {
    const URL: &str = "LUGGER_TEST_URL";
    if let Ok(url) = env::var(URL) {
        assert_eq!(get(&http(), &url, &Route::default()).unwrap(), "nobody");
        return;
    }
    let authority = Authority::new("own");
    let server = Server::tls(authority.server(&params("server", &["r.test"]), None));
    let run = |roots: &str| {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "http::tests::tls::the_environment_names_authorities_but_no_proxy"]);
        child
            .env(URL, format!("https://r.test:{}/v2/", server.port))
            .env("SSL_CERT_FILE", roots)
            .env_remove("SSL_CERT_DIR");
        for variable in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"] {
            child.env(variable, "http://127.0.0.1:1");
        }
        child.output().unwrap()
    };
    let output = run(&authority.pem());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let output = run("/nowhere/ca.pem");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("SSL_CERT_FILE: "), "{said}");
}
