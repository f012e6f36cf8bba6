//! Durations as Go writes them: `3s`, `1m30s`, `1.5h`, `100ms`.

use std::time::Duration;

/// Reads a Go duration that is not negative: numbers with a unit each, or `0`. `None` for anything else.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut nanos: u64 = 0;
    while {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        nanos = nanos.checked_add(nanoseconds(number, unit_nanos(unit)?)?)?;
        rest = after;
        !rest.is_empty()
    } {}
    // Go's durations are signed.
    (nanos <= i64::MAX as u64).then(|| Duration::from_nanos(nanos))
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `number` units; of the fraction, what no nanosecond can show is dropped.
fn nanoseconds(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanos = whole.checked_mul(unit)?;
    let mut share = unit;
    for digit in fraction.chars().filter_map(|c| c.to_digit(10)) {
        // Hours down to nanoseconds have 13 digits; below that `share` is 0.
        let tenth = share / 10;
        nanos = nanos.checked_add(u64::from(digit) * share / 10)?;
        share = tenth;
    }
    Some(nanos)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_durations() {
        for (text, nanos) in [
            ("3s", 3_000_000_000),
            ("0", 0),
            ("0s", 0),
            ("+1s", 1_000_000_000),
            ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("100ms", 100_000_000),
            ("2h3m4s5ms6us7ns", 7_384_005_006_007),
        ] {
            assert_eq!(parse(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
        for text in ["", "3", "-1s", "s", ".s", "1.2.3s", "3 s", "1d", "1S", "+", "9999999999h", "3s4"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, near in "[+0-9.smhnu]{0,30}") {
            parse(&text);
            parse(&near);
        }

        #[test]
        fn what_is_written_is_read(hours in 0_u64..1000, ms in 0_u64..1000) {
            let text = format!("{hours}h{ms}ms");
            prop_assert_eq!(parse(&text), Some(Duration::from_millis(hours * 3_600_000 + ms)));
        }
    }
}
