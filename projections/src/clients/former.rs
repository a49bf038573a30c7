//! The addresses that clients had and gave up, as blind indexes: what was sent to an address is found by whose it was.

use std::collections::{BTreeMap, BTreeSet};

use domain::client::ClientProfile;
use domain::value::AddressKind;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::address::AddressIndex;

/// The blind indexes of the addresses of each client, as its contacts had them before the batch.
pub(super) type Stored = BTreeMap<Uuid, BTreeSet<Vec<u8>>>;

/// The profiles of each client in the batch, in order.
pub(super) type Profiles<'a> = BTreeMap<Uuid, Vec<&'a ClientProfile>>;

/// Adds what each profile lacks of the one before it, so that a batch has the same result as its events one by one.
pub(super) async fn insert(
    tx: &mut PgConnection,
    index: &AddressIndex,
    stored: &Stored,
    profiles: &Profiles<'_>,
) -> sqlx::Result<()> {
    let mut former = BTreeSet::new();
    for (client, profiles) in profiles {
        let mut before = stored.get(client).cloned().unwrap_or_default();
        if before.is_empty() && profiles.len() == 1 {
            continue;
        }
        for profile in profiles {
            let now = addresses(index, profile);
            former.extend(before.difference(&now).map(|address| (*client, address.clone())));
            before = now;
        }
    }
    if former.is_empty() {
        return Ok(());
    }
    let (clients, addresses): (Vec<Uuid>, Vec<Vec<u8>>) = former.into_iter().unzip();
    sqlx::query(
        "insert into former_addresses (client_id, address_index)
         select * from unnest($1::uuid[], $2::bytea[]) on conflict do nothing",
    )
    .bind(clients)
    .bind(addresses)
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets the addresses of clients who are erased.
pub(super) async fn erase(tx: &mut PgConnection, clients: Vec<Uuid>) -> sqlx::Result<()> {
    if clients.is_empty() {
        return Ok(());
    }
    sqlx::query("delete from former_addresses where client_id = any($1)").bind(clients).execute(tx).await?;
    Ok(())
}

fn addresses(index: &AddressIndex, profile: &ClientProfile) -> BTreeSet<Vec<u8>> {
    let of = |kind: &AddressKind| {
        let addresses = profile.contacts.iter().filter_map(|contact| contact.address(*kind));
        addresses.map(|address| index.of(*kind, address)).collect::<Vec<_>>()
    };
    AddressKind::ALL.iter().flat_map(of).collect()
}
