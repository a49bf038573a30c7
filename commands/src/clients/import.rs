//! Importing clients by pages: each page is one transaction, and a rerun changes nothing.

use std::collections::HashMap;

use domain::client::{
    Client, ClientChange, ClientCommand, ClientDetails, ClientError, ClientProfile, Contact, RegisterClient,
    Served,
};
use domain::value::{ClientId, CompanyId, Locale, TimeZone, is_same_text};
use sqlx::PgConnection;
use uuid::Uuid;

use super::external_index;
use crate::clock;
use crate::context::CommandContext;
use crate::database::begin;
use crate::execute::decide_on;
use crate::log::{Draft, EventLog, Loaded};
use crate::outcome::{CommandError, Done};

/// The result of a page, in clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Clients registered.
    pub created: u64,
    /// Clients changed.
    pub updated: u64,
    /// Clients that were already as in the file.
    pub unchanged: u64,
    /// The position of the last event, or the log's head if nothing changed.
    pub position: domain::Position,
}

/// A client as a file describes it.
#[derive(Debug, Clone)]
pub struct FileClient {
    /// What the file says of it.
    pub profile: ClientProfile,
    /// The own columns that the file has and leaves empty for it: it loses them.
    pub emptied: Vec<String>,
}

impl From<ClientProfile> for FileClient {
    fn from(profile: ClientProfile) -> Self {
        Self { profile, emptied: Vec::new() }
    }
}

/// Registers and changes the clients of a page, all or nothing; each must have an external id, by which it is found. A
/// contact of the file replaces one of the same kind and name and is otherwise added; no contact is ever removed by a
/// file. Own columns that the file does not have stay. With `dry_run` nothing is written.
///
/// # Errors
/// [`ClientError::TooManyContacts`] or [`ClientError::TooManyColumns`] for a client that would have too many;
/// [`CommandError::Conflict`] when another
/// request changes the same clients at the same time.
pub async fn import_page(
    log: &EventLog,
    company: CompanyId,
    page: Vec<FileClient>,
    defaults: (Locale, TimeZone),
    dry_run: bool,
    context: &CommandContext,
) -> Result<Imported, CommandError<ClientError>> {
    let context = &context.clone().about(company);
    let known = known_clients(log, company, &page).await?;
    let ids: Vec<String> = known.values().map(ToString::to_string).collect();
    let mut loaded = log.reader().load_all::<Client>(&ids).await?;
    let mut imported = Imported::default();
    let (mut drafts, mut names) = (Vec::new(), Vec::new());
    for described in page {
        let name = name_of(log, &described.profile);
        match known.get(&name) {
            Some(client) => {
                let id = client.to_string();
                let loaded = loaded.remove(&id).unwrap_or_default();
                let changes = change(&id, loaded, described, context).await?;
                *(if changes.is_empty() { &mut imported.unchanged } else { &mut imported.updated }) += 1;
                drafts.extend(changes);
            }
            None => {
                let id = ClientId::from(clock::new_id());
                names.push((name, Uuid::from(id)));
                drafts.extend(register(id, company, described.profile, defaults, context).await?);
                imported.created += 1;
            }
        }
    }
    imported.position = if dry_run || drafts.is_empty() {
        log.reader().head().await?
    } else {
        commit(log, company, drafts, names, context).await?.position()
    };
    Ok(imported)
}

async fn commit(
    log: &EventLog,
    company: CompanyId,
    drafts: Vec<Draft>,
    names: Vec<(Vec<u8>, Uuid)>,
    context: &CommandContext,
) -> Result<Done, CommandError<ClientError>> {
    let ready = log.ready(drafts, context, &serde_json::Value::Null).await?;
    let mut tx = begin(log.pool()).await?;
    insert_names(&mut tx, company, names).await.map_err(taken_meanwhile)?;
    log.commit(tx, &ready, context).await
}

async fn insert_names(
    tx: &mut PgConnection,
    company: CompanyId,
    names: Vec<(Vec<u8>, Uuid)>,
) -> sqlx::Result<()> {
    let (indexes, clients): (Vec<_>, Vec<_>) = names.into_iter().unzip();
    sqlx::query(
        "insert into client_external_ids (company_id, external_index, client_id)
         select $1, * from unnest($2::bytea[], $3::uuid[])",
    )
    .bind(Uuid::from(company))
    .bind(indexes)
    .bind(clients)
    .execute(tx)
    .await?;
    Ok(())
}

async fn known_clients(
    log: &EventLog,
    company: CompanyId,
    page: &[FileClient],
) -> sqlx::Result<HashMap<Vec<u8>, ClientId>> {
    let indexes: Vec<_> = page.iter().map(|client| name_of(log, &client.profile)).collect();
    let rows: Vec<(Vec<u8>, Uuid)> = sqlx::query_as(
        "select external_index, client_id from client_external_ids where company_id = $1 and external_index = any($2)",
    )
    .bind(Uuid::from(company))
    .bind(indexes)
    .fetch_all(log.pool())
    .await?;
    Ok(rows.into_iter().map(|(index, client)| (index, client.into())).collect())
}

