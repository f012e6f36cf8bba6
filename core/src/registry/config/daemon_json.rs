//! `daemon.json`: what the docker daemon's settings say about registries (moby-cri.md §1.2, §1.3).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    ConfigError,
    address::{Address, Scheme},
    insecure::Insecure,
    paths,
    source::{self, Source},
};
use crate::{
    effect::file::Entry,
    name::Excerpt,
    op::Cx,
    registry::{
        place::{Given, Place},
        registries::Environment,
    },
};

/// What the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daemon {
    /// Mirrors of docker.io, and of nothing else, in order, each once.
    pub mirrors: Vec<Given<Address>>,
    /// Registries that may be spoken to without verified TLS.
    pub insecure: Vec<Given<Insecure>>,
}

/// The members that matter; there are many others. A member that is there twice is refused.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, rename = "registry-mirrors", default)]
    mirrors: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "insecure-registries", default)]
    insecure: Option<Vec<&'a RawValue>>,
}

/// Reads both files, the user's before the system's.
pub async fn read(cx: &Cx, environment: &Environment) -> Result<Daemon, ConfigError> {
    let mut all = Daemon::default();
    for path in paths::daemon_files(environment) {
        match cx.file(path.as_str()).await? {
            Entry::Absent => {}
            Entry::File(bytes) => {
                let one = parse(source::text(&path, &bytes)?, &path)?;
                all.insecure.extend(one.insecure);
                one.mirrors.into_iter().for_each(|mirror| all.add(mirror));
            }
            Entry::Dir(_) => {
                let place = Place::File { path, line: 0 };
                return Err(ConfigError::Invalid { place, detail: "a directory, not a file".to_owned() });
            }
        }
    }
    Ok(all)
}

/// Reads a file; `path` is for errors. An empty one says nothing.
pub fn parse(text: &str, path: &str) -> Result<Daemon, ConfigError> {
    let source = Source::new(path, text);
    let mut daemon = Daemon::default();
    if text.trim().is_empty() {
        return Ok(daemon);
    }
    // An array would do for the deserializer.
    if !text.trim_start().starts_with('{') {
        return Err(source.invalid(0, "not the docker daemon's settings: no JSON object"));
    }
    let members: Members<'_> = serde_json::from_str(text).map_err(|error| ConfigError::Invalid {
        place: source.line(error.line()),
        detail: format!("not the docker daemon's settings: {}", Excerpt::of(&error.to_string())),
    })?;
    for raw in members.mirrors.unwrap_or_default() {
        let (text, at) = string(&source, raw)?;
        let address = mirror(&text).map_err(|why| source.invalid(at, format!("invalid mirror: {why}")))?;
        daemon.add(Given::new(address, source.place(at)));
    }
    for raw in members.insecure.unwrap_or_default() {
        let (text, at) = string(&source, raw)?;
        let wrong = |why| source.invalid(at, format!("insecure registry {}: {why}", Excerpt::of(&text)));
        daemon.insecure.push(Given::new(Insecure::parse(&text).map_err(wrong)?, source.place(at)));
    }
    Ok(daemon)
}

impl Daemon {
    fn add(&mut self, mirror: Given<Address>) {
        if !self.mirrors.iter().any(|known| known.value == mirror.value) {
            self.mirrors.push(mirror);
        }
    }
}

/// The text of a JSON string, and where it stands.
fn string(source: &Source<'_>, raw: &RawValue) -> Result<(String, usize), ConfigError> {
    let at = (raw.get().as_ptr() as usize).saturating_sub(source.text().as_ptr() as usize);
    match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => Ok((text, at)),
        Err(_) => Err(source.invalid(at, "must be a string")),
    }
}

fn mirror(text: &str) -> Result<Address, String> {
    if !text.contains("://") {
        return Err("no scheme, use https:// or http://".to_owned());
    }
    let address = Address::parse(text, true).map_err(str::to_owned)?;
    // The daemon puts its `/v2/` behind whatever path there is.
    Ok(Address { path: address.path + "/v2", ..address })
}

impl Daemon {
    /// Whether TLS to this host need not verify, by an entry here. Plain http needs no entry.
    pub(super) fn excuses(&self, address: &Address) -> Option<&Place> {
        let place = super::insecure::find(&self.insecure, &address.host);
        place.filter(|_| address.scheme == Scheme::Https)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mirrors_and_insecure_registries() {
        let daemon = parse(
            "{\n \"log-level\": \"debug\",\n \"registry-mirrors\": [\"https://m.example\",\n  \"http://n:5000/p/\", \"https://m.example/\"],\n \"insecure-registries\": [\"10.0.0.0/8\", \"r:5000\"]}",
            "/d",
        );
        let daemon = daemon.unwrap();
        let mirrors: Vec<_> = daemon.mirrors.iter().map(|it| format!("{} {}", it.value, it.place)).collect();
        assert_eq!(mirrors, ["https://m.example/v2 /d:3", "http://n:5000/p/v2 /d:4"]);
        assert_eq!(daemon.insecure[1].value, Insecure::Host("r:5000".to_owned()));
        assert_eq!(daemon.insecure[1].place.to_string(), "/d:5");
        assert_eq!(parse("{}", "/d"), Ok(Daemon::default()));
        assert_eq!(parse("", "/d"), Ok(Daemon::default()));
    }

    #[test]
    fn what_is_wrong_stops_with_its_line() {
        for (text, line, part) in [
            ("{\n", 2, "EOF"),
            ("[]", 1, "settings"),
            ("{}\n{}", 2, "trailing"),
            ("{\"registry-mirrors\": 1}", 1, "sequence"),
            ("{\"registry-mirrors\": [],\n\"registry-mirrors\": []}", 2, "duplicate"),
            ("{\"registry-mirrors\": [\n1]}", 2, "must be a string"),
            ("{\"registry-mirrors\": [\n\"m.example:5000\"]}", 2, "no scheme"),
            ("{\"registry-mirrors\": [\"https://u:hunter2@m\"]}", 1, "credentials"),
            ("{\"registry-mirrors\": [\"https://m?x\"]}", 1, "no query"),
            ("{\"insecure-registries\": [\n\n\"ftp://x\"]}", 3, "ftp://x: the scheme"),
        ] {
            let error = parse(text, "f").unwrap_err().to_string();
            assert!(error.starts_with(&format!("f:{line}: ")) && error.contains(part), "{text:?}: {error}");
            assert!(!error.contains("hunter2"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_its_line(text: String, near in "\\{\"(registry-mirrors|insecure-registries)\":[\\[\\]\" \na-z0-9:/.,]{0,40}\\}") {
            for text in [text, near] {
                if let Err(error) = parse(&text, "f") {
                    let is_placed = matches!(&error, ConfigError::Invalid { place: Place::File { line, .. }, .. } if *line > 0);
                    prop_assert!(is_placed, "{error}");
                }
            }
        }
    }
}
