//! The entity endpoints: OData GETs that show what the reading cmdlets show, with the types and names of the service's
//! own model. The answer comes from the cmdlet itself, so state, filters, rights and errors are the same.

pub mod endpoints;
pub mod filter;
pub mod model;
pub mod path;
pub mod query;

use std::sync::PoisonError;

use hyper::StatusCode;
use serde_json::{Map, Value as Json, json};

use self::endpoints::{Endpoint, Special, WITHOUT_EFFECT};
use self::model::{ENTITY_SETS, Entity};
use self::query::Query;
use super::errors::ApiError;
use super::invoke::{Call, Outcome, canonical, opened, page_size};
use super::{Caller, arguments, cmdlets, rbac};
use crate::catalog::Catalog;
use crate::directory::Directory;
use crate::directory::links::RecipientId;
use crate::directory::value::push_json_string;
use crate::http::{Reply, Request, reply};
use crate::log::LogFacts;
use crate::state::State;

/// How the client finds the object again that an entity comes from: every recipient has it, and no two share it.
const LINK: &str = "Guid";

/// An answer: entities, each as its members in order.
struct Answer {
    entities: Vec<Vec<(&'static str, Json)>>,
    next_link: Option<String>,
}

/// Answers a GET of the service document or of entities. `raw` is the path after the tenant, percent signs not decoded.
#[must_use]
pub fn get(state: &State, request: &Request, caller: &Caller<'_>, raw: &[&str]) -> Reply {
    if raw.is_empty() {
        return service_document(caller);
    }
    let mut facts = LogFacts::default();
    let mut response = match answer(state, request, caller, raw, &mut facts) {
        Ok((text, rows)) => {
            facts.rows = Some(rows);
            reply(StatusCode::OK, "application/json;odata.metadata=minimal;odata.streaming=true", text)
        }
        Err(error) => as_entity_error(error).reply(),
    };
    response.extensions_mut().insert(facts);
    response
}

fn service_document(caller: &Caller<'_>) -> Reply {
    let sets: Vec<Json> =
        ENTITY_SETS.iter().map(|name| json!({"name": name, "kind": "EntitySet", "url": name})).collect();
    crate::http::json(StatusCode::OK, &json!({"@odata.context": format!("{}/$metadata", caller.base), "value": sets}))
}

/// Entity endpoints have their own general text for an object that isn't there; the details are the cmdlet's.
fn as_entity_error(error: ApiError) -> ApiError {
    match error {
        ApiError::Envelope(StatusCode::NOT_FOUND, mut body) if body["error"]["code"] == "NotFound" => {
            // The service spells it so.
            let text = json!("An server side error occured.");
            body["error"]["message"] = text.clone();
            body["error"]["innererror"]["message"] = text;
            ApiError::Envelope(StatusCode::NOT_FOUND, body)
        }
        other => other,
    }
}

fn answer(
    state: &State,
    request: &Request,
    caller: &Caller<'_>,
    raw: &[&str],
    facts: &mut LogFacts,
) -> Result<(String, u64), ApiError> {
    let own_query: Vec<(String, String)> =
        request.query.iter().filter(|(name, _)| name != "$skiptoken").cloned().collect();
    let segments = path::parse(raw)?;
    let mut endpoint = endpoints::resolve(&segments, query::is_encoded(&own_query)?)?;
    facts.entity = Some(json!({
        "set": segments[0].name,
        "cmdlet": endpoint.cmdlet,
        "keys": endpoint.keys,
        "function": endpoint.function,
        "query": own_query.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>(),
    }));
    // A key names one entity; only cmdlets know wildcards.
    if let Some(key) = endpoint.keys.first().filter(|key| endpoint.single && key.contains('*')) {
        return Err(ApiError::not_found(key));
    }
    if !rbac::may_run(&caller.identity.role_groups, endpoint.cmdlet) {
        return Err(ApiError::unauthorized(endpoint.cmdlet));
    }
    let mut query = query::read(&own_query, &endpoint.asked)?;
    query.parameters.retain(|name, _| !WITHOUT_EFFECT.contains(&name.as_str()));
    if query.expand && !rbac::may_run(&caller.identity.role_groups, "Get-RecipientPermission") {
        return Err(ApiError::unauthorized("Get-RecipientPermission"));
    }
    endpoint.parameters.append(&mut query.parameters);
    let path = raw.join("/");
    let text: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&own_query).finish();
    let place = if text.is_empty() { format!("{path}?") } else { format!("{path}?{text}&") };
    let answer = run(state, request, caller, &endpoint, &query, place)?;
    write(caller, &endpoint, &query, answer)
}

