//! Proof that the proxy does what the benchmark says it does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::proxy::Proxy;
use crate::Result;

const RTT: Duration = Duration::from_millis(40);
const BULK: usize = 256 << 20;

/// What a client saw through the proxy.
struct Seen {
    first: Duration,
    second: Duration,
    bulk: Duration,
    requests: Vec<String>,
}

/// `cargo xtask bench --self-check`
pub(crate) fn run() -> Result {
    let seen = look(RTT, BULK)?;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let rate = BULK as f64 / (seen.bulk - RTT).as_secs_f64() / 1e6;
    println!("round trip time            {:8.1} ms", milliseconds(RTT));
    println!("connect and first answer   {:8.1} ms  (2 round trips)", milliseconds(seen.first));
    println!("second answer              {:8.1} ms  (1 round trip)", milliseconds(seen.second));
    println!("{} MiB in one answer      {:8.1} ms  ({rate:.0} MB/s)", BULK >> 20, milliseconds(seen.bulk));
    println!("requests counted           {:8}     {:?}", seen.requests.len(), seen.requests);
    let slack = Duration::from_millis(10);
    for (what, time, wanted) in [("first", seen.first, RTT * 2), ("second", seen.second, RTT)] {
        if !(wanted..wanted + slack).contains(&time) {
            return Err(format!("the {what} answer took {time:?}, not {wanted:?}").into());
        }
    }
    if rate < 100.0 {
        return Err(format!("the proxy lets only {rate:.0} MB/s through").into());
    }
    if seen.requests != ["GET /a", "GET /b", "GET /bulk"] {
        return Err("the proxy miscounts requests".into());
    }
    println!("the proxy is as described");
    Ok(())
}

fn look(rtt: Duration, bulk: usize) -> Result<Seen> {
    let proxy = Proxy::start(serve(bulk)?, rtt)?;
    let started = Instant::now();
    let mut client = TcpStream::connect(proxy.address())?;
    let mut ask = |path: &str, length: usize| -> Result<Duration> {
        let asked = Instant::now();
        client.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())?;
        let mut buffer = vec![0; 1 << 20];
        let mut left = length;
        while left > 0 {
            match client.read(&mut buffer)? {
                0 => return Err("the answer is too short".into()),
                n => left -= n,
            }
        }
        Ok(asked.elapsed())
    };
    ask("/a", 1)?;
    let first = started.elapsed();
    Ok(Seen { first, second: ask("/b", 1)?, bulk: ask("/bulk", bulk)?, requests: proxy.take_requests() })
}

/// A server for one client that answers with one byte, or with `bulk` of them when that is what was asked for.
fn serve(bulk: usize) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> std::io::Result<()> {
        let (mut client, _) = listener.accept()?;
        let block = vec![0; 1 << 20];
        for line in BufReader::new(client.try_clone()?).lines() {
            let mut left = match &*line? {
                "GET /bulk HTTP/1.1" => bulk,
                get if get.starts_with("GET ") => 1,
                _ => 0,
            };
            while left > 0 {
                left -= client.write(&block[..left.min(block.len())])?;
            }
        }
        Ok(())
    });
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only what cannot fail on a slow machine: that nothing arrives early, and the count.
    #[test]
    fn nothing_arrives_early_and_everything_is_counted() {
        let rtt = Duration::from_millis(10);
        let seen = look(rtt, 16 << 20).unwrap();
        assert!(seen.first >= rtt * 2, "{:?}", seen.first);
        assert!(seen.second >= rtt, "{:?}", seen.second);
        assert!(seen.bulk >= rtt, "{:?}", seen.bulk);
        assert_eq!(seen.requests, ["GET /a", "GET /b", "GET /bulk"]);
    }
}
