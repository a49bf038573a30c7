//! `/users`: the workers.

mod change;
mod create;
mod list;

use std::collections::BTreeSet;

use domain::value::CompanyId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Snapshot;
use crate::problem::{Answer, Fault, Faults, Kind, Problem, Reason};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list, create::create)).routes(routes!(change::change))
}

/// Refuses unknown companies, each by its place in the body, with at most one query.
async fn refuse_unknown_companies(state: &AppState, companies: &[CompanyId]) -> Answer<()> {
    if unknown(&*state.directory().snapshot().await?, companies).is_empty() {
        return Ok(());
    }
    let faults = unknown(&*state.directory().fresh().await?, companies);
    if faults.is_empty() { Ok(()) } else { Err(Problem::of_faults(Kind::Invalid, faults.into_vec())) }
}

fn unknown(known: &Snapshot, companies: &[CompanyId]) -> Faults {
    let mut faults = Faults::default();
    for (index, company) in companies.iter().enumerate() {
        if !known.has_company(*company) {
            faults.add(Fault::in_body(format!("/companies/{index}"), Reason::UnknownId));
        }
    }
    faults
}

fn each_once<T: Copy + Ord>(values: &[T]) -> BTreeSet<T> {
    values.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn unknown_companies_are_named_by_their_place_but_not_without_end() {
        let companies: Vec<CompanyId> = (1..=26_000).map(|id| Uuid::from_u128(id).into()).collect();
        let faults = unknown(&Snapshot::default(), &companies).into_vec();
        assert_eq!((faults.len(), faults[1].pointer.as_str()), (100, "/companies/1"));
    }
}
