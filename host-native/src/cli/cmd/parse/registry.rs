//! What registries say and what files say of them: `parse challenge` and `parse hosts`.

use std::collections::BTreeMap;

use lugger::core::registry::{
    Capabilities,
    challenge::{self, Challenge},
    config::{
        address_of,
        hosts_toml::{self, Host},
    },
};
use serde::{Deserialize, Serialize, Serializer};

/// The values of a header, in order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Headers {
    headers: Vec<String>,
}

/// What they ask for, and which of it would be met.
#[derive(Serialize)]
pub(super) struct Challenges {
    challenges: Vec<Shown>,
    selected: Option<String>,
    realm: Option<String>,
    service: Option<String>,
    scope: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    scheme: String,
    #[serde(serialize_with = "in_order")]
    params: Vec<(String, String)>,
}

/// A `hosts.toml`, the registry that it is for, and the directory that it is in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostsToml {
    host: String,
    #[serde(default)]
    toml: String,
    #[serde(default)]
    dir: String,
}

/// The hosts in the order in which they are asked; what is not set is left out.
#[derive(Serialize)]
pub(super) struct Hosts {
    hosts: Vec<OneHost>,
}

#[derive(Serialize)]
struct OneHost {
    url: String,
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ca: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    client: Vec<[String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_verify: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    header: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_path: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dial_timeout_ns: Option<u64>,
}

pub(super) fn challenges(text: &str) -> Result<Challenges, String> {
    let Headers { headers } =
        serde_json::from_str(text).map_err(|error| format!("not a question: {error}"))?;
    let found: Vec<Challenge> = headers.iter().flat_map(|value| challenge::parse(value)).collect();
    let selected = challenge::select(&found);
    let bearer = selected.filter(|it| it.scheme == "bearer");
    let param = |key: &str| bearer.and_then(|it| it.param(key)).map(str::to_owned);
    Ok(Challenges {
        selected: selected.map(|it| it.scheme.clone()),
        realm: param("realm"),
        service: param("service"),
        scope: param("scope"),
        challenges: found.iter().map(shown).collect(),
    })
}

/// Each parameter once, with the value that counts; one that is repeated although it may not be is left out.
fn shown(challenge: &Challenge) -> Shown {
    let mut params: Vec<(String, String)> = Vec::new();
    for (key, value) in &challenge.params {
        let is_ambiguous = !value.is_empty() && challenge.param(key).is_none();
        match params.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => known.clone_from(value),
            None if is_ambiguous => {}
            None => params.push((key.clone(), value.clone())),
        }
    }
    Shown { scheme: challenge.scheme.clone(), params }
}

fn in_order<S: Serializer>(params: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(params.iter().map(|(key, value)| (key, value)))
}

pub(super) fn hosts(text: &str) -> Result<Hosts, String> {
    let HostsToml { host, toml, dir } =
        serde_json::from_str(text).map_err(|error| format!("not a question: {error}"))?;
    let path = if dir.is_empty() { "hosts.toml".to_owned() } else { format!("{dir}/hosts.toml") };
    let hosts = hosts_toml::parse(&toml, &path).map_err(|error| error.to_string())?;
    let hosts = hosts.iter().map(|it| one_host(it, &host)).collect::<Result<_, _>>()?;
    Ok(Hosts { hosts })
}

fn one_host(host: &Host, domain: &str) -> Result<OneHost, String> {
    let mut header: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for it in &host.headers {
        let value = String::from_utf8_lossy(it.value.value.as_bytes()).into_owned();
        header.entry(it.value.spelling.clone()).or_default().push(value);
    }
    let pair = |certificate: &String, key: &String| {
        let own_key = if key == certificate { String::new() } else { key.clone() };
        [certificate.clone(), own_key]
    };
    Ok(OneHost {
        url: address_of(host, domain).map_err(|error| error.to_string())?.to_string(),
        capabilities: host.capabilities.as_ref().map_or(Capabilities::ALL, |it| it.value).names(),
        ca: host.ca.iter().map(|it| it.value.clone()).collect(),
        client: host.client.iter().map(|it| pair(&it.value.certificate, &it.value.key)).collect(),
        skip_verify: host.skip_verify.as_ref().map(|it| it.value),
        header,
        override_path: host.override_path.as_ref().map(|it| it.value),
        dial_timeout_ns: host.dial_timeout.as_ref().and_then(|it| it.value.as_nanos().try_into().ok()),
    })
}
