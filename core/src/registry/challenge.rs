//! `WWW-Authenticate` challenges (RFC 9110 §11.6.1).

use http::{HeaderMap, header};

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Lower case: `bearer`, `basic` …
    pub scheme: String,
    /// Keys in lower case, in the order given, repeated ones as often as they came.
    pub params: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter; empty ones count as absent. Of a repeated one the last counts, but a bearer challenge with several realms
    /// has none: parsers that differ would send the user's secrets to different places.
    pub fn param(&self, key: &str) -> Option<&str> {
        let mut found = self.params.iter().rev().filter(|(k, _)| k == key).map(|(_, value)| value.as_str());
        let last = found.next().filter(|value| !value.is_empty())?;
        let is_ambiguous = self.scheme == "bearer" && key == "realm" && found.next().is_some();
        if is_ambiguous { None } else { Some(last) }
    }

    /// Whether it can be met: a bearer challenge by its realm, a basic one always.
    pub fn is_usable(&self) -> bool {
        match self.scheme.as_str() {
            "bearer" => self.param("realm").is_some(),
            scheme => scheme == "basic",
        }
    }
}

/// The challenge to meet: the first usable one of bearer, else of basic.
pub fn select(challenges: &[Challenge]) -> Option<&Challenge> {
    let first = |scheme: &str| challenges.iter().find(|it| it.scheme == scheme && it.is_usable());
    first("bearer").or_else(|| first("basic"))
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
        let spaced = rest.skip(is_blank);
        match (rest.eat('='), found.last_mut()) {
            // `key=value` belongs to the challenge before it; `scheme key=value` starts the next one.
            (true, Some(challenge)) => match rest.value() {
                Some(value) => challenge.params.push((word.to_ascii_lowercase(), value)),
                None => return found,
            },
            (true, None) => return found,
            (false, _) => {
                found.push(Challenge { scheme: word.to_ascii_lowercase(), params: Vec::new() });
                // A token68 after the scheme (`Negotiate abc==`) is not for us, but must not be taken for a scheme.
                if spaced && !rest.skip_token68() {
                    continue;
                }
            }
        }
        // A comma ends what a comma can end: what stands behind a quote that closed too early is no parameter.
        rest.skip(is_blank);
        if !(rest.0.is_empty() || rest.0.starts_with(',')) {
            return found;
        }
    }
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
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

    /// What follows a `=`: a quoted string or a token. `None` for anything else, such as a quote that never ends.
    fn value(&mut self) -> Option<String> {
        self.skip(is_blank);
        if !self.eat('"') {
            return Some(self.token()).filter(|token| !token.is_empty()).map(str::to_owned);
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

    /// Skips `abc==` when that is all there is up to the next comma; whether it was.
    fn skip_token68(&mut self) -> bool {
        let mut ahead = Scanner(self.0);
        let body = ahead.take(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
        ahead.skip(|c| c == '=');
        ahead.skip(is_blank);
        let is_all = !body.is_empty() && (ahead.0.is_empty() || ahead.0.starts_with(','));
        if is_all {
            self.0 = ahead.0;
        }
        is_all
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
            (r#"Bearer realm="x",service="#, r#"bearer realm="x""#),
            (r#"Bearer realm="x",service"#, r#"bearer realm="x" | service "#),
            (r#"Bearer scope="a,error="b""#, r#"bearer scope="a,error=""#),
            (r#"Bearer realm="x" service="y""#, r#"bearer realm="x""#),
            (r#"Bearer realm=https://a, service="y""#, r#"bearer realm="https""#),
            (r#"realm="no scheme""#, ""),
            (",, ,", ""),
            ("", ""),
        ] {
            assert_eq!(shown(value), expected, "{value}");
        }
    }

    #[test]
    fn the_last_counts_but_several_realms_are_none() {
        let one = |value: &str| parse(value).remove(0);
        let twice = one(r#"Bearer realm="a", scope="x", scope="y""#);
        assert_eq!((twice.param("realm"), twice.param("scope")), (Some("a"), Some("y")));
        let realms = one(r#"Bearer realm="a", realm="a""#);
        assert_eq!((realms.param("realm"), realms.is_usable()), (None, false));
        assert_eq!(one(r#"Basic realm="a", realm="b""#).param("realm"), Some("b"));
    }

    #[test]
    fn bearer_comes_before_basic_if_it_can_be_met() {
        let selected = |value: &str| select(&parse(value)).map(|it| it.scheme.clone());
        assert_eq!(selected(r#"Basic realm="a", Bearer realm="b""#).as_deref(), Some("bearer"));
        assert_eq!(selected(r#"Bearer service="b", Basic"#).as_deref(), Some("basic"));
        assert_eq!(selected(r#"Bearer, Digest realm="a""#), None);
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
