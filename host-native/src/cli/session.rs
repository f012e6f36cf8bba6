//! One run of the command: where results and messages go, and the host that operations run on.

use std::{env, path::PathBuf};

use lugger::{
    Cancel, Host,
    core::{
        error::{Attempt, Error},
        event::Event,
        name::{Platform, Reference},
        op::{Cx, Limits},
        registry::{Registries, config},
        verb::Wanted,
    },
    store::{Options, Store},
};

use super::{
    args::{Global, RemoteArgs},
    exit::Failure,
    hints::{self, Context},
    interrupt,
    output::Output,
    remote::{self, Asked},
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

    /// The image that the command is about, and how its registry is reached. `docker://` in front of it is what it means
    /// anyway; a short name may be an alias of the user's.
    pub(crate) fn asked(&mut self, typed: &str, remote: &RemoteArgs) -> Result<Asked, Failure> {
        let plain = named(typed)?;
        let (registries, limits) = self.remote(remote)?;
        self.about_image(&plain);
        let reference = self.reference(typed, &registries, limits)?;
        self.about_image(&reference);
        Ok(Asked { reference, registries, limits })
    }

    /// How registries are reached, and the bounds of an operation.
    pub(crate) fn remote(&mut self, remote: &RemoteArgs) -> Result<(Registries, Limits), Failure> {
        if remote.password_stdin && remote.creds.is_none() {
            return Err(Failure::Usage("--password-stdin is for the password of --creds USER".to_owned()));
        }
        let (registries, limits) = (remote::registries(remote)?, remote::limits(remote));
        self.context.creds = registries.login.is_some();
        Ok((registries, limits))
    }

    /// The image that a typed name means.
    pub(crate) fn reference(
        &self,
        typed: &str,
        registries: &Registries,
        limits: Limits,
    ) -> Result<Reference, Failure> {
        let plain = named(typed)?;
        let (typed, aliases) = (bare(typed).to_owned(), registries.clone());
        let alias = async move |cx: Cx| config::expand(&cx, &typed, &aliases).await;
        let alias = Self::storeless_host(limits).run(alias)?;
        if let Some(reference) = &alias {
            self.report.detail(&format!("short name: {} stands for {reference}", plain.familiar()));
        }
        Ok(alias.unwrap_or(plain))
    }

    /// The image that the command is about.
    pub(crate) fn about_image(&mut self, reference: &Reference) {
        let doing = match self.context.verb {
            "digest" => "look up",
            "manifest" => "fetch the manifest of",
            "tags" => "list the tags of",
            "plan" => "plan a pull of",
            verb => verb,
        };
        self.doing = Some(format!("{doing} {}", reference.familiar()));
        self.context.reference = Some(reference.clone());
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
    pub(crate) fn reading_host(&self, limits: Limits) -> Result<Host, Failure> {
        if self.store_dir()?.exists() { self.host(limits) } else { Ok(Self::storeless_host(limits)) }
    }

    /// A host for questions to registries.
    pub(crate) fn storeless_host(limits: Limits) -> Host {
        Host::without_store(limits)
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
    pub(crate) fn cancel(&mut self) -> Cancel {
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
            _ => {
                let (error, hints) = (failure.to_string(), hints::hints(failure, &self.context));
                self.report.error(exit, doing, &error, &hints, attempts(failure));
            }
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

fn named(typed: &str) -> Result<Reference, Failure> {
    Ok(Reference::parse(bare(typed))?)
}

/// Without what some put in front of a name.
fn bare(typed: &str) -> &str {
    typed.strip_prefix("docker://").unwrap_or(typed)
}

/// Every endpoint that was asked in vain, the most telling first.
fn attempts(failure: &Failure) -> Vec<&Attempt> {
    match failure {
        Failure::Operation(error) => match &**error {
            Error::Registry(error) => error.attempts().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Which platforms of an image are wanted.
pub(crate) fn wanted(typed: &[String], all: bool, host: Platform) -> Result<Wanted, Failure> {
    Ok(match (all, platform(typed)?) {
        (true, _) => Wanted::All,
        (false, Some(platform)) => Wanted::Only(platform),
        (false, None) => Wanted::Host(host),
    })
}

/// The platform that was asked for, if any.
pub(crate) fn platform(typed: &[String]) -> Result<Option<Platform>, Failure> {
    match typed {
        [] => Ok(None),
        [one] if !one.contains(',') => Ok(Some(Platform::parse(one, &lugger::host_platform())?)),
        _ => Err(Failure::Usage("only one --platform for now; --all-platforms takes all of them".to_owned())),
    }
}
