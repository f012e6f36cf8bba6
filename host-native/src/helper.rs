//! Credential helpers: programs that the user has on the search path.

use std::{
    env,
    ffi::OsStr,
    io::{self, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use lugger_core::effect::file::{Helped, Helper, HelperError};

/// The most that a helper may say (security.md C12).
const OUTPUT_MAX: u64 = 1 << 20;
/// The longest that it may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a helper to its end.
pub(crate) fn run(helper: &Helper) -> Result<Helped, HelperError> {
    let path = env::var_os("PATH").unwrap_or_default();
    run_on(helper, &path, PATIENCE)
}

fn run_on(helper: &Helper, path: &OsStr, patience: Duration) -> Result<Helped, HelperError> {
    let failed = |detail: String| HelperError { name: helper.name.clone(), detail };
    let program = find(&format!("docker-credential-{}", helper.name), path)
        .ok_or_else(|| failed("there is no such program on the search path".to_owned()))?;
    let mut command = Command::new(program);
    // What it says on stderr may be a secret, too, and nobody would read it.
    command.arg(helper.verb).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let child = command.spawn().map_err(|error| failed(error.to_string()))?;
    Running(child).finish(helper.input.clone(), patience).map_err(|error| failed(error.to_string()))
}

/// The first program of this name on the search path; a relative entry of it counts for nothing.
fn find(program: &str, path: &OsStr) -> Option<PathBuf> {
    let is_program = |path: &Path| {
        path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    let absolute = env::split_paths(path).filter(|dir| dir.is_absolute());
    absolute.map(|dir| dir.join(program)).find(|path| is_program(path))
}

/// A helper at work: killed and reaped when it is given up.
struct Running(Child);

impl Running {
    fn finish(mut self, input: Vec<u8>, patience: Duration) -> io::Result<Helped> {
        let deadline = Instant::now() + patience;
        if let Some(mut stdin) = self.0.stdin.take() {
            // One that does not read its input may still have an answer.
            thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let (sender, receiver) = mpsc::channel();
        if let Some(stdout) = self.0.stdout.take() {
            thread::spawn(move || {
                let mut output = Vec::new();
                let read = stdout.take(OUTPUT_MAX + 1).read_to_end(&mut output);
                drop(sender.send(read.map(|_| output)));
            });
        }
        let late = || io::Error::other(format!("it took more than {} s", patience.as_secs()));
        let output = receiver.recv_timeout(patience).map_err(|_| late())??;
        if output.len() as u64 > OUTPUT_MAX {
            return Err(io::Error::other(format!("it said more than {OUTPUT_MAX} bytes")));
        }
        let status = self.wait(deadline)?.ok_or_else(late)?;
        Ok(Helped { succeeded: status.success(), output })
    }

    /// Its end, unless the deadline comes first.
    fn wait(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        const PAUSE: Duration = Duration::from_millis(2);
        loop {
            match self.0.try_wait()? {
                Some(status) => return Ok(Some(status)),
                None if Instant::now() >= deadline => return Ok(None),
                // It has closed its stdout: the end is near.
                None => thread::sleep(PAUSE),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both do nothing to a process that was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn ask(script: &str, input: &[u8], patience: Duration) -> Result<Helped, String> {
        let dir = TempDir::new().unwrap();
        let program = dir.path().join("docker-credential-test");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let helper = Helper { name: "test".to_owned(), verb: "get", input: input.to_vec() };
        let path = env::join_paths([Path::new("."), dir.path(), Path::new("/usr/bin"), Path::new("/bin")]);
        run_on(&helper, &path.unwrap(), patience).map_err(|error| error.to_string())
    }

    #[test]
    fn input_goes_to_stdin_and_the_verb_is_the_only_argument() {
        let got = ask("echo noise >&2; echo \"$# $1\"; cat", b"https://r.example", PATIENCE).unwrap();
        assert_eq!((got.succeeded, &*got.output), (true, &b"1 get\nhttps://r.example"[..]));
    }

    #[test]
    fn failures_come_with_what_was_said() {
        let got = ask("echo credentials not found; exit 1", b"x", PATIENCE).unwrap();
        assert_eq!((got.succeeded, &*got.output), (false, &b"credentials not found\n"[..]));
    }

    #[test]
    fn too_much_and_too_long_end_it() {
        let error = ask("head -c 2000000 /dev/zero", b"", PATIENCE).unwrap_err();
        assert!(error.contains("more than 1048576 bytes"), "{error}");
        let error = ask("exec sleep 60", b"", Duration::from_millis(50)).unwrap_err();
        assert!(error.contains("it took more than"), "{error}");
        let error = ask("exec >&-; exec sleep 60", b"", Duration::from_millis(50)).unwrap_err();
        assert!(error.contains("it took more than"), "{error}");
    }

    #[test]
    fn one_that_is_not_there_is_an_error() {
        let helper = Helper { name: "no-such".to_owned(), verb: "get", input: Vec::new() };
        let error = run_on(&helper, OsStr::new("/usr/bin:/bin"), PATIENCE).unwrap_err();
        assert_eq!(
            error.to_string(),
            "docker-credential-no-such: there is no such program on the search path"
        );
    }
}
