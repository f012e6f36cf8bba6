//! What one command costs: wall time, CPU and peak memory.
//!
//! The measuring is done by a small process between the benchmark and the command (`xtask measure`, hidden): only the
//! parent learns a command's peak memory, and the kernel counts the parent's own memory in, so it had better be small
//! (3.5 MB, the least this can report).

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::Result;

/// Longer than any pull here takes; a command that hangs is killed.
const LIMIT: Duration = Duration::from_secs(600);

/// Run a command and print what it cost, as JSON
#[derive(clap::Args)]
pub(crate) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<String>,
}

/// The cost of one run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds of CPU, user and system, of the command and everything it waited for.
    pub(crate) cpu: f64,
    /// Bytes of the largest process at its largest.
    pub(crate) peak: u64,
}

/// Runs a command through `xtask measure`.
pub(crate) fn measure(command: &[String]) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?).arg("measure").arg("--").args(command).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// `cargo xtask measure`
pub(crate) fn run(options: &Options) -> Result {
    let (program, arguments) = options.command.split_first().ok_or("no command")?;
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let (ended, end) = channel::<()>();

    let started = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("{name}: {error}"))?;
    let pid = Pid::from_child(&child);
    thread::spawn(move || {
        if end.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    let status = child.wait()?;
    let wall = started.elapsed().as_secs_f64();
    drop(ended);

    if !status.success() {
        return Err(format!("{name}: {status}").into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let peak = u64::try_from(usage.max_rss())? * 1024;
    println!("{}", serde_json::to_string(&Cost { wall, cpu: microseconds as f64 / 1e6, peak })?);
    Ok(())
}
