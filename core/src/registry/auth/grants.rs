//! What registries have granted to earlier operations.

use std::fmt;

use super::Need;
use crate::{
    effect::secret::{Authorization, Origin},
    registry::Credentials,
    time::UnixTime,
};

/// More repositories than anybody works with at once; then the oldest is forgotten.
const MOST: usize = 256;

/// What an operation need not find out again because another one did: how each repository lets the user in, and the token that
/// it gave. Passwords are not in it, and it prints nothing. For one user: it does not know what the host knows of credentials.
#[derive(Clone, Default)]
pub struct Grants(Vec<(Door, Known)>);

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
    pub fn extend(&mut self, learnt: Self) {
        for (door, known) in learnt.0 {
            self.note(door, known);
        }
    }

    /// What is known of a door.
    pub(super) fn recall(&self, door: &Door) -> Option<&Known> {
        self.0.iter().find(|(own, _)| own == door).map(|(_, known)| known)
    }

    /// Notes it for whoever comes next.
    pub(super) fn note(&mut self, door: Door, known: Known) {
        self.0.retain(|(own, _)| *own != door);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((door, known));
    }
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grants")
    }
}
