//! What reaches a terminal, and what happens when nobody reads.

use std::{io::Write as _, process::Stdio};

use super::{
    Lugger, assert_inert, serve,
    server::{Server, response},
};

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let lugger = Lugger::new();
    let mut command = lugger.command(&["parse", "reference"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // It may end before it has read all of this.
    drop(stdin.write_all("alpine\n".repeat(10_000).as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}

#[test]
fn a_full_disk_is_a_failure() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let lugger = Lugger::new();
    let output =
        lugger.command(&["completions", "bash"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the result"));
}

#[test]
fn no_colour_without_a_terminal_and_none_with_no_color() {
    let ((_image, _registry, name), lugger) = (serve(), Lugger::new());
    for (variable, value) in [("NO_COLOR", "1"), ("CI", "true"), ("TERM", "dumb"), ("TERM", "xterm-256color")]
    {
        for arguments in
            [&["inspect", &name][..], &["pull", "a//b"], &["--help"], &["pull", "--all-platforms", &name]]
        {
            let output = lugger.command(arguments).env(variable, value).output().unwrap();
            assert_inert(&String::from_utf8(output.stdout).unwrap());
            assert_inert(&String::from_utf8(output.stderr).unwrap());
        }
    }
}

#[test]
fn what_a_registry_says_cannot_act_on_a_terminal() {
    let lugger = Lugger::new();
    let evil = "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\r";
    let json = serde_json::json!({"errors": [{"code": evil, "message": evil}]}).to_string();
    let bearer = format!("www-authenticate: Bearer realm=\"\u{9b}31m\",service=\"{}\"", "x\u{202e}");
    for answer in [
        response("404 Not Found", &[], &json),
        response("404 Not Found", &[], evil),
        response("500 Oh No", &["retry-after: 9999"], evil),
        response("401 Unauthorized", &[&bearer], evil),
        response("302 Found", &["location: ftp://\u{9b}31m/"], evil),
        response("200 OK", &["content-type: \u{9b}31m", "docker-content-digest: \u{9b}31m"], &json),
        format!("SSH-2.0-{evil}\r\n\r\n"),
    ] {
        let server = Server::saying(answer);
        let name = format!("{}/a", server.address);
        for arguments in [&["--progress=none", "inspect", &name][..], &["--progress=json", "digest", &name]] {
            let ran = lugger.run(arguments);
            assert_ne!(ran.code, 0);
            assert_inert(&ran.stdout);
            assert_inert(&ran.stderr);
            assert!(!ran.stderr.contains('\u{202e}'));
        }
    }
    let tags = serde_json::json!({"name": "a", "tags": [evil]}).to_string();
    let server = Server::saying(response("200 OK", &["content-type: application/json"], &tags));
    for arguments in [&["tags"][..], &["tags", "--json"]] {
        let ran = lugger.run(&[arguments, &[&*format!("{}/a", server.address)]].concat());
        assert_inert(&ran.stdout);
        assert_inert(&ran.stderr);
    }
}
