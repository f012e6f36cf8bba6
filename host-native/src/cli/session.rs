//! One run of the command: where results and messages go, and the host that operations run on.

use std::{
    env,
    io::{BufRead as _, Read as _},
    path::{Path, PathBuf},
};

use lugger::{
    Cancel, Credentials, Host,
    core::{
        effect::secret::Secret,
        error::Error,
        event::Event,
        name::{Platform, Reference},
        op::{Cx, Limits},
        registry::{Endpoint, Environment, Place, Registries},
    },
    store::{Options, Store},
};

use super::{
    args::{Global, RemoteArgs},
    exit::Failure,
    hints::{self, Context},
    interrupt,
    output::Output,
    report::Report,
    terminal::Terminal,
};

/// One run of the command.
pub(crate) struct Session {
    /// Results.
    pub(crate) output: Output,
    /// Everything else.
    pub(crate) report: Report,
    store: Option<PathBuf>,
    no_sync: bool,
    cancel: Option<Cancel>,
    doing: Option<String>,
    context: Context,
}

impl Session {
    /// With what holds for every verb.
    pub(crate) fn new(global: Global, quiet: bool) -> Self {
        let terminal = Terminal::look();
        Self {
            output: Output::new(global.json, terminal.stdout_colour),
            report: Report::new(&terminal, global.progress, quiet, global.verbose),
            store: global.store,
            no_sync: global.no_sync,
            cancel: None,
            doing: None,
            context: Context::default(),
        }
    }

    /// The verb that runs.
    pub(crate) fn begin(&mut self, verb: &'static str) {
        self.context.verb = verb;
        self.context.tags = verb == "tags";
    }

    /// The reference that the command is about. `docker://` in front of it is what it means anyway.
    pub(crate) fn reference(&mut self, typed: &str) -> Result<Reference, Failure> {
        let reference = Reference::parse(typed.strip_prefix("docker://").unwrap_or(typed))?;
        let doing = match self.context.verb {
            "digest" => "look up",
            "manifest" => "fetch the manifest of",
            "tags" => "list the tags of",
            verb => verb,
        };
        self.doing = Some(format!("{doing} {}", reference.familiar()));
        self.context.reference = Some(reference.clone());
        Ok(reference)
    }

    /// What the command is about, when that is no image: `log in to docker.io`.
    pub(crate) fn about(&mut self, doing: String) {
        self.doing = Some(doing);
    }

    /// A host over the store, which is made if it is not there.
    pub(crate) fn host(&self, limits: Limits) -> Result<Host, Failure> {
        let dir = self.store_dir()?;
        self.report.detail(&format!("store: {}", dir.display()));
        let store = Store::open(&dir, &Options { durable: !self.no_sync })?;
        Ok(Host::with(store, limits))
    }

    /// A host over the store if there is one; nothing is made on disk.
    pub(crate) fn reading_host(&self) -> Result<Host, Failure> {
        if self.store_dir()?.exists() { self.host(Limits::default()) } else { Ok(Self::storeless_host()) }
    }

    /// A host for questions to registries.
    pub(crate) fn storeless_host() -> Host {
        Host::without_store(Limits::default())
    }

    /// Lets the host log in as the user asked, at the origin of the reference's registry and nowhere else.
    pub(crate) fn log_in(
        &mut self,
        host: Host,
        remote: &RemoteArgs,
        reference: &Reference,
    ) -> Result<Host, Failure> {
        let endpoint =
            Endpoint::upstream(reference.domain(), reference.path(), remote.plain_http, Place::BuiltIn)?;
        let origin = endpoint.origin();
        self.report.detail(&format!("registry: {origin}, repository: {}", reference.path()));
        let Some(creds) = &remote.creds else {
            let stray = "--password-stdin is for the password of --creds USER".to_owned();
            return if remote.password_stdin { Err(Failure::Usage(stray)) } else { Ok(host) };
        };
        let secret = secret(creds, remote.password_stdin)?;
        self.context.creds = true;
        let credentials: Credentials = Box::new(move |asked| Ok((*asked == origin).then(|| secret.clone())));
        Ok(host.credentials(credentials))
    }

