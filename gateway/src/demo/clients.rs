//! The demo's clients. Fixed rules make them, so that every start makes the same ones.

use std::collections::BTreeMap;

use domain::client::{ClientProfile, Contact};
use domain::value::ContactKind;

use super::companies::DemoCompany;

const FIRST: [&str; 10] =
    ["Ana", "José", "María", "Luis", "Íngrid", "Raúl", "Begoña", "Iñaki", "Lucía", "Andrés"];
const LAST: [&str; 8] = ["Núñez", "Pérez", "Güiza", "Muñoz", "Castaño", "Díaz", "Ibáñez", "Rodríguez"];
const BUSINESS: [&str; 4] = ["Ferretería", "Panadería", "Droguería", "Taller"];

/// The `n`th client of a company. Every 20th holder's e-mail bounces, every 27th is classified as spam. Some of the
/// other contacts' mail servers and numbers are busy or slow, as the simulator's table of addresses says.
pub(super) fn client(company: &DemoCompany, n: usize) -> ClientProfile {
    let (first, last) = (FIRST[n % FIRST.len()], LAST[n / FIRST.len() % LAST.len()]);
    let holder = format!("{first} {last}");
    let name =
        if n.is_multiple_of(3) { format!("{} {last}", BUSINESS[n % BUSINESS.len()]) } else { holder.clone() };
    let mut contacts = vec![Contact {
        kind: ContactKind::Holder,
        name: holder,
        phone: Some(mobile(company, n * 3)),
        email: Some(at(company, &holder_email(first, last, n))),
    }];
    if n.is_multiple_of(2) {
        contacts.push(emergency(company, n));
    }
    if n.is_multiple_of(5) {
        contacts.push(authorized(company, n));
    }
    let plan = ["Básico", "Hogar", "Empresa"][n % 3].to_owned();
    let columns = BTreeMap::from([("plan".to_owned(), plan)]);
    ClientProfile { external_id: Some(format!("C-{:04}", n + 1)), name, contacts, columns }
}

fn at(company: &DemoCompany, local: &str) -> String {
    format!("{local}@{}", company.domain)
}

/// The local part of the address.
fn holder_email(first: &str, last: &str, n: usize) -> String {
    match n {
        n if n % 20 == 7 => format!("rebota+{n}"),
        n if n % 27 == 13 => format!("spam+{n}"),
        _ => format!("{}.{}{n}", ascii(first), ascii(last)),
    }
}

/// Every fourth contact has no e-mail address, every sixth a busy mail server.
fn emergency(company: &DemoCompany, n: usize) -> Contact {
    let name = format!("{} {}", FIRST[(n + 3) % FIRST.len()], LAST[(n + 1) % LAST.len()]);
    let email = match n {
        n if n.is_multiple_of(4) => None,
        n if n.is_multiple_of(6) => Some(at(company, &format!("ocupado+{n}"))),
        _ => Some(at(company, &format!("emergencia{n}"))),
    };
    Contact { kind: ContactKind::EmergencyContact, name, phone: Some(mobile(company, n * 3 + 1)), email }
}

/// Every second contact has no phone.
fn authorized(company: &DemoCompany, n: usize) -> Contact {
    let name = format!("{} {}", FIRST[(n + 5) % FIRST.len()], LAST[(n + 4) % LAST.len()]);
    let phone = n.is_multiple_of(10).then(|| mobile(company, n * 3 + 2));
    Contact {
        kind: ContactKind::AuthorizedUser,
        name,
        phone,
        email: Some(at(company, &format!("autorizado{n}"))),
    }
}

/// The simulator reacts to the endings 0001 to 0009: every 40th number bounces, the others avoid them.
fn mobile(company: &DemoCompany, number: usize) -> String {
    let ending = if number % 40 == 39 { 1 } else { 1_000 + number * 17 % 9_000 };
    format!("{}{:03}{ending:04}", company.mobile, 200 + number / 3)
}

fn ascii(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .map(|c| match c {
            'á' => 'a',
            'é' => 'e',
            'í' => 'i',
            'ó' => 'o',
            'ú' | 'ü' => 'u',
            'ñ' => 'n',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::value::{EmailAddress, PhoneNumber};

    use super::super::CLIENTS_EACH;
    use super::super::companies::COMPANIES;
    use super::*;

    #[test]
    fn every_address_is_valid_and_no_two_contacts_share_one() {
        let mut all = Vec::new();
        for company in &COMPANIES {
            let contacts: Vec<_> = (0..CLIENTS_EACH).flat_map(|n| client(company, n).contacts).collect();
            let country = company.details().country;
            for contact in &contacts {
                if let Some(phone) = &contact.phone {
                    assert_eq!(PhoneNumber::parse(phone, country).unwrap().as_str(), phone);
                }
                if let Some(email) = &contact.email {
                    assert!(EmailAddress::try_new(email).is_ok(), "{email}");
                }
            }
            all.extend(contacts.into_iter().flat_map(|contact| [contact.phone, contact.email]).flatten());
        }
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}
