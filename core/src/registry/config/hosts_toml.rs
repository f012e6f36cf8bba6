//! `hosts.toml`: which hosts serve a registry's content, in which order, and how each is spoken to (containerd.md §2.2).

use std::{fmt, time::Duration};

use http::{HeaderName, HeaderValue, header};

use super::{
    ConfigError,
    address::Address,
    duration,
    source::{Source, absolute, quoted},
    toml::{self, Item, Table},
};
use crate::{
    effect::route::Identity,
    registry::{
        endpoint::Capabilities,
        place::{Given, Place},
    },
};

/// One host of a file, or the file's own settings, which are those of the registry itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its table; for the registry itself `server`, or the file.
    pub place: Place,
    /// Where it is; `None` for the registry itself when the file has no `server`: then it is where it always is.
    pub address: Option<Address>,
    /// What may be asked of it; `None` is everything.
    pub capabilities: Option<Given<Capabilities>>,
    /// PEM files of authorities.
    pub ca: Vec<Given<String>>,
    /// Client certificates; without a key of its own, the certificate's file holds both.
    pub client: Vec<Given<Identity>>,
    /// Whether any certificate will do.
    pub skip_verify: Option<Given<bool>>,
    /// Headers for it, in the order of the file.
    pub headers: Vec<Given<Header>>,
    /// Whether the path of its URL is to be left as it is. Means nothing where there is no URL.
    pub override_path: Option<Given<bool>>,
    /// For connecting; 0 is none of its own.
    pub dial_timeout: Option<Given<Duration>>,
}

/// A header that the user set, whose value is a secret: it prints by name only.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name, as written.
    pub spelling: String,
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderValue,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

/// What the core or HTTP itself decides in every request.
const RESERVED: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::UPGRADE,
];

/// Reads a file. `path` says where it is: for errors, and because paths in it are relative to its directory.
///
/// The hosts come in the order in which they are asked: tables by their first mention, then the registry itself. Members that we do not
/// know are left alone, as newer versions of containerd may know them; anything that is not as it must be is an error.
pub fn parse(text: &str, path: &str) -> Result<Vec<Host>, ConfigError> {
    let source = Source::new(path, text);
    let document = toml::parse(&source)?;
    let root = Table::root(&source, &document);
    let mut hosts = Vec::new();
    if let Some(tables) = root.get("host") {
        for item in tables.table()?.items() {
            let table = item.table()?;
            hosts.push(host(&source, &table, item.place(), Some((item, item.name())))?);
        }
    }
    let server = match root.get("server") {
        Some(item) => Some((item, item.text()?)).filter(|(_, text)| !text.is_empty()),
        None => None,
    };
    let place = match &server {
        Some((item, _)) => item.place(),
        None => Place::File { path: path.to_owned(), line: 0 },
    };
    hosts.push(host(&source, &root, place, server)?);
    Ok(hosts)
}

