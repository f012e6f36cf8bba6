//! Routes, carried out against servers and proxies on loopback.

mod certificates;
mod proxies;
mod routes;
mod servers;
mod tls;

use std::{io, sync::Arc, time::Duration};

use lugger_core::{
    effect::{
        http::{Exchange, Floor, NetError, Payload, Timeouts},
        route::Route,
    },
    op::Limits,
};
use ureq::http::Method;
use url::Url;

use super::{Http, Lookup};

/// Names that the tests know: `*.test` is this machine, `public.example` is not, `evil.example` only seems so.
fn http() -> Http {
    let timeouts = Timeouts {
        connect: Duration::from_secs(20),
        response: Duration::from_secs(20),
        stall: Duration::from_secs(20),
        floor: Floor { bytes: 1000, per: Duration::from_millis(200) },
    };
    let lookup = Lookup::asking(|host| match host {
        "public.example" => Ok(vec!["93.184.216.34".parse().unwrap()]),
        "two.test" => Ok(vec!["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()]),
        host if host.ends_with(".test") || host == "evil.example" => Ok(vec!["127.0.0.1".parse().unwrap()]),
        other => Err(io::Error::other(format!("{other} is none of the tests' names"))),
    });
    Http::with_lookup(&Limits { timeouts, ..Limits::default() }, lookup)
}

/// The text of the answer.
fn get(http: &Http, url: &str, route: &Route) -> Result<String, NetError> {
    let mut exchange = Exchange::new(Method::GET, Url::parse(url).unwrap(), 1 << 20);
    exchange.route = Arc::new(route.clone());
    match http.exchange(&exchange)?.body {
        Payload::Inline(bytes) => Ok(String::from_utf8(bytes).unwrap()),
        other => panic!("{other:?}"),
    }
}
