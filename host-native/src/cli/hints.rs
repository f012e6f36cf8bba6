//! What to try when something failed.

use lugger::core::{
    effect::http::NetErrorKind,
    effect::store::StoreErrorKind,
    error::{ContentError, Error, Refusal, RegistryError},
    name::Reference,
};

use super::exit::Failure;

/// What is known of the command beyond its error.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    /// The image or repository that it is about.
    pub(crate) reference: Option<Reference>,
    /// Whether credentials were given.
    pub(crate) creds: bool,
    /// Whether the tags of a repository were asked for.
    pub(crate) tags: bool,
    /// The verb, for its `--help`.
    pub(crate) verb: &'static str,
}

impl Context {
    /// How to log in there.
    fn login(&self) -> String {
        match self.reference.as_ref().map(Reference::domain) {
            None | Some("docker.io") => "`lugger login`".to_owned(),
            Some(registry) => format!("`lugger login {registry}`"),
        }
    }

    /// The repository as people type it.
    fn repository(&self) -> Option<String> {
        let reference = self.reference.as_ref()?;
        Some(Reference::parse(&reference.name()).ok()?.familiar())
    }
}

/// What to try, most likely first.
pub(crate) fn hints(failure: &Failure, context: &Context) -> Vec<String> {
    let hint = match failure {
        Failure::Usage(_) => Some(format!("`lugger {} --help` says what can be typed", context.verb)),
        Failure::Operation(error) => return of(error, context),
        Failure::System(_) | Failure::Closed => None,
    };
    hint.into_iter().collect()
}

fn of(error: &Error, context: &Context) -> Vec<String> {
    let hint = match error {
        Error::Name(_) | Error::Endpoint(_) => {
            "a name is [registry/]repository[:tag][@digest], such as alpine:3.20".to_owned()
        }
        Error::Registry(error) => return registry(error, context),
        Error::Content { why, .. } => return content(why),
        Error::Store(error) => match error.kind {
            StoreErrorKind::Full => "make room, or take another directory with --store DIR".to_owned(),
            StoreErrorKind::ReadOnly => "take another directory with --store DIR".to_owned(),
            StoreErrorKind::Missing | StoreErrorKind::TooLong | StoreErrorKind::Failed => return Vec::new(),
        },
        Error::Config(_) => return Vec::new(),
        Error::Contended { .. } => "run the same command again".to_owned(),
        Error::Stalled(_) => "please report this; the same command may work when it is run again".to_owned(),
        _ => return Vec::new(),
    };
    vec![hint]
}

fn registry(error: &RegistryError, context: &Context) -> Vec<String> {
    let hint = match error.first.why.root() {
        Refusal::Credentials { .. } if context.creds || context.verb == "login" => {
            "check the user name and password; some registries want a token instead".to_owned()
        }
        Refusal::Credentials { place, .. } => {
            format!("{} replaces the credentials of {place}, once they are right", context.login())
        }
        Refusal::Denied { .. } | Refusal::Challenge(_) if context.verb == "login" => return Vec::new(),
        Refusal::Denied { .. } | Refusal::Challenge(_) if context.creds => {
            "check the user name and password; this account may also have no right to the repository"
                .to_owned()
        }
        Refusal::Denied { .. } | Refusal::Challenge(_) => {
            let spelling =
                "check the spelling: many registries say this of repositories that do not exist".to_owned();
            let login = format!("log in with {}, or say --creds USER --password-stdin", context.login());
            return vec![login, spelling];
        }
        Refusal::Content(why) => return content(why),
        Refusal::Missing(_) => match context.repository() {
            Some(repository) if !context.tags => {
                format!("`lugger tags {repository}` lists the tags that there are")
            }
            _ => "check the spelling of the repository".to_owned(),
        },
        Refusal::Throttled { after: Some(after) } => {
            format!("wait {} s, or log in: many registries then allow more", after.as_secs())
        }
        Refusal::Throttled { after: None } => {
            "wait a while, or log in: many registries then allow more".to_owned()
        }
        Refusal::Net(error) => match error.kind {
            NetErrorKind::Tls => {
                let anyone = "any certificate will do with --insecure: then anyone can pose as the registry";
                return vec![
                    "if the registry has an authority of its own, name it with --ca FILE".to_owned(),
                    anyone.to_owned(),
                ];
            }
            NetErrorKind::PlainHttp => {
                "say --plain-http if this registry is meant to speak plain http".to_owned()
            }
            NetErrorKind::Resolve => {
                "check the spelling of the registry, and the network of this machine".to_owned()
            }
            NetErrorKind::Connect => "check that the registry runs there, and its port".to_owned(),
            NetErrorKind::Timeout | NetErrorKind::Broken => {
                "run the same command again: what was fetched is kept".to_owned()
            }
            NetErrorKind::Proxy => {
                "check $HTTPS_PROXY and $HTTP_PROXY, or name the registry in $NO_PROXY".to_owned()
            }
            NetErrorKind::Forbidden | NetErrorKind::File | NetErrorKind::Cors => return Vec::new(),
            NetErrorKind::Protocol => "check that this is a registry, and its port".to_owned(),
        },
        Refusal::WantsTls => {
            "name the authority of its certificate with --ca FILE, or say in hosts.toml: server = \"https://…\""
                .to_owned()
        }
        Refusal::Status { status, .. } if status.is_server_error() => {
            "run the same command again later: what was fetched is kept".to_owned()
        }
        _ => return Vec::new(),
    };
    vec![hint]
}

fn content(why: &ContentError) -> Vec<String> {
    match why {
        ContentError::Mismatch(_) | ContentError::HeaderDigest { .. } => {
            vec![
                "run the same command again: nothing of it was stored".to_owned(),
                "if it stays so, the registry or something before it serves wrong content".to_owned(),
            ]
        }
        ContentError::NoPlatform { have, .. } => {
            let named = have.iter().find(|platform| platform.os != "unknown");
            named
                .map(|platform| format!("say --platform {}, or --all-platforms", platform.format()))
                .into_iter()
                .collect()
        }
        ContentError::OtherPlatform { got, .. } => vec![format!("say --platform {}", got.format())],
        _ => Vec::new(),
    }
}