/// Runs the cmdlet and makes entities of its objects. `place` is what links to further pages begin with.
fn run(
    state: &State,
    request: &Request,
    caller: &Caller<'_>,
    endpoint: &Endpoint,
    query: &Query,
    place: String,
) -> Result<Answer, ApiError> {
    let cmdlet = Catalog::get().cmdlet(caller.surface, endpoint.cmdlet);
    let cmdlet = cmdlet.unwrap_or_else(|| unreachable!("{} is in the catalogue", endpoint.cmdlet));
    let body: Map<String, Json> = [("Entity".to_owned(), json!(place))].into_iter().collect();
    let token = match request.query("$skiptoken") {
        None => None,
        // A link goes on with the path and query that it was made for and with no other.
        Some(text) => match opened(state, caller, text) {
            Some(token) if token.call == canonical(&body) => Some(token),
            _ => return Err(ApiError::expired_page()),
        },
    };
    // What the cmdlet is asked for: the properties that are shown, and what else is needed to make the entity.
    let select = match (&endpoint.special, query.selection.names()) {
        (Special::MailboxPermissions | Special::FolderPermissions | Special::InDatabase(_), _) | (_, None) => None,
        (_, Some(names)) => Some(names.iter().copied().chain([LINK]).map(str::to_owned).collect()),
    };
    let call = Call {
        state,
        caller,
        cmdlet: &cmdlet.name,
        arguments: arguments::check(caller.surface, cmdlet, &endpoint.parameters, &caller.realm.module_keys)?,
        select,
        body: &body,
        select_text: None,
        page_size: page_size(request)?,
        position: token.as_ref().map_or(0, |token| token.position),
        emitted: token.as_ref().map_or(0, |token| token.emitted),
        link: &place,
    };
    let outcome = match &endpoint.special {
        Special::PermittedRecipients { identity, trustee } => {
            cmdlets::permitted_recipients(&call, identity.as_deref(), trustee.as_deref())?
        }
        _ => match cmdlets::run(&call) {
            Some(outcome) => outcome?,
            None => return Err(ApiError::not_implemented(endpoint.cmdlet)),
        },
    };
    let objects = objects(&outcome);
    let directory = caller.realm.directory.read().unwrap_or_else(PoisonError::into_inner);
    let entities = entities(&directory, endpoint, query, objects)?;
    Ok(Answer { entities, next_link: outcome.next_link })
}

/// The objects that a cmdlet gave back.
fn objects(outcome: &Outcome) -> Vec<Map<String, Json>> {
    serde_json::from_str(&format!("[{}]", outcome.objects))
        .unwrap_or_else(|error| unreachable!("cmdlets write JSON: {error}"))
}

/// The entities of the objects.
fn entities(
    directory: &Directory,
    endpoint: &Endpoint,
    query: &Query,
    objects: Vec<Map<String, Json>>,
) -> Result<Vec<Vec<(&'static str, Json)>>, ApiError> {
    let entity = endpoint.asked.entity;
    let objects = match &endpoint.special {
        Special::MailboxPermissions => by_user(objects),
        Special::FolderPermissions => objects.into_iter().map(|object| with_folder_user(directory, object)).collect(),
        Special::InDatabase(database) => {
            in_database(directory, &endpoint.keys[0], database)?;
            objects
        }
        Special::None | Special::PermittedRecipients { .. } => objects,
    };
    let trustee = match &endpoint.special {
        Special::PermittedRecipients { trustee: Some(trustee), .. } => Some(cmdlets::trustee(directory, trustee)?),
        _ => None,
    };
    let with_permissions = query.expand || matches!(endpoint.special, Special::PermittedRecipients { .. });
    Ok(objects
        .iter()
        .map(|object| {
            let mut members = query.selection.apply(entity, object);
            if with_permissions {
                let link = object.get(LINK).and_then(Json::as_str).unwrap_or("");
                members.push(("RecipientPermission", send_as(directory, link, trustee.as_deref())));
            }
            members
        })
        .collect())
}

