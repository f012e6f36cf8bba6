//! Asking the user, on the terminal that stdin is.

use std::io::{self, IsTerminal as _, Read as _, Stdin, Write as _};

use lugger::core::{error::Error, name::Inert};
use rustix::termios::{self, LocalModes, OptionalActions, Termios};

use super::exit::Failure;

/// Whether there is anyone to ask.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// A line that is shown while it is typed.
pub(crate) fn line(question: &str) -> Result<String, Failure> {
    ask(question)?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(failed)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A line that is not shown while it is typed.
pub(crate) fn hidden(question: &str) -> Result<String, Failure> {
    ask(question)?;
    let raw = Raw::begin(io::stdin()).map_err(failed)?;
    let typed = read(raw.stdin.lock());
    drop(raw);
    drop(writeln!(io::stderr()));
    typed
}

/// Reads up to the end of the line, with the few keys that a terminal would have handled.
fn read(input: impl io::BufRead) -> Result<String, Failure> {
    /// Nobody types more.
    const MOST: u64 = 64 << 10;
    let mut typed = Vec::new();
    for byte in input.take(MOST).bytes() {
        match byte.map_err(failed)? {
            b'\r' | b'\n' | 4 => break,
            3 => return Err(Error::Cancelled.into()),
            21 => typed.clear(),
            8 | 127 => while typed.pop().is_some_and(|byte: u8| byte & 0xc0 == 0x80) {},
            byte => typed.push(byte),
        }
    }
    String::from_utf8(typed).map_err(|_| Failure::Usage("what was typed is no text".to_owned()))
}

fn ask(question: &str) -> Result<(), Failure> {
    let mut out = io::stderr();
    write!(out, "{}: ", Inert(question)).and_then(|()| out.flush()).map_err(failed)
}

fn failed(cause: io::Error) -> Failure {
    Failure::system("cannot ask on the terminal", cause)
}

/// A terminal that shows nothing and passes every key on, Ctrl-C too: its end must not find the terminal like this.
struct Raw {
    stdin: Stdin,
    before: Termios,
}

impl Raw {
    fn begin(stdin: Stdin) -> io::Result<Self> {
        let before = termios::tcgetattr(&stdin)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        termios::tcsetattr(&stdin, OptionalActions::Flush, &quiet)?;
        Ok(Self { stdin, before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = termios::tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_a_terminal_would_have_handled() {
        let typed = |keys: &str| read(keys.as_bytes()).ok();
        assert_eq!(typed("a\u{15}hü\u{7f}unter2\nrest").as_deref(), Some("hunter2"));
        assert_eq!(typed("\u{7f}x\u{4}").as_deref(), Some("x"));
        assert_eq!(typed("hunter\u{3}"), None);
    }
}
