//! Checkpoints as text: C2SP tlog-checkpoint in the envelope of C2SP signed-note. Signing and verifying the bytes is
//! left to the caller.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

use super::hash::Hash;

/// The type of Ed25519 keys and signatures.
const ED25519: u8 = 1;
/// Begins a line of a signature: an em dash and a space.
const SIGNATURE: &str = "\u{2014} ";
/// How many characters a log's name has at most.
const ORIGIN_CHARACTERS_MAX: usize = 200;
/// How many bytes a note has at most.
const NOTE_BYTES_MAX: usize = 64 * 1024;
/// How many signatures a note has at most: the log's own, those of a rotation, and witnesses.
const SIGNATURES_MAX: usize = 64;

/// Why a text is not a checkpoint, or not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It has not the form of a signed note.
    #[error("it is not a signed note")]
    Note,
    /// Its text has not the form of a checkpoint.
    #[error("it is not a checkpoint: it needs a name, a size and a root")]
    Checkpoint,
    /// A key is not written as `name+hash+key`.
    #[error("it is not a key of the form name+hash+key")]
    Key,
    /// A name is empty, too long, or has a space or a plus sign.
    #[error("a name of a log has 1 to {ORIGIN_CHARACTERS_MAX} characters, and neither spaces nor plus signs")]
    Origin,
}

/// The name of a log: the first line of its checkpoints, and the name of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let is_bad =
            |character: char| character.is_whitespace() || character.is_control() || character == '+';
        let length = text.chars().count();
        if length == 0 || length > ORIGIN_CHARACTERS_MAX || text.chars().any(is_bad) {
            return Err(NoteError::Origin);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The state of a log: that it had this root when it had so many leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}

impl FromStr for Checkpoint {
    type Err = NoteError;

    /// Reads the text that is signed. Further lines are extensions, which are signed too and not read.
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split('\n');
        let mut line = || lines.next().ok_or(NoteError::Checkpoint);
        let (origin, size, root) = (line()?, line()?, line()?);
        let origin = origin.parse().map_err(|_| NoteError::Checkpoint)?;
        let read: u64 = size.parse().map_err(|_| NoteError::Checkpoint)?;
        // There is one way to write a number.
        if read.to_string() != size {
            return Err(NoteError::Checkpoint);
        }
        Ok(Self { origin, size: read, root: Hash::from_base64(root).ok_or(NoteError::Checkpoint)? })
    }
}

/// A text with signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    /// The text that is signed, with its last line's end.
    pub text: String,
    /// The signatures, of whatever keys.
    pub signatures: Vec<NoteSignature>,
}

/// A signature with the name and the id of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The id of the key.
    pub id: [u8; 4],
    /// The signature itself.
    pub signature: Vec<u8>,
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for NoteSignature { name, id, signature } in &self.signatures {
            writeln!(f, "{SIGNATURE}{name} {}", BASE64.encode([id.as_slice(), signature].concat()))?;
        }
        Ok(())
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Note);
        }
        // The last empty line ends the text.
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Note)?;
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Note)?.split('\n');
        let signatures: Vec<_> = lines.map(signature).collect::<Option<_>>().ok_or(NoteError::Note)?;
        if signatures.is_empty() || signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Note);
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }
}

fn signature(line: &str) -> Option<NoteSignature> {
    let (name, bytes) = line.strip_prefix(SIGNATURE)?.split_once(' ')?;
    let bytes = BASE64.decode(bytes).ok()?;
    let (id, signature) = bytes.split_first_chunk()?;
    let is_whole = !name.is_empty() && !signature.is_empty();
    is_whole.then(|| NoteSignature { name: name.to_owned(), id: *id, signature: signature.to_vec() })
}

/// A public key of Ed25519 with its name; as text `name+id+key`, as C2SP signed-note writes verifier keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// The name of the log.
    pub origin: Origin,
    /// The public key.
    pub key: [u8; 32],
}

/// The id of a key: it follows from the name and the key.
pub fn key_id(origin: &Origin, key: &[u8; 32]) -> [u8; 4] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(origin.as_str())
        .chain_update([b'\n', ED25519])
        .chain_update(key)
        .finalize()
        .into();
    [hash[0], hash[1], hash[2], hash[3]]
}

impl VerifierKey {
    /// The id of the key.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.origin, &self.key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, key) = (u32::from_be_bytes(self.id()), [&[ED25519], self.key.as_slice()].concat());
        write!(f, "{}+{id:08x}+{}", self.origin, BASE64.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        // The key in base64 may have plus signs too, the name may not.
        let mut parts = text.trim().splitn(3, '+');
        let mut part = || parts.next().ok_or(NoteError::Key);
        let (origin, _, key) = (part()?, part()?, part()?);
        let origin = origin.parse().map_err(|_| NoteError::Key)?;
        let bytes = BASE64.decode(key).map_err(|_| NoteError::Key)?;
        let key = bytes.strip_prefix(&[ED25519]).and_then(|key| key.try_into().ok()).ok_or(NoteError::Key)?;
        let read = Self { origin, key };
        if read.to_string() == text.trim() { Ok(read) } else { Err(NoteError::Key) }
    }
}
