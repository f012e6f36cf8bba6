//! The fixture server says over a socket what the fixtures are.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use lugger_tests::contract::{fixture, server};

/// All that comes back for a path, until the connection closes or says nothing for a moment.
fn get(path: &str, headers: &str) -> (String, Vec<u8>) {
    let base = server::start().expect("loopback");
    let address = base.socket_addrs(|| None).expect("an address of loopback");
    let mut connection = TcpStream::connect(&*address).expect("it listens");
    connection.set_read_timeout(Some(Duration::from_millis(500))).expect("no zero");
    write!(connection, "GET /{path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n").expect("it reads");
    let mut all = Vec::new();
    // A stalled one ends with a timeout.
    let _ = connection.read_to_end(&mut all);
    let head = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    (String::from_utf8_lossy(&all[..head]).into_owned(), all[head..].to_vec())
}

#[test]
fn bodies_ranges_and_endings() {
    let (head, body) = get("bytes/5000/7", "");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-length: 5000\r\n"), "{head}");
    assert_eq!(body, fixture::bytes(5000, 7));
    let (head, body) = get("bytes/5000/7", "range: bytes=4990-\r\n");
    assert!(
        head.starts_with("HTTP/1.1 206 ") && head.contains("content-range: bytes 4990-4999/5000"),
        "{head}"
    );
    assert_eq!(body, fixture::bytes(5000, 7)[4990..]);
    for how in ["cut", "stall"] {
        let (head, body) = get(&format!("{how}/5000/7/100"), "");
        assert!(head.contains("content-length: 5000\r\n"), "{head}");
        assert_eq!(body, fixture::bytes(5000, 7)[..100], "{how}");
    }
    assert!(get("status/429", "").0.starts_with("HTTP/1.1 429 "));
    assert!(get("redirect?to=http://x/y", "").0.contains("location: http://x/y\r\n"));
    assert!(String::from_utf8(get("echo-headers", "x-sent: a b\r\n").1).unwrap().contains("x-sent: a b\n"));
}
