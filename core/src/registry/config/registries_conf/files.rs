//! Which files are read, and in which order they are laid over each other.

use super::{RegistriesConf, parse};
use crate::{
    effect::file::Entry,
    op::Cx,
    registry::{
        config::{ConfigError, paths, source},
        place::Place,
        registries::Environment,
    },
};

/// Reads the file that `$CONTAINERS_REGISTRIES_CONF` names, else the user's, else the system's; over it, by name, the `*.conf` files of
/// `$CONTAINERS_REGISTRIES_CONF_DIR`, else of the system's drop-in directory and then of the user's. A file that a variable names
/// stands alone unless the other variable names a directory, too, and must be there.
pub async fn read(cx: &Cx, environment: &Environment) -> Result<RegistriesConf, ConfigError> {
    const SYSTEM: &str = "/etc/containers/registries.conf";
    let users = paths::user(environment).map(|dir| format!("{dir}/containers/registries.conf"));
    let named = environment.get("CONTAINERS_REGISTRIES_CONF");
    let mut conf = RegistriesConf::default();
    match named {
        Some(path) => {
            let file = file(cx, path).await?;
            conf = file.ok_or_else(|| wrong(path, "$CONTAINERS_REGISTRIES_CONF names no file"))?;
        }
        None => {
            for path in users.iter().map(String::as_str).chain([SYSTEM]) {
                if let Some(found) = file(cx, path).await? {
                    conf = found;
                    break;
                }
            }
        }
    }
    let drop_ins: Vec<String> = match (environment.get("CONTAINERS_REGISTRIES_CONF_DIR"), named) {
        (Some(dir), _) => vec![dir.to_owned()],
        (None, Some(_)) => Vec::new(),
        (None, None) => {
            [format!("{SYSTEM}.d")].into_iter().chain(users.map(|path| format!("{path}.d"))).collect()
        }
    };
    for dir in drop_ins {
        // What is no directory holds no drop-ins: `/dev/null` is how people say that they want none.
        let Entry::Dir(mut names) = cx.file(dir.as_str()).await? else { continue };
        names.sort();
        for name in names.iter().filter(|name| name.ends_with(".conf")) {
            if let Some(found) = file(cx, &format!("{dir}/{name}")).await? {
                conf.merge(found);
            }
        }
    }
    Ok(conf)
}

async fn file(cx: &Cx, path: &str) -> Result<Option<RegistriesConf>, ConfigError> {
    match cx.file(path).await? {
        Entry::Absent => Ok(None),
        Entry::File(bytes) => parse(source::text(path, &bytes)?, path).map(Some),
        Entry::Dir(_) => Err(wrong(path, "a directory, not a file")),
    }
}

fn wrong(path: &str, detail: &str) -> ConfigError {
    ConfigError::Invalid { place: Place::File { path: path.to_owned(), line: 0 }, detail: detail.to_owned() }
}
