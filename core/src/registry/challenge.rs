//! `WWW-Authenticate` challenges (RFC 9110 §11.6.1).

use http::{HeaderMap, header};

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Lower case: `bearer`, `basic` …
    pub scheme: String,
    /// Keys in lower case, in the order given; the first of a name counts.
    pub params: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter; empty ones count as absent.
    pub fn param(&self, key: &str) -> Option<&str> {
        let found = self.params.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Every challenge of a response, over all its header lines, in order. What cannot be read is left out.
pub fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let lines = headers.get_all(header::WWW_AUTHENTICATE).iter();
    lines.flat_map(|line| parse(&String::from_utf8_lossy(line.as_bytes()))).collect()
}

/// The challenges of one header value. Stops at what it cannot read and keeps what came before.
pub fn parse(value: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = Scanner(value);
    loop {
        rest.skip(|c| c == ',' || c.is_ascii_whitespace());
        let word = rest.token();
        if word.is_empty() {
            return found;
        }
        let spaced = rest.skip(|c| c == ' ' || c == '\t');
        match (rest.eat('='), found.last_mut()) {
            // `key=value` belongs to the challenge before it; `scheme key=value` starts the next one.
            (true, Some(challenge)) => match rest.value() {
                Some(value) => challenge.params.push((word.to_ascii_lowercase(), value)),
                None => return found,
            },
            (true, None) => return found,
            (false, _) => {
                found.push(Challenge { scheme: word.to_ascii_lowercase(), params: Vec::new() });
                if !spaced {
                    continue;
                }
                // A token68 after the scheme (`Negotiate abc==`) is not for us, but must not be taken for a scheme.
                rest.skip_token68();
            }
        }
    }
}

/// What is left of a header value.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    fn skip(&mut self, which: impl Fn(char) -> bool) -> bool {
        let rest = self.0.trim_start_matches(which);
        let moved = rest.len() != self.0.len();
        self.0 = rest;
        moved
    }

    fn take(&mut self, which: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !which(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn token(&mut self) -> &'a str {
        self.take(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    }

    fn eat(&mut self, c: char) -> bool {
        match self.0.strip_prefix(c) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// What follows a `=`: a quoted string, a token, or nothing. `None` for a quote that never ends.
    fn value(&mut self) -> Option<String> {
        self.skip(|c| c == ' ' || c == '\t');
        if !self.eat('"') {
            // Servers write bare URLs and scopes here; everything up to the next separator is meant.
            return Some(self.take(|c| c != ',' && !c.is_ascii_whitespace()).to_owned());
        }
        let mut value = String::new();
        let mut chars = self.0.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.0 = self.0.get(at + 1..).unwrap_or_default();
                    return Some(value);
                }
                '\\' => value.push(chars.next()?.1),
                c => value.push(c),
            }
        }
        None
    }

    /// Skips `abc==` when that is all there is up to the next comma.
    fn skip_token68(&mut self) {
        let mut ahead = Scanner(self.0);
        let body = ahead.take(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
        ahead.skip(|c| c == '=');
        ahead.skip(|c| c == ' ' || c == '\t');
        if !body.is_empty() && (ahead.0.is_empty() || ahead.0.starts_with(',')) {
            self.0 = ahead.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: &str) -> String {
        let one = |c: &Challenge| {
            let params: Vec<_> = c.params.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
            format!("{} {}", c.scheme, params.join(" "))
        };
        parse(value).iter().map(one).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn reads_what_registries_send() {
        for (value, expected) in [
            (
                r#"Bearer realm="https://a/t",service="s",scope="repository:r:pull,push""#,
                r#"bearer realm="https://a/t" service="s" scope="repository:r:pull,push""#,
            ),
            (r#"Basic realm="x", Bearer realm="y""#, r#"basic realm="x" | bearer realm="y""#),
            (r#"Bearer realm="x",empty="",service="y""#, r#"bearer realm="x" empty="" service="y""#),
            (r#"BEARER Realm = "a\"b" , service=plain"#, r#"bearer realm="a\"b" service="plain""#),
            (r#"Negotiate abc==, Basic realm="z""#, r#"negotiate  | basic realm="z""#),
            (r#"Negotiate, Basic realm="z""#, r#"negotiate  | basic realm="z""#),
            (r#"Bearer realm="unterminated"#, "bearer "),
            (r#"realm="no scheme""#, ""),
            (",, ,", ""),
            ("", ""),
        ] {
            assert_eq!(shown(value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_always_ends(value in ".{0,200}") {
            parse(&value);
        }

        #[test]
        fn quoted_values_survive(value in "[ -~]{0,40}") {
            let quoted = value.replace('\\', r"\\").replace('"', "\\\"");
            let found = parse(&format!("Bearer a=\"{quoted}\", b=c"));
            prop_assert_eq!(&found[0].params, &vec![("a".to_owned(), value), ("b".to_owned(), "c".to_owned())]);
        }
    }
}
