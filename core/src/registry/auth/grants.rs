//! What registries have granted to earlier operations.

use std::{fmt, sync::Arc};

use super::Need;
use crate::{
    effect::secret::{Authorization, Origin},
    registry::Credentials,
    time::UnixTime,
};

/// More repositories than anybody works with at once; then the oldest is forgotten.
const MOST: usize = 256;

/// What an operation need not find out again because another one did: how each repository lets the user in, and the token that
/// it gave. A password is kept only as part of the settings that it came with, and nothing is printed. For one user: it does not
/// know what the host knows of credentials. Clones are cheap: every operation has one.
#[derive(Clone, Default)]
pub struct Grants(Arc<Vec<(Door, Known)>>);

/// A repository at one endpoint, and who wants to get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Door {
    pub(super) origin: Origin,
    pub(super) repository: String,
    pub(super) credentials: Credentials,
}

/// How to get in there.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) need: Need,
    /// The last token, and when it ends.
    pub(super) token: Option<(Authorization, UnixTime)>,
}

impl Grants {
    /// Takes in what an operation [has learnt](crate::op::Op::take_learnt).
    pub fn extend(&mut self, learnt: &Self) {
        for (door, known) in learnt.0.iter() {
            self.note(door.clone(), known.clone());
        }
    }

    /// What is known of a door.
    pub(super) fn recall(&self, door: &Door) -> Option<&Known> {
        self.0.iter().find(|(own, _)| own == door).map(|(_, known)| known)
    }

    /// Notes it for whoever comes next.
    pub(super) fn note(&mut self, door: Door, known: Known) {
        let all = Arc::make_mut(&mut self.0);
        all.retain(|(own, _)| *own != door);
        if all.len() >= MOST {
            all.remove(0);
        }
        all.push((door, known));
    }
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grants")
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first_and_what_is_noted_again_is_new() {
        let door = |n: usize| Door {
            origin: Origin::of(&Url::parse("https://r.example").unwrap()),
            repository: format!("team/{n}"),
            credentials: Credentials::default(),
        };
        let mut grants = Grants::default();
        let known = || Known { need: Need::Basic, token: None };
        (0..MOST).for_each(|n| grants.note(door(n), known()));
        let before = grants.clone();
        grants.note(door(0), known());
        grants.note(door(MOST), known());
        let has = |grants: &Grants, n| grants.recall(&door(n)).is_some();
        assert_eq!([0, 1, 2, MOST].map(|n| has(&grants, n)), [true, false, true, true]);
        assert_eq!([0, 1, MOST].map(|n| has(&before, n)), [true, true, false], "a clone stays what it was");
    }
}
