use std::fmt;

use sha2::{
    Digest as _, Sha256, Sha384, Sha512,
    digest::common::hazmat::{SerializableState, SerializedState},
};

use super::{Algorithm, Digest};

/// A running digest: feed it, then finish it.
///
/// Its state can be saved and restored, so that an interrupted download goes on without reading its first part again.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new(algorithm: Algorithm) -> Hasher {
        Hasher(match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha384 => State::Sha384(Sha384::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Feeds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of everything fed.
    pub fn finish(self) -> Digest {
        let algorithm = self.algorithm();
        match self.0 {
            State::Sha256(state) => Digest::from_hash(algorithm, &state.finalize()),
            State::Sha384(state) => Digest::from_hash(algorithm, &state.finalize()),
            State::Sha512(state) => Digest::from_hash(algorithm, &state.finalize()),
        }
    }

    /// Which digest this will be.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            State::Sha256(_) => Algorithm::Sha256,
            State::Sha384(_) => Algorithm::Sha384,
            State::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// The state as bytes, for [`Hasher::restore`]. It holds up to one block of the content (128 bytes).
    pub fn save(&self) -> Vec<u8> {
        match &self.0 {
            State::Sha256(state) => state.serialize().to_vec(),
            State::Sha384(state) => state.serialize().to_vec(),
            State::Sha512(state) => state.serialize().to_vec(),
        }
    }

    /// The hasher that was saved as `saved`. A state altered to another valid one cannot be told from it: what it
    /// then yields is the wrong digest, which the comparison with the wanted one finds.
    pub fn restore(algorithm: Algorithm, saved: &[u8]) -> Result<Hasher, StateError> {
        Ok(Hasher(match algorithm {
            Algorithm::Sha256 => State::Sha256(read(algorithm, saved)?),
            Algorithm::Sha384 => State::Sha384(read(algorithm, saved)?),
            Algorithm::Sha512 => State::Sha512(read(algorithm, saved)?),
        }))
    }
}

fn read<S: SerializableState>(algorithm: Algorithm, saved: &[u8]) -> Result<S, StateError> {
    let error = StateError { algorithm, len: saved.len() };
    let saved = SerializedState::<S>::try_from(saved).map_err(|_| error)?;
    S::deserialize(&saved).map_err(|_| error)
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hasher({})", self.algorithm())
    }
}

/// Bytes that are not the saved state of a hasher.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{len} bytes are not a saved {algorithm} state")]
pub struct StateError {
    /// The algorithm asked for.
    pub algorithm: Algorithm,
    /// How many bytes were given.
    pub len: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn goes_on_after_a_restore(head: Vec<u8>, tail: Vec<u8>) {
            for algorithm in Algorithm::ALL {
                let mut first = Hasher::new(algorithm);
                first.update(&head);
                let mut second = Hasher::restore(algorithm, &first.save()).unwrap();
                second.update(&tail);
                prop_assert_eq!(second.finish(), Digest::of(algorithm, &[head.as_slice(), &tail].concat()));
            }
        }

        #[test]
        fn garbage_is_an_error_or_another_state(saved in prop::collection::vec(any::<u8>(), 0..260)) {
            for algorithm in Algorithm::ALL {
                if let Ok(mut hasher) = Hasher::restore(algorithm, &saved) {
                    hasher.update(&saved);
                    hasher.finish();
                }
            }
        }
    }

    #[test]
    fn a_wrong_length_or_position_is_refused() {
        for algorithm in Algorithm::ALL {
            let saved = Hasher::new(algorithm).save();
            assert!(Hasher::restore(algorithm, &saved[1..]).is_err());
            assert!(Hasher::restore(algorithm, &[]).is_err());
            assert!(Hasher::restore(algorithm, &vec![0xff; saved.len()]).is_err());
        }
    }
}