    /// Runs an operation, tells of what happens, and lets Ctrl-C stop it.
    pub(crate) fn run<T: 'static>(
        &mut self,
        host: &mut Host,
        flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static,
    ) -> Result<T, Failure> {
        let cancel = self.cancel();
        let report = &mut self.report;
        let result = host.run_with(flow, &cancel, |event| report.event(event));
        report.end();
        Ok(result?)
    }

    /// Runs an operation, and yields what happened instead of telling it.
    pub(crate) fn record<T: 'static>(
        &mut self,
        host: &mut Host,
        flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static,
    ) -> Result<(T, Vec<Event>), Failure> {
        let mut events = Vec::new();
        let result = host.run_with(flow, &self.cancel(), |event| events.push(event.clone()))?;
        Ok((result, events))
    }

    /// What Ctrl-C cancels, from the first operation on.
    fn cancel(&mut self) -> Cancel {
        let start = || {
            let cancel = Cancel::default();
            interrupt::watch(cancel.clone());
            cancel
        };
        self.cancel.get_or_insert_with(start).clone()
    }

    /// Tells why the command failed.
    pub(crate) fn tell(&self, failure: &Failure) {
        let (exit, doing) = (failure.exit() as u8, self.doing.as_deref());
        match failure {
            Failure::Operation(error) if matches!(**error, Error::Cancelled) => {
                self.report
                    .interrupted(doing, "what was fetched is kept, the same command goes on from there");
            }
            _ => self.report.error(exit, doing, &failure.to_string(), &hints::hints(failure, &self.context)),
        }
    }

    /// `--store`, `$LUGGER_STORE`, `$XDG_DATA_HOME/lugger`, `~/.local/share/lugger`.
    fn store_dir(&self) -> Result<PathBuf, Failure> {
        let var = |name| env::var_os(name).map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
        // The XDG specification ignores relative paths.
        let data = || var("XDG_DATA_HOME").filter(|path| path.is_absolute()).map(|data| data.join("lugger"));
        let home = || var("HOME").map(|home| home.join(".local/share/lugger"));
        let found = self.store.clone().or_else(|| var("LUGGER_STORE")).or_else(data).or_else(home);
        found
            .ok_or_else(|| Failure::Usage("there is no $HOME to keep a store in: say --store DIR".to_owned()))
    }
}

/// What decides how registries are reached.
pub(crate) fn registries(remote: &RemoteArgs) -> Registries {
    Registries {
        plain_http: remote.plain_http,
        auth_file: remote.authfile.as_deref().map(absolute),
        environment: Some(environment()),
        ..Registries::default()
    }
}

/// The variables that matter.
pub(crate) fn environment() -> Environment {
    Environment::of(
        env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}

/// A path that does not depend on where we are.
pub(crate) fn absolute(path: &Path) -> String {
    std::path::absolute(path).as_deref().unwrap_or(path).to_string_lossy().into_owned()
}

/// The platform that was asked for, if any.
pub(crate) fn platform(typed: &[String]) -> Result<Option<Platform>, Failure> {
    match typed {
        [] => Ok(None),
        [one] if !one.contains(',') => Ok(Some(Platform::parse(one, &lugger::host_platform())?)),
        _ => Err(Failure::Usage("only one --platform for now; --all-platforms takes all of them".to_owned())),
    }
}

fn secret(creds: &str, password_stdin: bool) -> Result<Secret, Failure> {
    let (user, password) =
        creds.split_once(':').map_or((creds, None), |(user, password)| (user, Some(password)));
    match (password, password_stdin) {
        (Some(password), false) => Ok(Secret::new(user, password)),
        (None, true) => Ok(Secret::new(user, password_from_stdin()?)),
        (Some(_), true) => {
            Err(Failure::Usage("the password is given twice: in --creds and by --password-stdin".to_owned()))
        }
        (None, false) => {
            Err(Failure::Usage("--creds USER needs a password: pipe it in with --password-stdin".to_owned()))
        }
    }
}

/// The first line of stdin.
pub(crate) fn password_from_stdin() -> Result<String, Failure> {
    /// Tokens are passwords too, but not longer than this.
    const MOST: u64 = 64 << 10;
    let mut line = String::new();
    let mut input = std::io::stdin().lock().take(MOST);
    input
        .read_line(&mut line)
        .map_err(|cause| Failure::system("cannot read the password from stdin", cause))?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::Usage("there is no password on stdin".to_owned())),
        password => Ok(password.to_owned()),
    }
}
