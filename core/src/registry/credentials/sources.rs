//! Where credentials are looked for, in order (peers.md §5).

use super::file::Format;
use crate::registry::{
    place::Place,
    registries::{Environment, Registries},
};

/// One place to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file.
    File {
        path: String,
        format: Format,
        /// Whether the user named it: then it must be there.
        named_by: Option<Place>,
    },
    /// The text of a file of the usual format, in a variable.
    Inline { name: &'static str, text: String },
}

/// The places, in the order in which they are asked. A file that the user names is the only one.
pub(super) fn sources(registries: &Registries) -> Vec<Source> {
    let file = |path: String| Source::File { path, format: Format::Config, named_by: None };
    let none = Environment::default();
    let environment = registries.environment.as_ref().unwrap_or(&none);
    if let Some((path, place)) = named(registries) {
        return vec![Source::File { path, format: Format::Config, named_by: Some(place) }];
    }
    let home = environment.get("HOME");
    let in_home = |rest: &str| home.map(|home| join(home, rest));
    let podman = environment.get("XDG_RUNTIME_DIR").map(|dir| join(dir, "containers/auth.json"));
    let lasting = match environment.get("XDG_CONFIG_HOME") {
        Some(dir) => Some(join(dir, "containers/auth.json")),
        None => in_home(".config/containers/auth.json"),
    };
    let legacy =
        in_home(".dockercfg").map(|path| Source::File { path, format: Format::Legacy, named_by: None });
    let name = "DOCKER_AUTH_CONFIG";
    let inline = environment.get(name).map(|text| Source::Inline { name, text: text.to_owned() });
    let files = [podman, lasting, docker(environment)].into_iter().flatten().map(file);
    files.chain(legacy).chain(inline).collect()
}

/// The one file that is written: the one that the user names, else docker's, which survives a restart of the machine.
pub(super) fn target(registries: &Registries) -> Option<String> {
    let named = named(registries).map(|(path, _)| path);
    named.or_else(|| docker(registries.environment.as_ref()?))
}

fn named(registries: &Registries) -> Option<(String, Place)> {
    let option = registries.auth_file.clone().map(|path| (path, Place::Option("--authfile")));
    let name = "REGISTRY_AUTH_FILE";
    let variable = || {
        let path = registries.environment.as_ref()?.get(name)?;
        Some((path.to_owned(), Place::Variable(name.to_owned())))
    };
    option.or_else(variable)
}

fn docker(environment: &Environment) -> Option<String> {
    match environment.get("DOCKER_CONFIG") {
        Some(dir) => Some(join(dir, "config.json")),
        None => environment.get("HOME").map(|home| join(home, ".docker/config.json")),
    }
}

fn join(dir: &str, rest: &str) -> String {
    format!("{}/{rest}", dir.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(variables: &[(&str, &str)], auth_file: Option<&str>) -> Vec<String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let registries = Registries {
            auth_file: auth_file.map(str::to_owned),
            environment: Some(Environment::of(variables.iter().map(own))),
            ..Registries::default()
        };
        let one = |source| match source {
            Source::File { path, .. } => path,
            Source::Inline { name, .. } => format!("${name}"),
        };
        sources(&registries).into_iter().map(one).collect()
    }

    #[test]
    fn in_order() {
        let all = [("HOME", "/h"), ("XDG_RUNTIME_DIR", "/run/u/"), ("DOCKER_AUTH_CONFIG", "{}")];
        assert_eq!(
            shown(&all, None),
            [
                "/run/u/containers/auth.json",
                "/h/.config/containers/auth.json",
                "/h/.docker/config.json",
                "/h/.dockercfg",
                "$DOCKER_AUTH_CONFIG"
            ]
        );
        let moved = [("XDG_CONFIG_HOME", "/c"), ("DOCKER_CONFIG", "/d")];
        assert_eq!(shown(&moved, None), ["/c/containers/auth.json", "/d/config.json"]);
        let named = [("HOME", "/h"), ("REGISTRY_AUTH_FILE", "/r")];
        assert_eq!(shown(&named, None), ["/r"]);
        assert_eq!(shown(&named, Some("/a")), ["/a"]);
        assert!(sources(&Registries::default()).is_empty());
    }
}
