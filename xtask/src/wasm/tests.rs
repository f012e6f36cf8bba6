//! The module's tests, in node, in a page and in a worker of a real browser.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::{TARGET, tools::Tools, wasm_cargo};
use crate::Result;
use crate::process::{cargo, root, run_and_read, which};

/// Where the contract's HTTP server listens: the tests know it when they are compiled.
const PORT: &str = "47310";
/// Seconds for all the tests of one binary; the contract suite is one test.
const PATIENCE: &str = "300";

/// Runs every test binary of `host-wasm/tests`. One that runs no test is a failure: nobody would see that it went missing.
pub(crate) fn run() -> Result {
    let driver = which("chromedriver").ok_or("no chromedriver: on Debian, cargo xtask wasm --install")?;
    let tools = Tools::build()?;
    let fixture = Fixture::start()?;
    for binary in binaries()? {
        let output = run_and_read(
            wasm_cargo()?
                .args(["test", "-p", "lugger-wasm", "--target", TARGET, "--test", &binary])
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", tools.runner())
                .env("CHROMEDRIVER", &driver)
                .env("LUGGER_FIXTURE", &fixture.url)
                .env("WASM_BINDGEN_TEST_TIMEOUT", PATIENCE)
                .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", root().join("tools/webdriver.json")),
        )?;
        if !some_passed(&output) {
            return Err(format!("host-wasm/tests/{binary}.rs: no test has passed, or none was run").into());
        }
    }
    Ok(())
}

/// The names of all test binaries.
fn binaries() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("host-wasm/tests"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// Whether the runner says that all went well, and that all is not nothing.
fn some_passed(output: &str) -> bool {
    let said = output.lines().find_map(|line| line.trim().strip_prefix("test result: ok. "));
    let passed = said.and_then(|rest| rest.split_once(" passed"));
    passed.is_some_and(|(passed, _)| passed.parse().is_ok_and(|passed: u32| passed > 0))
}

/// The contract's HTTP server, for as long as this lives.
struct Fixture {
    child: Child,
    url: String,
}

impl Fixture {
    fn start() -> Result<Fixture> {
        let mut child = cargo(&["run", "--quiet", "-p", "lugger-tests", "--bin", "fixture", "--", PORT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        if let Some(stdout) = &mut child.stdout {
            BufReader::new(stdout).read_line(&mut url)?;
        }
        let url = url.trim().to_owned();
        if url.is_empty() {
            child.wait()?;
            return Err(format!(
                "the fixture server did not start; does something else listen at port {PORT}?"
            )
            .into());
        }
        Ok(Fixture { child, url })
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn nothing_is_no_success() {
        assert!(some_passed(
            "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 filtered out"
        ));
        for nothing in
            ["no tests to run!", "test result: ok. 0 passed; 0 failed", "test result: FAILED. 3 passed"]
        {
            assert!(!some_passed(nothing), "{nothing}");
        }
    }
}
