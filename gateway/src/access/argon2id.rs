//! Argon2id (RFC 9106). Hashes reuse one block of memory, which returns to the system when it is freed.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{Error, try_generate_salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// Memory of one hash, in KiB: 19 MiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes of one hash.
const LANES: u32 = 1;
/// The smallest allocation for one hash, in bytes. glibc serves requests over 32 MiB (`DEFAULT_MMAP_THRESHOLD_MAX`,
/// mallopt(3)) by `mmap` and unmaps them when they are freed. Smaller blocks would stay in the arena of each thread
/// after the first one was freed. Pages that are never written take no memory.
const ALLOCATION_BYTES_MIN: usize = 33 << 20;

/// The working memory of a hash. It grows to the size of the largest hash.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0 = Vec::with_capacity(count.max(ALLOCATION_BYTES_MIN / Block::SIZE));
            self.0.resize(count, Block::new());
        }
        &mut self.0
    }
}

/// The hash of a new password under a new salt.
///
/// # Errors
/// When the system has no randomness.
pub(super) fn hash(password: &str, memory: &mut Memory) -> Result<PasswordHash, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    let salt = Salt::new(&try_generate_salt()?)?;
    let output = output(password, &salt, (Version::default(), &params), memory)?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(salt),
        hash: Some(output),
    })
}

/// Whether the password matches the hash, under the parameters of that hash. Outputs are compared in constant time.
///
/// # Errors
/// When the hash is not Argon2id or its parameters are invalid.
pub(super) fn verify(password: &str, hash: &PasswordHash, memory: &mut Memory) -> Result<bool, Error> {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    if hash.algorithm != Algorithm::Argon2id.ident() {
        return Err(Error::Algorithm);
    }
    let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
    Ok(output(password, salt, (version, &Params::try_from(hash)?), memory)? == *expected)
}

fn output(
    password: &str,
    salt: &Salt,
    (version, params): (Version, &Params),
    memory: &mut Memory,
) -> Result<Output, Error> {
    let mut bytes = [0; Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let bytes = bytes.get_mut(..length).ok_or(Error::OutputSize)?;
    let (argon2, blocks) =
        (Argon2::new(Algorithm::Argon2id, version, params.clone()), memory.blocks(params.block_count()));
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, bytes, blocks)?;
    Ok(Output::new(bytes)?)
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn hashes_are_those_of_the_crate_in_both_directions() {
        let mut memory = Memory::default();
        let ours = hash("correcto caballo", &mut memory).unwrap();
        assert!(ours.to_string().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(Argon2::default().verify_password(b"correcto caballo", &ours).is_ok());
        let theirs = Argon2::default().hash_password(b"correcto caballo").unwrap();
        assert_eq!(verify("correcto caballo", &theirs, &mut memory), Ok(true));
        assert_eq!(verify("correcto cabello", &theirs, &mut memory), Ok(false));
    }

    #[test]
    fn a_hash_is_verified_by_its_own_parameters_in_reused_memory() {
        let mut memory = Memory::default();
        let mut verify = |algorithm, version, params: Params| {
            let hash = Argon2::new(algorithm, version, params).hash_password(b"x").unwrap();
            verify("x", &hash, &mut memory)
        };
        let small = || Params::new(64, 1, 1, Some(16)).unwrap();
        assert_eq!(
            verify(Algorithm::Argon2id, Version::V0x13, Params::new(640, 2, 2, None).unwrap()),
            Ok(true)
        );
        assert_eq!(verify(Algorithm::Argon2id, Version::V0x10, small()), Ok(true));
        assert_eq!(verify(Algorithm::Argon2i, Version::V0x13, small()), Err(Error::Algorithm));
    }
}
