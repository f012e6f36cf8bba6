//! Which proxy a URL is asked through.

mod exempt;

use url::Url;

use self::exempt::Exempt;
use super::{
    config::ConfigError,
    place::{Given, Place},
    registries::Environment,
};
use crate::effect::route::Proxy;

/// The proxies that the environment names, known to be usable.
///
/// `http_proxy`, `https_proxy` and `all_proxy` name one for the scheme of a URL, `no_proxy` the hosts without one; lower case comes before
/// upper case. This machine's loopback is never asked through a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<Given<Proxy>>,
    https: Option<Given<Proxy>>,
    exempt: Vec<Exempt>,
}

impl Proxies {
    /// Reads the variables. A proxy that cannot be used is an error: to connect directly instead would tell the network what the user wanted
    /// to keep from it.
    pub fn of(environment: &Environment) -> Result<Self, ConfigError> {
        let all = proxy(environment, ["all_proxy", "ALL_PROXY"])?;
        let none = ["no_proxy", "NO_PROXY"].into_iter().find_map(|name| environment.get(name));
        Ok(Self {
            http: proxy(environment, ["http_proxy", "HTTP_PROXY"])?.or_else(|| all.clone()),
            https: proxy(environment, ["https_proxy", "HTTPS_PROXY"])?.or(all),
            exempt: Exempt::list(none.unwrap_or_default()),
        })
    }

    /// The proxy for a URL, and the variable that names it; `None` connects directly.
    pub fn choose(&self, url: &Url) -> Option<Given<Proxy>> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref(),
            _ => self.https.as_ref(),
        };
        let proxy = proxy?;
        let is_exempt = exempt::is_local(url) || self.exempt.iter().any(|entry| entry.covers(url));
        if is_exempt { None } else { Some(proxy.clone()) }
    }
}

fn proxy(environment: &Environment, names: [&str; 2]) -> Result<Option<Given<Proxy>>, ConfigError> {
    for name in names {
        if let Some(text) = environment.get(name) {
            let place = Place::Variable(name.to_owned());
            return match parse(text) {
                Ok(proxy) => Ok(Some(Given::new(proxy, place))),
                // The value may hold a password: it is not shown.
                Err(why) => Err(ConfigError::Invalid {
                    place,
                    detail: format!("not a proxy that can be used: {why}"),
                }),
            };
        }
    }
    Ok(None)
}

/// Reads the URL of a proxy; without a scheme it is http.
pub fn parse(text: &str) -> Result<Proxy, &'static str> {
    /// What everyone means by a SOCKS proxy without a port; URLs know no default for it.
    const SOCKS_PORT: u16 = 1080;
    let text = text.trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let mut url = Url::parse(&full).map_err(|_| "it is no URL")?;
    let is_socks = match url.scheme() {
        "http" | "https" => false,
        "socks4" | "socks4a" | "socks5" | "socks5h" => true,
        _ => return Err("the scheme must be http, https, socks4, socks4a, socks5 or socks5h"),
    };
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it names no host");
    }
    if is_socks && url.port().is_none() && url.set_port(Some(SOCKS_PORT)).is_err() {
        return Err("it names no host");
    }
    Ok(Proxy(url))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn chosen(variables: &[(&str, &str)], url: &str) -> String {
        let proxies = Proxies::of(&environment(variables)).unwrap();
        match proxies.choose(&Url::parse(url).unwrap()) {
            Some(given) => format!("{} {}", given.value.0, given.place),
            None => "direct".to_owned(),
        }
    }

    #[test]
    fn the_scheme_decides_and_lower_case_comes_first() {
        let variables = [
            ("HTTP_PROXY", "http://upper:1"),
            ("http_proxy", "lower:2"),
            ("HTTPS_PROXY", "https://u:p@tls:3"),
            ("ALL_PROXY", "socks5h://all"),
        ];
        assert_eq!(chosen(&variables, "http://r.example/"), "http://lower:2/ $http_proxy");
        assert_eq!(chosen(&variables, "https://r.example/"), "https://u:p@tls:3/ $HTTPS_PROXY");
        assert_eq!(chosen(&variables[3..], "https://r.example/"), "socks5h://all:1080 $ALL_PROXY");
        assert_eq!(chosen(&variables[..2], "https://r.example/"), "direct");
        assert_eq!(chosen(&[], "https://r.example/"), "direct");
    }

    #[test]
    fn this_machine_is_never_asked_through_one() {
        for host in ["localhost", "a.localhost", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"] {
            assert_eq!(chosen(&[("all_proxy", "p:1")], &format!("http://{host}:5000/")), "direct", "{host}");
        }
    }

    #[test]
    fn an_unusable_proxy_is_an_error_without_its_value() {
        for value in
            ["ftp://u:hunter2@p", "http://", "http://u:hunter2@p:99999", "socks5://", "http://u:hunter2@"]
        {
            let error = Proxies::of(&environment(&[("https_proxy", value)])).unwrap_err().to_string();
            assert!(
                error.starts_with("$https_proxy: not a proxy") && !error.contains("hunter2"),
                "{value}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_refused(proxy: String, near in "(socks5://)?[a-z0-9.:@\\[\\]/]{0,20}", none in "[a-z0-9.:/*, \\[\\]é]{0,40}") {
            let url = Url::parse("https://r.example:5000/").unwrap();
            for proxy in [proxy, near] {
                let _ = Proxies::of(&environment(&[("all_proxy", &proxy), ("no_proxy", &none)])).map(|proxies| proxies.choose(&url));
            }
        }
    }
}
