//! What every request has to pass before anything looks at what it asks for.
//!
//! Three kinds of stranger are kept out: names that lead here without meaning us (DNS rebinding: `Host`), pages of other
//! origins, also of another port of this machine (`Sec-Fetch-Site`, `Origin`), and programs without the token.

use std::{hint::black_box, net::SocketAddr};

use lugger_core::{
    error::Kind,
    registry::bridge::{TOKEN, Told},
};

use crate::server::Request;

/// Where the API is.
pub(super) const API: &str = "/api/v1/";
/// The one thing that is posted.
const POSTED: &str = "/api/v1/allow";

/// The gate.
pub(super) struct Gate {
    token: String,
}

impl Gate {
    /// That opens to this token.
    pub(super) fn new(token: String) -> Self {
        Self { token }
    }

    /// The token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Refuses what is not from the page, or from somebody who has the token.
    pub(super) fn check(&self, request: &Request) -> Result<(), Told> {
        let (path, _) = request.split();
        let host = host(request).ok_or_else(|| refused(421, "this name is not one of this server's"))?;
        if !path.starts_with('/') {
            return Err(Told::invalid("the request names no path"));
        }
        if !request.headers("sec-fetch-site").all(|site| may_come_from(site, request, path)) {
            return Err(refused(403, "pages of other origins get nothing here"));
        }
        let own = format!("http://{host}");
        if !request.headers("origin").all(|origin| origin == own) {
            return Err(refused(403, "pages of other origins get nothing here"));
        }
        let is_allowed = match request.method.as_str() {
            "GET" | "HEAD" => path != POSTED,
            "POST" => path == POSTED,
            _ => false,
        };
        if !is_allowed {
            return Err(Told::invalid("this is not done here").with_status(405));
        }
        // Also what only looks like the API: it is nobody's to try out.
        if path.starts_with("/api") && !self.is_known(request) {
            return Err(refused(
                401,
                "the token is missing or wrong: open the page by the URL that was printed",
            ));
        }
        Ok(())
    }

    /// Whether the token is shown, once.
    fn is_known(&self, request: &Request) -> bool {
        let name = TOKEN;
        let mut shown = request.headers(name.as_str());
        match (shown.next(), shown.next()) {
            (Some(token), None) => same(token.as_bytes(), self.token.as_bytes()),
            _ => false,
        }
    }
}

/// The `Host` if it means this server: a name or the address of this machine, and our port. A name that somebody points at us
/// is neither, also where we listen on other addresses than loopback.
fn host(request: &Request) -> Option<&str> {
    let local = request.local?;
    let mut hosts = request.headers("host");
    let (host, None) = (hosts.next()?, hosts.next()) else { return None };
    let port = local.port();
    let own = SocketAddr::new(local.ip().to_canonical(), port).to_string();
    let mut names = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}")).to_vec();
    names.push(own);
    // Browsers leave out the scheme's own port.
    let is_usual = |name: &String| port == 80 && name.strip_suffix(":80") == Some(host);
    names.iter().any(|name| name == host || is_usual(name)).then_some(host)
}

/// Whether a browser's word about who asks will do: the page itself, or the user who opens it. Its silence proves nothing,
/// so that the token decides.
fn may_come_from(site: &str, request: &Request, path: &str) -> bool {
    let is = |name, value| request.headers(name).all(|said| said == value);
    let opens_page = || path == "/" && request.method == "GET" && is("sec-fetch-mode", "navigate");
    site == "same-origin" || site == "none" && opens_page() && is("sec-fetch-dest", "document")
}

/// Whether two secrets are the same, in a time that does not tell how far they are.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |differing, (a, b)| black_box(differing | (a ^ b)));
    a.len() == b.len() && differing == 0
}

fn refused(status: u16, why: &str) -> Told {
    Told::new(Kind::Denied, why).with_status(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same(b"abc", b"abc"));
        for other in [&b""[..], b"ab", b"abcd", b"abd", b"bbc"] {
            assert!(!same(other, b"abc"));
        }
    }
}
