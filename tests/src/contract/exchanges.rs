//! What a host owes of HTTP.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use lugger_core::{
    effect::http::{Exchange, NetErrorKind},
    error::Error,
    op::{Cx, Reply, ReplyBody},
};
use url::Url;

use super::{Case, at, fixture};

/// Open bodies for what a blob request opens.
pub(super) const OPEN: &[StatusCode] = &[StatusCode::OK, StatusCode::PARTIAL_CONTENT];

pub(super) fn get(base: &Url, path: &str) -> Exchange {
    Exchange::new(Method::GET, at(base, path), 1 << 20)
}

fn inline(reply: &Reply) -> &[u8] {
    match &reply.body {
        ReplyBody::Small(bytes) => bytes,
        other => panic!("the body came as {other:?}"),
    }
}

pub(super) fn cases(base: &Url) -> Vec<Case> {
    let case = |name, flow: fn(Cx, Url) -> super::Running| {
        let base = base.clone();
        Case::new(name, move |cx| flow(cx, base))
    };
    vec![
        case("a small body comes inline", |cx, base| {
            Box::pin(async move {
                let reply = cx.exchange(get(&base, "bytes/5000/1")).await.expect("a response");
                assert_eq!((reply.status, inline(&reply)), (StatusCode::OK, &*fixture::bytes(5000, 1)));
                Ok(())
            })
        }),
        case("inline_max is a bound, and the last byte below it counts", |cx, base| {
            Box::pin(async move {
                for (max, fits) in [(100, true), (99, false), (0, false)] {
                    let exchange = Exchange::new(Method::GET, at(&base, "bytes/100/1"), max);
                    let reply = cx.exchange(exchange).await.expect("a response");
                    assert_eq!(matches!(reply.body, ReplyBody::Small(_)), fits, "at most {max}");
                    assert_eq!(matches!(reply.body, ReplyBody::TooLong), !fits, "at most {max}");
                }
                Ok(())
            })
        }),
        case("only the named statuses come as an open body", |cx, base| {
            Box::pin(async move {
                let open = get(&base, "bytes/100/1").streaming(OPEN);
                let reply = cx.exchange(open).await.expect("a response");
                assert!(matches!(reply.body, ReplyBody::Large(_)), "{:?}", reply.body);
                for status in [404_u16, 500, 429, 401] {
                    let other = get(&base, &format!("status/{status}")).streaming(OPEN);
                    let reply = cx.exchange(other).await.expect("a response");
                    assert_eq!((reply.status.as_u16(), inline(&reply)), (status, &b"as asked"[..]));
                }
                Ok(())
            })
        }),
        case("HEAD has no body", |cx, base| {
            Box::pin(async move {
                let head = Exchange::new(Method::HEAD, at(&base, "bytes/100/1"), 0);
                let reply = cx.exchange(head).await.expect("a response");
                assert_eq!((reply.status, inline(&reply)), (StatusCode::OK, &b""[..]));
                Ok(())
            })
        }),
        case("a range is asked for and answered with its headers", |cx, base| {
            Box::pin(async move {
                let range = HeaderValue::from_static("bytes=90-");
                let reply = cx.exchange(get(&base, "bytes/100/1").header(header::RANGE, range)).await;
                let reply = reply.expect("a response");
                assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT);
                let said = reply.headers.get(header::CONTENT_RANGE).map(HeaderValue::as_bytes);
                assert_eq!(said, Some(&b"bytes 90-99/100"[..]));
                assert_eq!(inline(&reply), &fixture::bytes(100, 1)[90..]);
                Ok(())
            })
        }),
        case("headers are sent and seen, and none is made up", |cx, base| {
            Box::pin(async move {
                let name = HeaderName::from_static("x-sent");
                let exchange = get(&base, "echo-headers").header(name, HeaderValue::from_static("a b"));
                let reply = cx.exchange(exchange).await.expect("a response");
                assert_eq!(reply.headers.get("x-visible").map(HeaderValue::as_bytes), Some(&b"yes"[..]));
                assert!(reply.headers.contains_key("docker-content-digest"));
                let sent = String::from_utf8_lossy(inline(&reply)).into_owned();
                assert!(sent.contains("x-sent: a b\n"), "{sent}");
                for never in ["authorization:", "cookie:", "referer:"] {
                    assert!(!sent.contains(never), "{sent}");
                }
                assert!(!cx.caps().raw_bodies || !sent.contains("accept-encoding: gzip"), "{sent}");
                Ok(())
            })
        }),
        case("a redirect comes back as a response", |cx, base| {
            Box::pin(async move {
                if !cx.caps().manual_redirects {
                    return Ok(());
                }
                let to = at(&base, "bytes/1/1");
                let reply = cx.exchange(get(&base, &format!("redirect?to={to}"))).await.expect("a response");
                let location = reply.headers.get(header::LOCATION).map(HeaderValue::as_bytes);
                assert_eq!((reply.status.as_u16(), location), (307, Some(to.as_str().as_bytes())));
                Ok(())
            })
        }),
        case("nobody listening is no connection", |cx, _| {
            Box::pin(async move {
                let nobody = Url::parse("http://127.0.0.1:1/").expect("a URL");
                let error = cx.exchange(get(&nobody, "")).await.expect_err("nobody listens there");
                assert_eq!(error.kind, NetErrorKind::Connect, "{error}");
                Ok(())
            })
        }),
        case("an inline body that breaks off is no body", |cx, base| {
            Box::pin(async move {
                let error = cx.exchange(get(&base, "cut/1000/1/500")).await.expect_err("half a body");
                assert_eq!(error.kind, NetErrorKind::Broken, "{error}");
                Ok::<(), Error>(())
            })
        }),
        case("an inline body that stalls times out", |cx, base| {
            Box::pin(async move {
                let error = cx.exchange(get(&base, "stall/1000/1/500")).await.expect_err("half a body");
                assert_eq!(error.kind, NetErrorKind::Timeout, "{error}");
                Ok(())
            })
        }),
    ]
}
