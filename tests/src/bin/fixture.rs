//! Serves the fixture of the contract on a loopback port, for hosts that cannot start a server: `fixture PORT`.

use std::{env, process::ExitCode, thread};

use lugger_tests::contract::server;

fn main() -> ExitCode {
    let Some(port) = env::args().nth(1).and_then(|port| port.parse().ok()) else {
        eprintln!("usage: fixture PORT (0 takes a free one)");
        return ExitCode::FAILURE;
    };
    match server::start_on(port) {
        Ok(base) => {
            println!("{base}");
            loop {
                thread::park();
            }
        }
        Err(error) => {
            eprintln!("cannot listen on 127.0.0.1:{port}: {error}");
            ExitCode::FAILURE
        }
    }
}