async fn register(
    client: ClientId,
    company: CompanyId,
    profile: ClientProfile,
    (locale, time_zone): (Locale, TimeZone),
    context: &CommandContext,
) -> Result<Vec<Draft>, CommandError<ClientError>> {
    let profile = ClientProfile { contacts: merged(Vec::new(), profile.contacts), ..profile };
    let details = ClientDetails { profile, locale, time_zone };
    let command = ClientCommand::Register(RegisterClient { client, company, details });
    decide_on(Client::default(), 0, &client.to_string(), command, context).await
}

/// A client erased since the page was read is skipped: the next run registers it as a new person.
async fn change(
    client: &str,
    Loaded { state, sequence, .. }: Loaded<Client>,
    described: FileClient,
    context: &CommandContext,
) -> Result<Vec<Draft>, CommandError<ClientError>> {
    let Some(change) = state.served().and_then(|served| changed(served, described)) else {
        return Ok(vec![]);
    };
    decide_on(state, sequence, client, ClientCommand::Change(change), context).await
}

/// A name that differs only in the encoding of its letters is left as it is.
fn changed(served: &Served, FileClient { profile, emptied }: FileClient) -> Option<ClientChange> {
    let known = served.profile.get()?;
    let mut columns = known.columns.clone();
    columns.retain(|name, _| !emptied.contains(name));
    columns.extend(profile.columns);
    let contacts = merged(known.contacts.clone(), profile.contacts);
    let name = Some(profile.name).filter(|name| !is_same_text(name, &known.name));
    Some(ClientChange { name, contacts: Some(contacts), columns: Some(columns), ..ClientChange::default() })
}

fn name_of(log: &EventLog, profile: &ClientProfile) -> Vec<u8> {
    external_index(log, profile.external_id.as_deref().unwrap_or_default())
}

/// Two rows of one kind and name are two contacts of a person with two numbers. A contact that is equal in the file
/// stays. Any other row of the file replaces the next contact of the same kind and name that the file does not contain.
fn merged(mut contacts: Vec<Contact>, from_file: Vec<Contact>) -> Vec<Contact> {
    let is_among = |contacts: &[Contact], one: &Contact| contacts.iter().any(|other| other.is_same_as(one));
    let mut is_of_file: Vec<bool> = contacts.iter().map(|old| is_among(&from_file, old)).collect();
    for new in from_file {
        if is_among(&contacts, &new) {
            continue;
        }
        let is_replaced = |(old, is_of_file): (&Contact, &bool)| !is_of_file && old.is_same_person_as(&new);
        match contacts.iter().zip(&is_of_file).position(is_replaced) {
            Some(place) => {
                contacts[place] = new;
                is_of_file[place] = true;
            }
            None => {
                contacts.push(new);
                is_of_file.push(true);
            }
        }
    }
    contacts
}

fn taken_meanwhile(error: sqlx::Error) -> CommandError<ClientError> {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("external_id_is_taken") => CommandError::Conflict,
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use domain::value::ContactKind;

    use super::*;

    fn contact(name: &str, phone: &str) -> Contact {
        Contact { kind: ContactKind::Holder, name: name.into(), phone: Some(phone.into()), email: None }
    }

    #[test]
    fn a_file_replaces_a_contact_of_the_same_kind_and_name_and_removes_none() {
        let before = vec![contact("Ana", "+571"), contact("Luis", "+572")];
        let after = merged(before, vec![contact("Ana", "+573"), contact("Eva", "+574")]);
        assert_eq!(after, [contact("Ana", "+573"), contact("Luis", "+572"), contact("Eva", "+574")]);
    }

    #[test]
    fn the_same_file_twice_changes_nothing() {
        let file = vec![contact("Ana", "+571"), contact("Ana", "+572"), contact("Luis", "+573")];
        let once = merged(Vec::new(), file.clone());
        assert_eq!(merged(once.clone(), file), once);
    }

    #[test]
    fn the_same_file_in_decomposed_letters_changes_nothing() {
        let composed = vec![contact("Íñigo Peña", "+571"), contact("Ana", "+572")];
        let decomposed =
            vec![contact("I\u{301}n\u{303}igo  Pen\u{303}a", "+571"), contact("Ana\u{200b}", "+572")];
        assert_eq!(merged(composed.clone(), decomposed), composed);
        let moved = merged(composed, vec![contact("I\u{301}n\u{303}igo Pen\u{303}a", "+573")]);
        assert_eq!(
            moved.iter().map(|contact| contact.phone.as_deref()).collect::<Vec<_>>(),
            [Some("+573"), Some("+572")]
        );
    }

    #[test]
    fn somebody_with_two_numbers_has_both_whichever_of_them_a_later_file_has_or_changes() {
        let both = merged(Vec::new(), vec![contact("Ana", "+571"), contact("Ana", "+572")]);
        assert_eq!(both, [contact("Ana", "+571"), contact("Ana", "+572")]);
        assert_eq!(merged(both.clone(), vec![contact("Ana", "+572")]), both);
        let changed = merged(both, vec![contact("Ana", "+572"), contact("Ana", "+573")]);
        assert_eq!(changed, [contact("Ana", "+573"), contact("Ana", "+572")]);
    }
}
