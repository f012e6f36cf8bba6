use std::cmp::Reverse;

use super::Platform;

/// Which platforms will do, and which is best (containerd.md §9.4).
#[derive(Clone, Debug)]
pub struct Matcher(Rule);

#[derive(Clone, Debug)]
enum Rule {
    Ordered(Vec<Wanted>),
    Any(Vec<Wanted>),
    OnlyOs(Wanted),
    All,
}

impl Matcher {
    /// `platform`, or else what it can also run, nearest first: `arm/v7` runs `v6` and `v5`, `amd64` runs `386`.
    pub fn only(platform: &Platform) -> Matcher {
        Matcher(Rule::Ordered(fallbacks(&platform.normalize()).iter().map(Wanted::new).collect()))
    }

    /// `platform` and nothing else.
    pub fn only_strict(platform: &Platform) -> Matcher {
        Matcher(Rule::Ordered(vec![Wanted::new(platform)]))
    }

    /// The operating system of `platform` on any architecture, its own first.
    pub fn only_os(platform: &Platform) -> Matcher {
        Matcher(Rule::OnlyOs(Wanted::new(platform)))
    }

    /// Any of `platforms`, the earlier the better.
    pub fn ordered(platforms: &[Platform]) -> Matcher {
        Matcher(Rule::Ordered(platforms.iter().map(Wanted::new).collect()))
    }

    /// Any of `platforms`, all alike.
    pub fn any(platforms: &[Platform]) -> Matcher {
        Matcher(Rule::Any(platforms.iter().map(Wanted::new).collect()))
    }

    /// Every platform, all alike.
    pub fn all() -> Matcher {
        Matcher(Rule::All)
    }

    /// Whether `candidate` will do.
    pub fn matches(&self, candidate: &Platform) -> bool {
        let candidate = candidate.normalize();
        match &self.0 {
            Rule::Ordered(wanted) | Rule::Any(wanted) => wanted.iter().any(|w| w.matches(&candidate)),
            Rule::OnlyOs(wanted) => wanted.matches_os(&candidate),
            Rule::All => true,
        }
    }

    /// Whether `a` is better than `b`. Two that are equally good are best kept in the order they came in.
    pub fn less(&self, a: &Platform, b: &Platform) -> bool {
        self.rank(a) < self.rank(b)
    }

    /// The positions of the candidates that will do, best first, equally good ones in their order.
    pub fn order(&self, candidates: &[Platform]) -> Vec<usize> {
        self.order_described(&candidates.iter().map(Some).collect::<Vec<_>>())
    }

    /// Like [`Matcher::order`] for descriptors: one that names no platform may be anything, so it is kept, and last.
    pub fn order_described(&self, candidates: &[Option<&Platform>]) -> Vec<usize> {
        let mut kept = candidates
            .iter()
            .enumerate()
            .filter(|(_, candidate)| candidate.is_none_or(|platform| self.matches(platform)))
            .map(|(at, candidate)| (candidate.map_or(Rank::UNKNOWN, |platform| self.rank(platform)), at))
            .collect::<Vec<_>>();
        kept.sort_unstable();
        kept.into_iter().map(|(_, at)| at).collect()
    }

    fn rank(&self, candidate: &Platform) -> Rank {
        match &self.0 {
            Rule::Ordered(wanted) => rank_among(wanted, candidate, |at| at),
            Rule::Any(wanted) => rank_among(wanted, candidate, |_| 0),
            Rule::OnlyOs(wanted) if self.matches(candidate) => {
                rank_among(std::slice::from_ref(wanted), candidate, |at| at)
            }
            Rule::OnlyOs(_) => Rank::UNKNOWN,
            Rule::All => Rank::default(),
        }
    }
}

/// How good a candidate is; the smallest is best.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Rank {
    /// The first wanted platform that it matches.
    first: usize,
    /// Of those, the one that uses most of the features offered.
    features: Reverse<usize>,
    /// For one that matches none: the first that it would match without features.
    near: usize,
}

impl Rank {
    const UNKNOWN: Rank = Rank { first: usize::MAX, features: Reverse(0), near: usize::MAX };
}

fn rank_among(wanted: &[Wanted], candidate: &Platform, grade: impl Fn(usize) -> usize) -> Rank {
    let first = |candidate: &Platform| wanted.iter().position(|w| w.matches(candidate)).map(&grade);
    let mut normal = candidate.normalize();
    if let Some(first) = first(&normal) {
        return Rank { first, features: Reverse(candidate.os_features.len()), near: 0 };
    }
    normal.os_features.clear();
    Rank { near: first(&normal).unwrap_or(usize::MAX), ..Rank::UNKNOWN }
}