fn host(
    source: &Source<'_>,
    table: &Table<'_>,
    place: Place,
    url: Option<(Item<'_>, &str)>,
) -> Result<Host, ConfigError> {
    let override_path = table.get("override_path").map(|item| item.boolean()).transpose()?;
    let leave_path = override_path.as_ref().is_some_and(|given| given.value);
    let address = match url {
        Some((item, text)) => {
            let wrong = |why| item.invalid(format!("{}: {why}", quoted(&without_user(text))));
            Some(Address::parse(text, leave_path).map_err(wrong)?)
        }
        None => None,
    };
    Ok(Host {
        place,
        address,
        capabilities: table.get("capabilities").map(|item| capabilities(&item)).transpose()?.flatten(),
        ca: table.get("ca").map(|item| authorities(source, &item)).transpose()?.unwrap_or_default(),
        client: table.get("client").map(|item| clients(source, &item)).transpose()?.unwrap_or_default(),
        skip_verify: table.get("skip_verify").map(|item| item.boolean()).transpose()?,
        headers: table.get("header").map(|item| headers(&item)).transpose()?.unwrap_or_default(),
        override_path,
        dial_timeout: table.get("dial_timeout").map(|item| dial_timeout(&item)).transpose()?.flatten(),
    })
}

/// A URL as it may be shown: what stands before `@` may be a password.
fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

/// `None` for an empty list, which forbids nothing.
fn capabilities(item: &Item<'_>) -> Result<Option<Given<Capabilities>>, ConfigError> {
    let mut can = Capabilities { pull: false, resolve: false, push: false, referrers: false };
    let words = item.array()?;
    for word in &words {
        match word.text()?.to_ascii_lowercase().as_str() {
            "pull" => can.pull = true,
            "resolve" => can.resolve = true,
            "push" => can.push = true,
            "referrers" => can.referrers = true,
            other => {
                let detail = format!("{} is not a capability: pull, resolve, push, referrers", quoted(other));
                return Err(word.invalid(detail));
            }
        }
    }
    Ok(if words.is_empty() { None } else { Some(item.given(can)) })
}

fn file(source: &Source<'_>, item: &Item<'_>) -> Result<String, ConfigError> {
    match item.text()? {
        "" => Err(item.invalid(format!("{} has an empty path", quoted(item.name())))),
        path => Ok(absolute(source.dir(), path)),
    }
}

fn authorities(source: &Source<'_>, item: &Item<'_>) -> Result<Vec<Given<String>>, ConfigError> {
    item.one_or_more()?.iter().map(|one| Ok(one.given(file(source, one)?))).collect()
}

/// A file that holds both, several of them, or pairs.
fn clients(source: &Source<'_>, item: &Item<'_>) -> Result<Vec<Given<Identity>>, ConfigError> {
    let one = |one: &Item<'_>| {
        if one.is_text() {
            let both = file(source, one)?;
            return Ok(one.given(Identity { certificate: both.clone(), key: both }));
        }
        let pair = one.array()?;
        let [certificate, key] = pair.as_slice() else {
            return Err(one.invalid("`client` has pairs of certificate and key"));
        };
        let certificate = file(source, certificate)?;
        let key = if key.text()?.is_empty() { certificate.clone() } else { file(source, key)? };
        Ok(one.given(Identity { certificate, key }))
    };
    item.one_or_more()?.iter().map(one).collect()
}

fn headers(item: &Item<'_>) -> Result<Vec<Given<Header>>, ConfigError> {
    let mut headers = Vec::new();
    for header in item.table()?.items() {
        let name = HeaderName::from_bytes(header.name().as_bytes())
            .ok()
            .filter(|name| !RESERVED.contains(name))
            .ok_or_else(|| header.invalid(format!("{} is no header to set", quoted(header.name()))))?;
        for value in header.one_or_more()? {
            let mut text = HeaderValue::from_str(value.text()?)
                .map_err(|_| value.invalid(format!("the value of {name} is none that a header may have")))?;
            text.set_sensitive(true);
            let header = Header { spelling: header.name().to_owned(), name: name.clone(), value: text };
            headers.push(value.given(header));
        }
    }
    Ok(headers)
}

