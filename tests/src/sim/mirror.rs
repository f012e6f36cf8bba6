//! Mirrors of the registry, each with its ways.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, header};
use lugger_core::{
    effect::secret::{Origin, Secret},
    rng::Rng,
};
use url::Url;

use super::registry::Answer;

/// The hosts that mirrors have, in the order in which they are asked.
pub const HOSTS: [&str; 4] = ["m1.example", "m2.example", "m3.example", "m4.example"];

/// Mirrors in front of the registry, in the order in which they are asked.
pub type Mirrors = Vec<Way>;

/// How a mirror behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It has what the registry has.
    Whole,
    /// It has nothing.
    Empty,
    /// Nobody listens there.
    Dead,
    /// It wants a user name and password of its own, and the user has them.
    Private,
    /// It wants a login that the user does not have.
    Closed,
    /// Every blob that it gives is wrong.
    Wrong,
}

impl Way {
    /// None in a third of the worlds, else two to four; one of them at most gives wrong bytes, as a second wrong answer is final.
    pub fn some(rng: &mut Rng) -> Mirrors {
        const WAYS: [Way; 8] = [
            Way::Whole,
            Way::Whole,
            Way::Whole,
            Way::Empty,
            Way::Dead,
            Way::Private,
            Way::Closed,
            Way::Wrong,
        ];
        let count = if rng.below(3) == 0 { 0 } else { 2 + rng.below(3) };
        let mut mirrors: Mirrors = Vec::new();
        for _ in 0..count {
            let way = WAYS[rng.below(WAYS.len() as u64) as usize];
            let is_second = way == Way::Wrong && mirrors.contains(&way);
            mirrors.push(if is_second { Way::Empty } else { way });
        }
        mirrors
    }
}

/// Which mirror a host is.
pub fn at(host: &str) -> Option<usize> {
    HOSTS.iter().position(|mirror| *mirror == host)
}

/// The user's credentials for a mirror's origin.
pub fn secret(mirrors: &Mirrors, origin: &Origin) -> Option<Secret> {
    let at = at(origin.host())?;
    let has = origin.scheme() == "https" && mirrors.get(at) == Some(&Way::Private);
    has.then(|| Secret::new("mirror-user", password(at)))
}

/// What is for each mirror alone: its password, plain and encoded.
pub fn bound() -> BTreeMap<String, Origin> {
    let origin = |host: &str| Url::parse(&format!("https://{host}/")).map(|url| Origin::of(&url));
    let of = |(at, host): (usize, &&str)| {
        let origin = origin(host).expect("a host made here is valid");
        [(password(at), origin.clone()), (encoded(at), origin)]
    };
    HOSTS.iter().enumerate().flat_map(of).collect()
}

fn encoded(at: usize) -> String {
    BASE64_STANDARD.encode(format!("mirror-user:{}", password(at)))
}

fn password(at: usize) -> String {
    format!("m1rr0r-{at}-p4ss")
}

/// What a mirror says to a request that it does not let in; `None` lets it in.
pub fn refusal(way: Way, host: &str, headers: &HeaderMap) -> Option<Answer> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let wanted = at(host).map(|at| format!("Basic {}", encoded(at)));
    match way {
        Way::Private | Way::Closed if given.map(str::to_owned) != wanted => Some(
            Answer::error(401, "UNAUTHORIZED").header(header::WWW_AUTHENTICATE, "Basic realm=\"a mirror\""),
        ),
        Way::Closed => Some(Answer::error(403, "DENIED")),
        Way::Empty => Some(Answer::error(404, "NAME_UNKNOWN")),
        _ => None,
    }
}

/// The answer of a mirror that gives wrong bytes.
pub fn spoil(mut answer: Answer) -> Answer {
    let mut bytes = answer.body.to_vec();
    if let Some(first) = bytes.first_mut() {
        *first ^= 1;
    }
    answer.body = bytes.into();
    answer
}
