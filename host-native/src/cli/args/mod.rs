//! What can be typed.

mod account;
mod image;
mod remote;
mod serve;
mod tool;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub(crate) use self::{
    account::{LoginArgs, LogoutArgs},
    image::{ExplainArgs, ImagesArgs, InspectArgs, ManifestArgs, PlanArgs, PullArgs, QueryArgs, TagsArgs},
    remote::RemoteArgs,
    serve::ServeArgs,
    tool::{CompletionsArgs, DemoArgs, ParseArgs, ParseKind},
};

const EXAMPLES: &str = "\
Examples:
  lugger demo                          the whole job on this machine, without a network
  lugger pull alpine:3.20              fetch, verify, store; prints name@digest
  lugger inspect alpine:3.20           layers, configuration, history
  lugger digest alpine:3.20            what the tag means now, without storing anything
  lugger images --json                 what the store has, for scripts

Results go to stdout, everything else to stderr.

Exit codes: 0 done · 1 failed · 2 wrong usage · 3 not found · 4 not allowed · 5 content does not
verify · 6 network · 7 too many requests · 130 interrupted (what was fetched is kept)";

/// Moves container images: pulls, verifies, stores and shows them
#[derive(Parser)]
#[command(name = "lugger", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What holds for every verb.
#[derive(ClapArgs)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Directory of the store [default: $LUGGER_STORE, else ~/.local/share/lugger]
    ///
    /// It is an OCI image layout, which other tools read as it stands. Without this option: $LUGGER_STORE, then
    /// $XDG_DATA_HOME/lugger, then ~/.local/share/lugger.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Print results as JSON
    ///
    /// One JSON value on stdout. Descriptors have OCI's members (mediaType, digest, size, …), everything else is named
    /// in snake_case.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How progress is shown on stderr
    #[arg(long, global = true, value_name = "HOW", value_enum, default_value_t = Progress::Auto)]
    pub(crate) progress: Progress,
    /// Do not wait until the disk has it: for benchmarks and throw-away stores
    #[arg(long, global = true)]
    pub(crate) no_sync: bool,
    /// Say more of what is done; twice: every HTTP exchange
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// Bars on a terminal, lines elsewhere
    Auto,
    /// Bars
    Tty,
    /// A line for each event
    Plain,
    /// A JSON object for each event, and for an error
    Json,
    /// Nothing but warnings and errors
    None,
}

/// What is to be done.
#[derive(Subcommand)]
pub(crate) enum Verb {
    Pull(PullArgs),
    Images(ImagesArgs),
    Inspect(InspectArgs),
    Digest(QueryArgs),
    Manifest(ManifestArgs),
    Tags(TagsArgs),
    Plan(PlanArgs),
    Explain(ExplainArgs),
    Login(LoginArgs),
    Logout(LogoutArgs),
    Serve(ServeArgs),
    Parse(ParseArgs),
    Demo(DemoArgs),
    Completions(CompletionsArgs),
}

impl Verb {
    /// Whether nothing but the result is wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        match self {
            Self::Pull(args) => args.quiet,
            Self::Images(args) => args.quiet,
            _ => false,
        }
    }
}
