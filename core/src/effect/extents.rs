//! Which parts of content are there.

use std::ops::Range;

/// A set of bytes, as ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extents(Vec<Range<u64>>);

impl Extents {
    /// The first `len` bytes.
    pub fn prefix_of(len: u64) -> Self {
        let mut these = Self::default();
        these.insert(0..len);
        these
    }

    /// Adds a range, whatever of it is there already.
    pub fn insert(&mut self, mut range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        // All that overlap or touch it become one with it.
        let from = self.0.partition_point(|there| there.end < range.start);
        let to = self.0.partition_point(|there| there.start <= range.end);
        for there in self.0.drain(from..to) {
            range = range.start.min(there.start)..range.end.max(there.end);
        }
        self.0.insert(from, range);
    }

    /// Takes away what lies beyond `len`.
    pub fn truncate(&mut self, len: u64) {
        self.0.retain(|there| there.start < len);
        if let Some(last) = self.0.last_mut() {
            last.end = last.end.min(len);
        }
    }

    /// How many bytes are there from the first on without a gap.
    pub fn prefix(&self) -> u64 {
        self.0.first().filter(|first| first.start == 0).map_or(0, |first| first.end)
    }

    /// How many bytes are there.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|there| there.end - there.start).sum()
    }

    /// One past the last byte that is there.
    pub fn end(&self) -> u64 {
        self.0.last().map_or(0, |last| last.end)
    }

    /// The ranges, in order.
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().cloned()
    }

    /// The ranges beyond the first gap.
    pub fn islands(&self) -> Vec<Range<u64>> {
        self.iter().filter(|range| range.start > 0).collect()
    }

    /// What is not there of content of this size.
    pub fn gaps(&self, size: u64) -> Vec<Range<u64>> {
        let starts = [0].into_iter().chain(self.0.iter().map(|there| there.end));
        let ends = self.0.iter().map(|there| there.start).chain([size]);
        let gaps = starts.zip(ends).map(|(start, end)| start..end.min(size));
        gaps.filter(|gap| !gap.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_a_set_of_bytes_is(
            ranges in proptest::collection::vec((0..60_u64, 0..20_u64), 0..12),
            cut in 0..90_u64,
            size in 0..90_u64,
        ) {
            let (mut extents, mut bytes) = (Extents::default(), std::collections::BTreeSet::new());
            for (start, len) in ranges {
                extents.insert(start..start + len);
                bytes.extend(start..start + len);
            }
            for truncated in [false, true] {
                if truncated {
                    extents.truncate(cut);
                    bytes.retain(|byte| *byte < cut);
                }
                let all: Vec<u64> = extents.iter().flatten().collect();
                prop_assert_eq!(&all, &bytes.iter().copied().collect::<Vec<_>>());
                let ranges: Vec<_> = extents.iter().collect();
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start), "{ranges:?}");
                let gaps: Vec<u64> = extents.gaps(size).into_iter().flatten().collect();
                prop_assert_eq!(gaps, (0..size).filter(|byte| !bytes.contains(byte)).collect::<Vec<_>>());
                let prefix = (0..).take_while(|byte| bytes.contains(byte)).count() as u64;
                prop_assert_eq!(extents.prefix(), prefix);
                prop_assert_eq!(extents.total(), bytes.len() as u64);
                prop_assert_eq!(extents.end(), bytes.last().map_or(0, |last| last + 1));
                let islands: u64 = extents.islands().iter().map(|island| island.end - island.start).sum();
                prop_assert_eq!(prefix + islands, bytes.len() as u64);
            }
        }
    }
}