/// One wanted platform, normalised.
#[derive(Clone, Debug)]
struct Wanted {
    platform: Platform,
    windows: Option<WindowsVersion>,
}

impl Wanted {
    fn new(platform: &Platform) -> Wanted {
        let platform = platform.normalize();
        let windows = (platform.os == "windows").then(|| WindowsVersion::parse(&platform.os_version));
        Wanted { platform, windows }
    }

    /// Whether a normalised candidate is this platform, as far as features and versions go.
    fn matches(&self, candidate: &Platform) -> bool {
        // Every Windows had win32k before images began to say so.
        let assumed = if self.windows.is_some() { "win32k" } else { "" };
        self.platform.architecture == candidate.architecture
            && self.platform.variant == candidate.variant
            && self.matches_version(candidate)
            && candidate.os_features.iter().all(|feature| feature == assumed || self.offers(feature))
    }

    /// Whether a normalised candidate is for this operating system, whatever its architecture.
    fn matches_os(&self, candidate: &Platform) -> bool {
        self.matches_version(candidate) && candidate.os_features.iter().all(|feature| self.offers(feature))
    }

    fn matches_version(&self, candidate: &Platform) -> bool {
        self.platform.os == candidate.os
            && (candidate.os_version.is_empty()
                || self.windows.is_none_or(|host| host.runs(WindowsVersion::parse(&candidate.os_version))))
    }

    fn offers(&self, feature: &String) -> bool {
        self.platform.os_features.contains(feature)
    }
}

/// The first three parts of a Windows version; all zero for a text that has none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct WindowsVersion {
    major: u8,
    minor: u8,
    build: u16,
}

impl WindowsVersion {
    /// The releases with a stable interface for containers: Windows Server 2022 and 2025.
    const LONG_TERM: [u16; 2] = [20348, 26100];

    fn parse(text: &str) -> WindowsVersion {
        let mut parts = text.split('.');
        let mut part = || parts.next().filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let [major, minor, build] = [part(), part(), part()];
        let version = || {
            Some(WindowsVersion {
                major: major?.parse().ok()?,
                minor: minor?.parse().ok()?,
                build: build?.parse().ok()?,
            })
        };
        version().unwrap_or_default()
    }

    /// Whether a host of this version runs an image of that one.
    fn runs(self, image: WindowsVersion) -> bool {
        if self == WindowsVersion::default() {
            return true;
        }
        let [oldest, ..] = WindowsVersion::LONG_TERM;
        let builds = if self.build < oldest {
            self.build..=self.build
        } else {
            let before = WindowsVersion::LONG_TERM.into_iter().rev().find(|&build| build < self.build);
            before.unwrap_or(oldest)..=self.build
        };
        (self.major, self.minor) == (image.major, image.minor) && builds.contains(&image.build)
    }
}

/// What a normalised platform can run, nearest first.
fn fallbacks(platform: &Platform) -> Vec<Platform> {
    let with = |architecture: &str, variant: String| Platform {
        architecture: architecture.to_owned(),
        variant,
        ..platform.clone()
    };
    let down_to = |architecture, least: u8, variant: &str| {
        // `v255` bounds the list; there is no such processor.
        let newest = variant.strip_prefix('v').unwrap_or(variant).parse::<u8>().unwrap_or_default();
        (least..newest).rev().map(move |version| with(architecture, format!("v{version}")))
    };
    let itself = [platform.clone()].into_iter();
    match platform.architecture.as_str() {
        "amd64" => {
            itself.chain(down_to("amd64", 1, &platform.variant)).chain([with("386", String::new())]).collect()
        }
        "arm" => itself.chain(down_to("arm", 5, &platform.variant)).collect(),
        "arm64" => match arm64_versions(&platform.variant) {
            Some(versions) => {
                let arm64 = versions.map(|version| with("arm64", arm64_variant(version)));
                arm64.chain(down_to("arm", 5, "v9")).collect()
            }
            None => Vec::new(),
        },
        _ => itself.collect(),
    }
}

/// The version that a variant names, if it is a known one, and those it includes: v9.0 has what v8.5 has.
fn arm64_versions(variant: &str) -> Option<impl Iterator<Item = (u8, u8)>> {
    let variant = if variant.is_empty() { "v8" } else { variant };
    let known = (0..=9).map(|minor| (8, minor)).chain((0..=7).map(|minor| (9, minor)));
    let (major, minor) = known.into_iter().find(|&version| arm64_variant(version) == variant)?;
    let (nines, newest_eight) = if major == 9 { (minor + 1, (minor + 5).min(9)) } else { (0, minor) };
    let nines = (0..nines).rev().map(|minor| (9, minor));
    Some(nines.chain((0..=newest_eight).rev().map(|minor| (8, minor))))
}

