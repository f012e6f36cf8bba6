//! The embedded registry as a process, for tests of the page: `registry [cors]` serves the demo image as `lugger/demo:1`.
//! It ends when its input does.

use std::{
    error::Error,
    io::{self, Read, Write},
};

use lugger::{
    demo::Image,
    registry::{Memory, Registry},
};

fn main() -> Result<(), Box<dyn Error>> {
    let with_cors = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("cors") => true,
        Some(other) => return Err(format!("{other}? usage: registry [cors]").into()),
    };
    let image = Image::generate();
    let mut memory = Memory::new();
    image.publish(&mut memory, "lugger/demo", "1");
    let registry = Registry::start(memory)?;
    let registry = if with_cors { registry.with_cors() } else { registry };
    writeln!(io::stdout(), "{} {}", registry.address(), image.digest)?;
    // Whoever started it holds the other end, so that it never outlives them.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
