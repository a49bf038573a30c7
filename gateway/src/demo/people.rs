//! The demo's users: at least one of every role.

use domain::value::Role;

/// A user of the demo.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) roles: &'static [Role],
    /// How many of the companies the user may act for, counted from the first.
    pub(super) companies: usize,
}

/// The users, the administrator last.
pub(super) const PEOPLE: [Person; 6] = [
    Person { name: "Óscar Operador", email: "operador@demo.test", roles: &[Role::Operator], companies: 3 },
    Person { name: "José Ñáñez", email: "jose@demo.test", roles: &[Role::Operator], companies: 2 },
    Person {
        name: "Natalia Notificadora",
        email: "notificador@demo.test",
        roles: &[Role::Operator, Role::Notifier],
        companies: 2,
    },
    Person { name: "Aurelio Auditor", email: "auditor@demo.test", roles: &[Role::Auditor], companies: 3 },
    Person {
        name: "Sofía Supervisora",
        email: "supervisora@demo.test",
        roles: &[Role::Operator, Role::Notifier, Role::Auditor],
        companies: 3,
    },
    Person { name: "Ada Administradora", email: "admin@demo.test", roles: &[Role::Admin], companies: 3 },
];

/// The e-mail addresses that the demo's users log in with.
pub(crate) fn logins() -> impl Iterator<Item = &'static str> {
    PEOPLE.iter().map(|person| person.email)
}
