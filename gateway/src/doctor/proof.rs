//! The newest checkpoint of the log: whether a key that the configuration knows has signed it. If none has, the sealer signs
//! nothing more.

use dispatcher::probe::Finding;
use domain::proof::CheckpointFault;
use projections::proof::newest_note;
use sqlx::PgPool;

use super::keys::unreadable;
use crate::system::ProofOptions;

const CHECK: &str = "proof.checkpoint";
const NAME_THE_KEY: &str = "put the public key that has signed it into proof.former_keys, or the right key into proof.key: until \
                            then nothing is sealed";
const VERIFY: &str =
    "run `mensajeria audit verify`: until the newest checkpoint can be trusted nothing is sealed";

/// Opens the newest checkpoint.
pub(crate) async fn checkpoint(pool: &PgPool, keys: &ProofOptions) -> Finding {
    let opened = async {
        let known = keys.known(pool).await?;
        Ok::<_, sqlx::Error>(newest_note(pool).await?.map(|note| known.open(&note)))
    };
    match opened.await {
        Ok(None) => Finding::ok(CHECK, "no checkpoint is signed yet"),
        Ok(Some(Ok(checkpoint))) => {
            let seen = format!("the newest is signed by a known key, over {} events", checkpoint.size);
            Finding::ok(CHECK, seen)
        }
        Ok(Some(Err(fault))) => {
            Finding::fault(CHECK, format!("the newest checkpoint: {fault}"), advice(fault))
        }
        Err(error) => unreadable(CHECK, &error),
    }
}

const fn advice(fault: CheckpointFault) -> &'static str {
    match fault {
        CheckpointFault::UnknownKey | CheckpointFault::OtherLog => NAME_THE_KEY,
        CheckpointFault::Unreadable | CheckpointFault::OtherRow | CheckpointFault::WrongSignature => VERIFY,
    }
}
