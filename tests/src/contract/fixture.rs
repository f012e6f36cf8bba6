//! What the contract's HTTP server answers, as a pure function: the native server and the simulator's net both serve it.
//!
//! | path | answer |
//! |---|---|
//! | `bytes/<n>/<seed>` | `n` bytes decided by the seed; honours `Range: bytes=<from>-` and `bytes=<from>-<last>` |
//! | `cut/<n>/<seed>/<at>` | promises `n` bytes and closes the connection a moment after `at` |
//! | `stall/<n>/<seed>/<at>` | promises `n` bytes and says nothing after `at` |
//! | `status/<code>` | that status, with a short body |
//! | `redirect?to=<url>` | 307 to that URL |
//! | `echo-headers` | the request's headers, one a line, names in lower case, sorted |

use std::rc::Rc;

use http::{HeaderMap, header};
use lugger_core::rng::Rng;
use url::Url;

use crate::sim::{
    image::random_bytes,
    registry::{Answer, Ranges, range, serve},
};

/// How the body of a fixture ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As promised.
    Whole,
    /// The connection closes after so many bytes.
    Cut(usize),
    /// Nothing comes after so many bytes.
    Stalled(usize),
}

/// The bytes of `bytes/<n>/<seed>`.
pub fn bytes(n: usize, seed: u64) -> Vec<u8> {
    random_bytes(&mut Rng::new(seed), n)
}

/// The answer to a request of a path below the base, and how its body ends.
pub fn answer(base: &str, url: &Url, headers: &HeaderMap) -> (Answer, Ending) {
    let path = url.path().strip_prefix(base).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<u64>().ok()).unwrap_or(0);
    let content = || Rc::from(bytes(number(1) as usize, number(2)));
    let whole = |answer| (answer, Ending::Whole);
    let from = range(headers);
    match parts[0] {
        "bytes" => whole(serve(&content(), from, Ranges::Served)),
        "cut" => (serve(&content(), from, Ranges::Served), Ending::Cut(number(3) as usize)),
        "stall" => (serve(&content(), from, Ranges::Served), Ending::Stalled(number(3) as usize)),
        "status" => whole(Answer::new(number(1) as u16, b"as asked".to_vec())),
        "redirect" => {
            let to = url.query_pairs().find(|(key, _)| key == "to").map(|(_, to)| to.into_owned());
            whole(Answer::new(307, Vec::new()).header(header::LOCATION, &to.unwrap_or_default()))
        }
        "echo-headers" => {
            let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
            };
            let mut lines: Vec<String> = headers.iter().map(line).collect();
            lines.sort();
            whole(
                Answer::new(200, lines.concat().into_bytes())
                    .header("x-visible", "yes")
                    .header("docker-content-digest", "sha256:not-checked-here"),
            )
        }
        _ => whole(Answer::error(404, "NAME_UNKNOWN")),
    }
}
