//! The keys of checkpoints: the one that signs, and those by which signatures are verified.

use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use domain::proof::{Checkpoint, CheckpointFault, NoteSignature, Origin, SignedNote, VerifierKey};

/// The secret half of a key, 32 bytes. It does not print.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// A key from its 32 random bytes.
    pub const fn new(seed: [u8; 32]) -> Self {
        Self(seed)
    }

    /// The public key of a log with this name.
    pub fn verifier(&self, origin: &Origin) -> VerifierKey {
        Signer::new(origin.clone(), self).key
    }
}

/// Signs checkpoints of one log.
#[derive(Clone)]
pub struct Signer {
    pair: Arc<Ed25519KeyPair>,
    key: VerifierKey,
}

impl Signer {
    /// A signer under the name of the log.
    pub fn new(origin: Origin, key: &SigningKey) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&key.0).expect("any 32 bytes are a key");
        let public = pair.public_key().as_ref().try_into().expect("a public key has 32 bytes");
        Self { pair: pair.into(), key: VerifierKey { origin, key: public } }
    }

    /// The public key.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The signed text of a checkpoint.
    pub(super) fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.to_string();
        let signature = NoteSignature {
            name: self.key.origin.to_string(),
            id: self.key.id(),
            signature: self.pair.sign(text.as_bytes()).as_ref().to_vec(),
        };
        SignedNote { text, signatures: vec![signature] }.to_string()
    }
}

/// The public keys of a log: of now and of before.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys(Vec<VerifierKey>);

impl KnownKeys {
    /// These keys.
    pub fn new(keys: impl IntoIterator<Item = VerifierKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// The keys.
    pub fn keys(&self) -> &[VerifierKey] {
        &self.0
    }

    /// The checkpoint of a note that one of the keys has signed. Signatures of other keys are ignored, as C2SP signed-note
    /// asks.
    ///
    /// # Errors
    /// Why it cannot be trusted.
    pub fn open(&self, note: &str) -> Result<Checkpoint, CheckpointFault> {
        let note: SignedNote = note.parse().map_err(|_| CheckpointFault::Unreadable)?;
        let checkpoint: Checkpoint = note.text.parse().map_err(|_| CheckpointFault::Unreadable)?;
        let mut is_signed = false;
        for signature in &note.signatures {
            let Some(key) = self.key_of(signature) else { continue };
            let public = UnparsedPublicKey::new(&ED25519, &key.key);
            let outcome = public.verify(note.text.as_bytes(), &signature.signature);
            outcome.map_err(|_| CheckpointFault::WrongSignature)?;
            if key.origin != checkpoint.origin {
                return Err(CheckpointFault::OtherLog);
            }
            is_signed = true;
        }
        if is_signed { Ok(checkpoint) } else { Err(CheckpointFault::UnknownKey) }
    }

    fn key_of(&self, signature: &NoteSignature) -> Option<&VerifierKey> {
        self.0.iter().find(|key| key.origin.as_str() == signature.name && key.id() == signature.id)
    }
}
