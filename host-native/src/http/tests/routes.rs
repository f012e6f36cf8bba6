use std::{
    io::Write,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use lugger_core::effect::{
    http::{Exchange, NetErrorKind, Payload},
    route::{NamedBy, Route},
};
use ureq::http::{Method, StatusCode};
use url::Url;

use super::{
    get, http,
    servers::{Server, head},
};

fn named_by(host: &str) -> Route {
    Route { named_by: NamedBy::Server(host.to_owned(), 443), ..Route::default() }
}

#[test]
fn a_public_name_does_not_lead_to_this_machine() {
    let server = Server::saying("hello");
    let http = http();
    for host in ["evil.example", "127.0.0.1"] {
        let url = format!("http://{host}:{}/", server.port);
        let error = get(&http, &url, &named_by("public.example")).unwrap_err();
        assert_eq!(error.kind, NetErrorKind::Forbidden);
        assert_eq!(error.detail, format!("{host} is 127.0.0.1"));
        assert_eq!(server.seen(), [""; 0]);
    }
    for route in [named_by("r.test"), named_by("127.0.0.1"), Route::default()] {
        let url = format!("http://evil.example:{}/", server.port);
        assert_eq!(get(&http, &url, &route).unwrap(), "hello", "{route:?}");
        // An open connection of another route is no way around.
        let error = get(&http, &url, &named_by("public.example")).unwrap_err();
        assert_eq!(error.kind, NetErrorKind::Forbidden);
    }
}

#[test]
fn a_dead_address_is_passed_over() {
    let server = Server::saying("hello");
    assert_eq!(
        get(&http(), &format!("http://two.test:{}/", server.port), &Route::default()).unwrap(),
        "hello"
    );
}

#[test]
fn a_name_without_address_and_a_port_without_server_are_told_apart() {
    for (url, kind) in [
        ("http://unknown.example/", NetErrorKind::Resolve),
        ("http://r.test:1/", NetErrorKind::Connect),
        ("http://two.test:1/", NetErrorKind::Connect),
        ("http://[::1]:1/", NetErrorKind::Connect),
    ] {
        assert_eq!(get(&http(), url, &Route::default()).unwrap_err().kind, kind, "{url}");
    }
}

#[test]
fn the_routes_own_deadline_covers_tls() {
    let silent = Server::start(|stream, _| {
        thread::sleep(Duration::from_secs(60));
        drop(stream);
        Ok(())
    });
    let route = Route { connect: Some(Duration::from_millis(100)), ..Route::default() };
    let started = Instant::now();
    let error = get(&http(), &format!("https://r.test:{}/", silent.port), &route).unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Timeout);
    assert!(started.elapsed() < Duration::from_secs(15), "the operation's own is 20 s");
}

/// A body of a byte now and then, for ever.
fn drip() -> Server {
    Server::start(|mut stream, _| {
        head(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
        loop {
            stream.write_all(b".")?;
            thread::sleep(Duration::from_millis(10));
        }
    })
}

#[test]
fn a_body_below_the_floor_is_given_up() {
    let (http, server) = (http(), drip());
    let url = format!("http://r.test:{}/", server.port);
    let error = get(&http, &url, &Route::default()).unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Timeout);
    assert_eq!(error.detail, "slower than 1000 bytes in 0.2 s");

    let open = Exchange::new(Method::GET, Url::parse(&url).unwrap(), 0).streaming(&[StatusCode::OK]);
    let Payload::Stream(id) = http.exchange(&open).unwrap().body else { panic!("an open body") };
    let mut body = http.take_body(id).unwrap();
    let error = loop {
        if let Err(error) = body.read(&mut [0; 100]) {
            break error;
        }
    };
    assert_eq!(error.kind, NetErrorKind::Timeout);
}

#[test]
fn shutdown_ends_every_route() {
    let server = drip();
    let http = Arc::new(http());
    let open = |route: Route| {
        let url = Url::parse(&format!("http://r.test:{}/", server.port)).unwrap();
        let mut exchange = Exchange::new(Method::GET, url, 0).streaming(&[StatusCode::OK]);
        exchange.route = Arc::new(route);
        http.exchange(&exchange)
    };
    let other = || named_by("127.0.0.1");
    let bodies: Vec<_> = [Route::default(), other()].map(open).into_iter().map(Result::unwrap).collect();
    http.shutdown();
    for response in bodies {
        let Payload::Stream(id) = response.body else { panic!("an open body") };
        let mut body = http.take_body(id).unwrap();
        let error = loop {
            if let Err(error) = body.read(&mut [0; 100]) {
                break error;
            }
        };
        assert_eq!(error.kind, NetErrorKind::Broken, "{error}");
    }
    assert!(open(Route::default()).is_err() && open(other()).is_err());
}
