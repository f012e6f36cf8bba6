//! Counting the requests in a stream of HTTP/1.1 as a client sends it.

/// Follows one connection, whatever pieces its bytes come in.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    head: Vec<u8>,
    body_left: u64,
}

impl Requests {
    /// Takes the next bytes; returns the request lines that they completed.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.body_left > 0 {
                let skipped = self.body_left.min(bytes.len() as u64);
                self.body_left -= skipped;
                bytes = &bytes[usize::try_from(skipped).unwrap_or(bytes.len())..];
                continue;
            }
            self.head.push(byte);
            bytes = rest;
            if self.head.ends_with(b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.head).into_owned();
                self.head.clear();
                self.body_left = content_length(&head);
                found.push(head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned());
            }
        }
        found
    }
}

fn content_length(head: &str) -> u64 {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n\
        PUT /a HTTP/1.1\r\ncontent-length: 8\r\n\r\nGET \r\n\r\nHEAD /b HTTP/1.1\r\n\r\n";

    #[test]
    fn pieces_of_any_size_give_the_same_count() {
        for size in 1..=STREAM.len() {
            let mut requests = Requests::default();
            let found: Vec<_> = STREAM.chunks(size).flat_map(|piece| requests.feed(piece)).collect();
            assert_eq!(found, ["GET /v2/", "PUT /a", "HEAD /b"], "in pieces of {size}");
        }
    }
}
