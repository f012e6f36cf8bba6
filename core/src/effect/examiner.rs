//! A layer, verified and looked into in one pass.

use super::{
    pump::TapError,
    verifier::{Verified, Verifier},
};
use crate::{
    machine::{Examined, LayerError, LayerTap},
    name::Mismatch,
};

/// A verifier, and what looks into the layer that goes by, if anything is to. What is wrong inside does not stop it: the
/// bytes may be those of their digest all the same.
#[derive(Debug)]
pub struct Examiner {
    verifier: Verifier,
    look: Option<Result<LayerTap, LayerError>>,
}

impl Examiner {
    /// Before the next byte. One that goes on in the middle cannot look into what it has not seen.
    pub fn new(verifier: Verifier, look: Option<LayerTap>) -> Self {
        let look = look.filter(|look| look.len() == verifier.len()).map(Ok);
        Self { verifier, look }
    }

    /// What verifies.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Looks at the next bytes; refuses what the verifier refuses.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), TapError> {
        self.verifier.feed(chunk)?;
        if let Some(Ok(look)) = &mut self.look
            && let Err(why) = look.feed(chunk)
        {
            self.look = Some(Err(why));
        }
        Ok(())
    }

    /// The verdict on the bytes, and on what is in them.
    pub fn finish(self) -> (Result<Verified, Mismatch>, Option<Result<Examined, LayerError>>) {
        (self.verifier.finish(), self.look.map(|look| look.and_then(LayerTap::finish)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Algorithm, Digest};

    fn look() -> LayerTap {
        LayerTap::new(Algorithm::Sha256, 1 << 20)
    }

    #[test]
    fn what_is_wrong_inside_does_not_stop_it_and_what_is_too_long_does() {
        let (bytes, digest) = (b"not tar", Digest::sha256(b"not tar"));
        let mut examiner = Examiner::new(Verifier::new(&digest, 7), Some(look()));
        for byte in bytes {
            examiner.feed(&[*byte]).unwrap();
        }
        assert_eq!(examiner.feed(b"x"), Err(TapError::TooLong { size: 7 }));
        let (verified, looked) = examiner.finish();
        assert_eq!(verified.unwrap().digest(), &digest);
        assert!(matches!(looked, Some(Err(LayerError::Tar(_)))));
    }

    #[test]
    fn one_that_goes_on_in_the_middle_does_not_look() {
        let digest = Digest::sha256(b"0123");
        let mut verifier = Verifier::new(&digest, 4);
        verifier.feed(b"01").unwrap();
        let mut examiner = Examiner::new(verifier, Some(look()));
        examiner.feed(b"23").unwrap();
        let (verified, looked) = examiner.finish();
        assert!(verified.is_ok() && looked.is_none());
    }
}
