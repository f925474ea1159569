//! `Get-ComplianceSearch`, so that the compliance service has something of its own to show.

use super::refuse_unevaluated;
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::organization::write_selected;
use crate::directory::value::{Kind, Value, ticks_from_unix};

/// Name, query and status of the searches that every tenant has.
const SEARCHES: [(&str, &str, &str); 3] = [
    ("Invoices 2025", "subject:invoice AND received>=2025-01-01", "Completed"),
    ("Press leak", "from:press AND kind:email", "Completed"),
    ("Équipe Paris", "participants:paris", "NotStarted"),
];

/// `Get-ComplianceSearch`
pub(super) fn get_search(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "ResultSize"])?;
    let mut found = SEARCHES.to_vec();
    if let Some(identity) = call.arguments.text("Identity") {
        let wanted = identity.trim().to_lowercase();
        found.retain(|(name, ..)| name.to_lowercase() == wanted);
        if found.is_empty() {
            return Err(ApiError::not_found(identity));
        }
    }
    let directory = super::read(call);
    call.list(
        |from| (from < found.len() as u64).then_some(from),
        |at, out| {
            let (name, query, status) = found[at as usize];
            let text = |text: &str| (Kind::Text, Value::text(text));
            let when = Value::Moment(ticks_from_unix(1_740_000_000));
            let properties: Vec<(&str, (Kind, Value))> = vec![
                ("Name", text(name)),
                ("Identity", text(&directory.seed.named_guid(&format!("compliance search {name}")))),
                ("ContentMatchQuery", text(query)),
                ("ExchangeLocation", (Kind::List, Value::List(vec!["All".to_owned()]))),
                ("Status", text(status)),
                ("CreatedBy", text(&format!("{} Admin", directory.seed.company.name))),
                ("CreatedTime", (Kind::MomentUtc, when.clone())),
                ("LastModifiedTime", (Kind::MomentUtc, when)),
                ("IsValid", (Kind::Bool, Value::Bool(true))),
                ("ObjectState", text("Unchanged")),
            ];
            let properties = properties.into_iter().map(|(name, (kind, value))| (name, kind, value));
            write_selected(out, properties, call.select.as_deref());
        },
    )
}
