//! The demo's companies. Their ids are fixed, so that the dispatcher recognizes them in any configuration.

use domain::company::CompanyDetails;
use domain::value::CompanyId;
use uuid::Uuid;

/// A company of the demo.
#[derive(Debug)]
pub struct DemoCompany {
    id: u128,
    name: &'static str,
    country: &'static str,
    time_zone: &'static str,
    /// The domain of its clients' addresses: no two companies share an address.
    pub(super) domain: &'static str,
    /// The first digits of its clients' mobile numbers, in E.164; seven more follow.
    pub(super) mobile: &'static str,
}

/// The companies of the demo data. Their messages never leave through a configured provider.
pub const COMPANIES: [DemoCompany; 3] = [
    DemoCompany {
        id: 0x0192_a000_0000_7000_8000_0000_0000_0001,
        name: "Vigía Andina",
        country: "CO",
        time_zone: "America/Bogota",
        domain: "co.clientes.test",
        mobile: "+57300",
    },
    DemoCompany {
        id: 0x0192_a000_0000_7000_8000_0000_0000_0002,
        name: "Custodia Caribe",
        country: "VE",
        time_zone: "America/Caracas",
        domain: "ve.clientes.test",
        mobile: "+58412",
    },
    DemoCompany {
        id: 0x0192_a000_0000_7000_8000_0000_0000_0003,
        name: "Centinela GPS México",
        country: "MX",
        time_zone: "America/Mexico_City",
        domain: "mx.clientes.test",
        mobile: "+52551",
    },
];

impl DemoCompany {
    /// The company's id.
    pub fn id(&self) -> CompanyId {
        Uuid::from_u128(self.id).into()
    }

    /// The company's details.
    pub(super) fn details(&self) -> CompanyDetails {
        CompanyDetails {
            name: self.name.parse().expect("a demo company's name is a name"),
            country: self.country.parse().expect("a demo company's country is a country"),
            time_zone: self.time_zone.parse().expect("a demo company's time zone is a time zone"),
        }
    }
}