fn arm64_variant((major, minor): (u8, u8)) -> String {
    match minor {
        0 => format!("v{major}"),
        minor => format!("v{major}.{minor}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn platform(text: &str) -> Platform {
        Platform::parse(text, &Platform::new("linux", "amd64")).unwrap()
    }

    fn only(want: &str, candidate: &str) -> bool {
        Matcher::only(&platform(want)).matches(&platform(candidate))
    }

    #[test]
    fn a_processor_runs_what_its_predecessors_ran() {
        for variant in ["v9.1", "v9", "v8.6", "v8.5", "v8.1", "v8"] {
            assert!(only("linux/arm64/v9.1", &format!("linux/arm64/{variant}")), "{variant}");
        }
        assert!(only("linux/arm64/v9.1", "linux/arm/v8") && only("linux/arm64/v9.7", "linux/arm64/v8.9"));
        assert!(
            !only("linux/arm64/v9.1", "linux/arm64/v9.2") && !only("linux/arm64/v9.1", "linux/arm64/v8.7")
        );
        assert!(only("linux/amd64/v2", "linux/386") && !only("linux/amd64/v2", "linux/amd64/v3"));
        assert!(only("linux/amd64/x", "linux/amd64/x") && only("linux/amd64/x", "linux/386"));
        assert!(!only("linux/arm/v7", "linux/arm/v8"));
    }

    #[test]
    fn an_unknown_arm64_matches_nothing() {
        for variant in ["v10", "8.1", "v8.10", "v9.8", "v8.", "v+8", "x"] {
            let want = Platform { variant: variant.to_owned(), ..Platform::new("linux", "arm64") };
            assert!(Matcher::only(&want).order(&[want, platform("linux/arm64")]).is_empty(), "{variant}");
        }
    }

    #[test]
    fn a_windows_host_runs_from_the_long_term_release_before_it() {
        let runs = |host: &str, image: &str| {
            only(&format!("windows(10.0.{host})/amd64"), &format!("windows(10.0.{image})/amd64"))
        };
        assert!(runs("17763", "17763") && !runs("17763", "20348") && !runs("17763", "17134"));
        assert!(runs("20348", "20348") && !runs("20348", "17763") && !runs("20348", "22621"));
        assert!(runs("26100", "20348") && runs("26100", "22621") && !runs("26100", "26101"));
        assert!(runs("26101", "26100") && !runs("26101", "20348"));
        assert!(runs("20348.1", "20348.2") && !runs("20348", "x"));
        assert!(
            only("windows/amd64", "windows(x)/amd64") && only("windows(6.3.9600)/amd64", "windows/amd64")
        );
        assert!(!only("windows(10.0.20348)/amd64", "windows(10.1.20348)/amd64"));
        assert!(only("linux(1)/amd64", "linux(2)/amd64"));
    }

    #[test]
    fn win32k_is_assumed_on_windows_only() {
        assert!(only("windows/amd64", "windows(+win32k)/amd64"));
        assert!(!only("windows/amd64", "windows(+win32k+x)/amd64"));
        assert!(!only("linux/amd64", "linux(+win32k)/amd64"));
    }

    #[test]
    fn a_descriptor_without_a_platform_is_kept_last() {
        let candidates = ["linux/arm64", "linux/386", "linux/amd64"].map(platform);
        let [arm64, i386, amd64] = candidates.each_ref();
        let matcher = Matcher::only(amd64);
        let described = [None, Some(arm64), Some(i386), None, Some(amd64)];
        assert_eq!(matcher.order_described(&described), [4, 2, 0, 3]);
        assert_eq!(Matcher::all().order(&candidates), [0, 1, 2]);
        assert_eq!(Matcher::ordered(&[i386.clone(), arm64.clone()]).order(&candidates), [1, 0]);
        assert_eq!(Matcher::any(&[i386.clone(), arm64.clone()]).order(&candidates), [0, 1]);
    }

    #[test]
    fn one_that_only_lacks_features_is_nearer_than_another_system() {
        let matcher = Matcher::only(&platform("linux/amd64"));
        assert!(matcher.less(&platform("linux(+x)/amd64"), &platform("linux/s390x")));
        assert!(!matcher.less(&platform("linux/s390x"), &platform("linux(+x)/amd64")));
    }

    proptest! {
        #[test]
        fn any_variant_is_judged(os in "(windows|linux)", version: String, variant: String) {
            for architecture in ["amd64", "arm", "arm64"] {
                let want = Platform { os_version: version.clone(), variant: variant.clone(),
                    ..Platform::new(os.clone(), architecture) };
                let _ = Matcher::only(&want).order(&[want.clone(), Platform::default()]);
            }
        }
    }
}