/// One entity for each user, with all that the rows say about the user.
fn by_user(rows: Vec<Map<String, Json>>) -> Vec<Map<String, Json>> {
    let mut entities: Vec<Map<String, Json>> = Vec::new();
    for row in rows {
        let mailbox = row.get("Identity").cloned().unwrap_or_default();
        let owner = row.get("Owner").cloned();
        let is_owner = owner.is_some();
        let user = owner.or_else(|| row.get("User").cloned()).unwrap_or_default();
        let member = |name: &str| row.get(name).cloned().unwrap_or_default();
        let permission = json!({
            "AccessRights": member("AccessRights"),
            "IsInherited": member("IsInherited"),
            "Deny": member("Deny"),
            "InheritanceType": member("InheritanceType"),
        });
        let at = entities.iter().position(|entity| entity["User"] == user).unwrap_or_else(|| {
            // What the key of a permission is made of isn't published; it names the mailbox and the user.
            let id = format!("{}\\{}", mailbox.as_str().unwrap_or(""), user.as_str().unwrap_or(""));
            let entity = [
                ("PermissionId", json!(id)),
                ("MailboxIdentity", mailbox.clone()),
                ("User", user.clone()),
                ("IsOwner", json!(is_owner)),
                ("PermissionList", json!([])),
            ];
            entities.push(entity.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
            entities.len() - 1
        });
        if let Some(Json::Array(list)) = entities[at].get_mut("PermissionList").filter(|_| !is_owner) {
            list.push(permission);
        }
    }
    entities
}

/// A permission on a folder with its user as the model has it.
fn with_folder_user(directory: &Directory, mut row: Map<String, Json>) -> Map<String, Json> {
    let user = row.get("User").and_then(Json::as_str).unwrap_or("").to_owned();
    let user = match user.as_str() {
        "Default" | "Anonymous" => json!({"UserPrincipalName": null, "UserType": user, "DisplayName": user}),
        _ => {
            let name = match directory.recipient(&user) {
                Ok(RecipientId::Mailbox(index)) => json!(directory.mailbox(index).text("UserPrincipalName")),
                _ => Json::Null,
            };
            json!({"UserPrincipalName": name, "UserType": "Internal", "DisplayName": user})
        }
    };
    row.insert("MailboxFolderUser".to_owned(), user);
    let folder = row.get("Identity").cloned().unwrap_or_default();
    row.insert("MailboxFolderIdentity".to_owned(), folder);
    row
}

/// Checks that a mailbox is in a database.
fn in_database(directory: &Directory, mailbox: &str, database: &str) -> Result<(), ApiError> {
    match directory.recipient(mailbox) {
        Ok(RecipientId::Mailbox(index)) if directory.mailbox(index).text("DatabaseGuid") == database => Ok(()),
        _ => Err(ApiError::not_found(mailbox)),
    }
}

/// Who may send as a recipient.
fn send_as(directory: &Directory, link: &str, trustee: Option<&str>) -> Json {
    // A recipient that went meanwhile has nobody who may send as it.
    let Ok(recipient) = directory.recipient(link) else {
        return json!([]);
    };
    let owner = directory.recipient_text(recipient, "Name");
    let users = directory.send_as(recipient).into_iter();
    let users = users.filter(|user| trustee.is_none_or(|trustee| user.eq_ignore_ascii_case(trustee)));
    let permission = |user: String| {
        json!({
            "Identity": owner,
            "Trustee": user,
            "AccessControlType": "Allow",
            "AccessRights": ["SendAs"],
            "IsInherited": false,
            "InheritanceType": "None",
        })
    };
    users.map(permission).collect()
}

/// The answer's text and number of rows.
fn write(caller: &Caller<'_>, endpoint: &Endpoint, query: &Query, answer: Answer) -> Result<(String, u64), ApiError> {
    let rows = answer.entities.len() as u64;
    let entity = endpoint.asked.entity;
    let is_structure =
        matches!(entity, Entity::MailboxStatistics | Entity::MailboxFolderStatistics | Entity::MobileDeviceStatistics);
    let mut context = format!("{}/$metadata#{}", caller.base, endpoint.context);
    if let Some(names) = query.selection.names().filter(|names| !names.is_empty()) {
        context = format!("{context}({})", names.join(","));
    }
    if endpoint.single && !is_structure {
        context.push_str("/$entity");
    }
    let mut text = String::from("{\"@odata.context\":");
    push_json_string(&mut text, &context);
    if endpoint.single {
        let Some(entity) = answer.entities.first() else {
            return Err(ApiError::not_found(endpoint.keys.first().map_or("", String::as_str)));
        };
        for (name, value) in entity {
            text.push(',');
            push_member(&mut text, name, value);
        }
        text.push('}');
        return Ok((text, rows));
    }
    text.push_str(",\"value\":[");
    for (number, entity) in answer.entities.iter().enumerate() {
        text.push_str(if number == 0 { "{" } else { ",{" });
        for (at, (name, value)) in entity.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            push_member(&mut text, name, value);
        }
        text.push('}');
    }
    text.push(']');
    if let Some(link) = &answer.next_link {
        text.push_str(",\"@odata.nextLink\":");
        push_json_string(&mut text, link);
    }
    text.push('}');
    Ok((text, rows))
}

fn push_member(text: &mut String, name: &str, value: &Json) {
    push_json_string(text, name);
    text.push(':');
    text.push_str(&value.to_string());
}