fn dial_timeout(item: &Item<'_>) -> Result<Option<Given<Duration>>, ConfigError> {
    match item.text()? {
        "" => Ok(None),
        text => match duration::parse(text) {
            Some(time) => Ok(Some(item.given(time))),
            None => Err(item.invalid(format!("{} is not a duration such as 5s or 1m30s", quoted(text)))),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Host> {
        parse(text, "/base/hosts.toml").unwrap()
    }

    #[test]
    fn an_empty_file_is_the_registry_alone() {
        let hosts = read("# nothing\n");
        assert_eq!(hosts.len(), 1);
        assert_eq!((&hosts[0].address, &hosts[0].capabilities), (&None, &None));
        assert_eq!(hosts[0].place.to_string(), "/base/hosts.toml");
        assert_eq!(read("server = ''\n"), read(""));
    }

    #[test]
    fn every_value_has_its_line() {
        let hosts = read(
            "server = 'https://s'\n\n[host.'m:5000']\ncapabilities = ['Pull']\nca = ['a.pem',\n 'b.pem']\nskip_verify = true\ndial_timeout = '3s'\n[host.'m:5000'.header]\nX-A = 'secret'\n",
        );
        let [mirror, server] = hosts.as_slice() else { panic!("{hosts:?}") };
        let line = |place: &Place| place.to_string().replace("/base/hosts.toml:", "");
        assert_eq!((line(&mirror.place), line(&server.place)), ("3".to_owned(), "1".to_owned()));
        assert_eq!(line(&mirror.capabilities.as_ref().unwrap().place), "4");
        let ca: Vec<_> = mirror.ca.iter().map(|ca| format!("{}:{}", ca.value, line(&ca.place))).collect();
        assert_eq!(ca, ["/base/a.pem:5", "/base/b.pem:6"]);
        assert_eq!(line(&mirror.skip_verify.as_ref().unwrap().place), "7");
        assert_eq!(mirror.dial_timeout.as_ref().unwrap().value, Duration::from_secs(3));
        assert_eq!(line(&mirror.headers[0].place), "10");
        assert!(!format!("{mirror:?}").contains("secret"));
    }

    #[test]
    fn a_key_that_is_not_named_is_in_the_certificates_file() {
        let hosts = read("client = ['a.pem', ['b.pem', ''], ['c.pem', '/k/c.key']]");
        let pairs: Vec<_> =
            hosts[0].client.iter().map(|it| (it.value.certificate.as_str(), it.value.key.as_str())).collect();
        assert_eq!(
            pairs,
            [("/base/a.pem", "/base/a.pem"), ("/base/b.pem", "/base/b.pem"), ("/base/c.pem", "/k/c.key")]
        );
    }

    #[test]
    fn what_is_wrong_stops_with_its_line() {
        for (text, line, part) in [
            ("\nserver = 'https://x\n", 2, "not TOML"),
            ("server = 1", 1, "`server` must be a string"),
            ("\n[host.'ftp://m']", 2, "http or https"),
            ("[host.'https://me:hunter2@m']", 1, "…@m"),
            ("[host.'']", 1, "not the URL"),
            ("host = 1", 1, "a table"),
            ("[host]\nm = 1", 2, "a table"),
            ("capabilities = [\n'pull',\n'fetch']", 3, "`fetch` is not a capability"),
            ("capabilities = 'pull'", 1, "an array"),
            ("ca = 1", 1, "a string or an array"),
            ("ca = ['']", 1, "an empty path"),
            ("client = [['a']]", 1, "pairs"),
            ("client = [['a', 'b', 'c']]", 1, "pairs"),
            ("\nskip_verify = 'yes'", 2, "true or false"),
            ("override_path = 1", 1, "true or false"),
            ("[header]\n'a b' = 'c'", 2, "no header to set"),
            ("[header]\nHost = 'c'", 2, "no header to set"),
            ("[header]\na = \"b\\r\\nc\"", 2, "none that a header may have"),
            ("\ndial_timeout = '3'", 2, "not a duration"),
            ("dial_timeout = 3", 1, "a string"),
        ] {
            let error = parse(text, "f").unwrap_err().to_string();
            assert!(error.starts_with(&format!("f:{line}: ")) && error.contains(part), "{text:?}: {error}");
            assert!(!error.contains("hunter2"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_its_line(text: String, near in near()) {
            for text in [text, near] {
                if let Err(error) = parse(&text, "f") {
                    let is_placed = matches!(&error, ConfigError::Invalid { place: Place::File { line, .. }, .. } if *line > 0);
                    prop_assert!(is_placed, "{error}");
                }
            }
        }
    }

    fn near() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            Just("server = 'https://s/v2'"),
            Just("[host.'https://m']"),
            Just("[host.m.header]"),
            Just("[header]"),
            Just("x-a = ['b', 'c']"),
            Just("capabilities = ['pull']"),
            Just("client = [['a', ''], 'b']"),
            Just("skip_verify = true"),
            Just("dial_timeout = '1.5s'"),
            Just("host.a = 1"),
            Just("[[host]]"),
            Just("= '"),
        ];
        prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
    }
}
