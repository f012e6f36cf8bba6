//! The contract's HTTP server as a process, for hosts that cannot start one: `fixture <port>`. It ends when its input does.

use std::{
    error::Error,
    io::{self, Read, Write},
};

use lugger_tests::contract::server;

fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("which port?")?.parse()?;
    let base = server::start_at(port).map_err(|error| format!("port {port} of 127.0.0.1: {error}"))?;
    writeln!(io::stdout(), "{base}")?;
    // Whoever started it holds the other end, so that it never outlives them.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
