//! Who has which management role: the role groups, each of whose roles is an assignment, and people, security groups and
//! policies that have a role by themselves.

use super::generic::{identity, one};
use super::roles::members;
use super::wildcard::Wildcard;
use super::{Cmdlet, one_recipient, read, refuse_unevaluated, texts, write};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::links::{LinkKind, RecipientId};
use crate::directory::objects::Entry;
use crate::directory::organization::write_selected;
use crate::directory::roles::{MANAGEMENT_ROLE, MANAGEMENT_SCOPE, ROLE_ASSIGNMENT, ROLE_GROUP};
use crate::directory::value::{Kind, Value};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-ManagementRoleAssignment", get),
    ("New-ManagementRoleAssignment", new),
    ("Remove-ManagementRoleAssignment", remove),
    ("Set-ManagementRoleAssignment", set),
];

/// The policy by which people have roles on their own mailboxes.
const POLICY: &str = "Default Role Assignment Policy";

/// One role of one assignee.
#[derive(Clone)]
struct Assignment {
    name: String,
    role: String,
    assignee: String,
    assignee_type: &'static str,
    method: &'static str,
    effective: String,
    delegating: bool,
    scope: String,
    custom_scope: String,
    when: Value,
}

/// What the assignments of a role group have besides their names and roles.
fn of_group(group: &Entry) -> Assignment {
    Assignment {
        name: String::new(),
        role: String::new(),
        assignee: group.text("Name"),
        assignee_type: "RoleGroup",
        method: "RoleGroup",
        effective: "All Group Members".to_owned(),
        delegating: false,
        scope: "Organization".to_owned(),
        custom_scope: String::new(),
        when: group.get("WhenCreatedUTC"),
    }
}

/// The names and roles of a role group's assignments.
fn pairs(group: &Entry) -> impl Iterator<Item = (String, String)> {
    group.list("RoleAssignments").into_iter().zip(group.list("Roles"))
}

/// An assignment without a role group.
fn direct(directory: &Directory, entry: &Entry) -> Assignment {
    let assignee_type = match entry.text("RoleAssigneeType").as_str() {
        "SecurityGroup" => "SecurityGroup",
        "RoleAssignmentPolicy" => "RoleAssignmentPolicy",
        _ => "User",
    };
    // People and groups are kept by their GUIDs, so that they may be renamed.
    let kept = entry.text("RoleAssignee");
    let assignee = match directory.recipient(&kept) {
        Ok(recipient) => directory.recipient_text(recipient, "Name"),
        Err(_) => kept,
    };
    let effective = match assignee_type {
        "SecurityGroup" => "All Group Members".to_owned(),
        "RoleAssignmentPolicy" => "All Policy Assignees".to_owned(),
        _ => assignee.clone(),
    };
    Assignment {
        name: entry.text("Name"),
        role: entry.text("Role"),
        assignee,
        assignee_type,
        method: if assignee_type == "User" { "Direct" } else { assignee_type },
        effective,
        delegating: entry.flag("Delegating"),
        scope: entry.text("RecipientWriteScope"),
        custom_scope: scope_name(directory, &entry.text("CustomRecipientWriteScope")),
        when: entry.get("WhenCreatedUTC"),
    }
}

/// What a scope is called that an assignment keeps by its GUID.
fn scope_name(directory: &Directory, guid: &str) -> String {
    let scopes = directory.collection(&MANAGEMENT_SCOPE);
    scopes
        .find_by("Guid", guid)
        .and_then(|number| scopes.get(number))
        .map(|scope| scope.text("Name"))
        .unwrap_or_default()
}

/// What parameters that bind an assignment to recipients make of it: the kind of scope, and the GUID of a management scope.
/// Which of them is exclusive has to be bound as such.
fn asked_scope(call: &Call<'_>, directory: &Directory) -> Result<Option<(String, String)>, ApiError> {
    let scopes = directory.collection(&MANAGEMENT_SCOPE);
    let given: Vec<&str> = ["CustomRecipientWriteScope", "ExclusiveRecipientWriteScope", "RecipientRelativeWriteScope"]
        .into_iter()
        .filter(|name| call.arguments.text(name).is_some())
        .collect();
    let (name, value) = match given[..] {
        [] => return Ok(None),
        [name] => (name, call.arguments.text(name).unwrap_or("")),
        _ => return Err(ApiError::parameters(format!("{} can't be used together.", given.join(" and ")))),
    };
    if name == "RecipientRelativeWriteScope" {
        return Ok(Some((value.to_owned(), String::new())));
    }
    let number = one(scopes, value)?;
    let scope = scopes.get(number).unwrap_or_else(|| unreachable!("it was found just now"));
    let exclusive = name == "ExclusiveRecipientWriteScope";
    if scope.flag("Exclusive") != exclusive {
        let what = if exclusive { "isn't exclusive" } else { "is exclusive" };
        return Err(ApiError::cmdlet(types::VALIDATION, format!("The management scope '{value}' {what}.")));
    }
    let kind = if exclusive { "ExclusiveRecipientScope" } else { "CustomRecipientScope" };
    Ok(Some((kind.to_owned(), scope.text("Guid"))))
}

/// The members of the security group that an assignment is of.
fn holders(directory: &Directory, entry: &Entry) -> Vec<RecipientId> {
    match directory.recipient(&entry.text("RoleAssignee")) {
        Ok(RecipientId::Other(number)) => directory.members(number, LinkKind::Members),
        Ok(mailbox) => vec![mailbox],
        Err(_) => vec![],
    }
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "Identity",
            "AssignmentMethod",
            "CustomRecipientWriteScope",
            "Delegating",
            "Enabled",
            "Exclusive",
            "ExclusiveRecipientWriteScope",
            "GetEffectiveUsers",
            "RecipientWriteScope",
            "Role",
            "RoleAssignee",
            "RoleAssigneeType",
        ],
    )?;
    let directory = read(call);
    let arguments = &call.arguments;
    let groups = directory.collection(&ROLE_GROUP);
    let is = |name: &str, value: &str| arguments.text(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value));
    if let Some(role) = arguments.text("Role") {
        one(directory.collection(&MANAGEMENT_ROLE), role)?;
    }
    let wanted = arguments.text("RoleAssignee").filter(|assignee| !assignee.eq_ignore_ascii_case(POLICY));
    // A person has the roles of the groups whose member the person is.
    let person = match wanted {
        Some(assignee) if groups.find(assignee).is_empty() => Some(one_recipient(&directory, assignee)?),
        _ => None,
    };
    let effective = arguments.switch("GetEffectiveUsers");
    let mut found: Vec<Assignment> = Vec::new();
    let mut add = |assignment: Assignment, users: &[RecipientId]| {
        if effective && assignment.method != "Direct" && assignment.assignee_type != "RoleAssignmentPolicy" {
            // Of a person's group only the person is asked for, of the group itself everybody.
            let only = person.filter(|person| users.contains(person));
            let users = users.iter().filter(|user| only.is_none_or(|only| only == **user));
            found.extend(users.map(|user| {
                let effective = directory.recipient_text(*user, "Name");
                Assignment { effective, ..assignment.clone() }
            }));
        } else {
            found.push(assignment);
        }
    };
    for (_, group) in groups.iter() {
        let members = members(&directory, group);
        let concerned = match person {
            Some(person) => members.contains(&person),
            None => is("RoleAssignee", &group.text("Name")),
        };
        if concerned {
            for (name, role) in pairs(group) {
                add(Assignment { name, role, ..of_group(group) }, &members);
            }
        }
    }
    for (_, entry) in directory.collection(&ROLE_ASSIGNMENT).iter() {
        let holders = holders(&directory, entry);
        let concerned = match person {
            Some(person) => holders.contains(&person) || directory.recipient(&entry.text("RoleAssignee")) == Ok(person),
            None => is("RoleAssignee", &entry.text("RoleAssignee")),
        };
        if concerned {
            add(direct(&directory, entry), &holders);
        }
    }
    let scopes = directory.collection(&MANAGEMENT_SCOPE);
    let mut bound_to = Vec::new();
    for name in ["CustomRecipientWriteScope", "ExclusiveRecipientWriteScope"] {
        if let Some(scope) = arguments.text(name) {
            bound_to.extend(scopes.get(one(scopes, scope)?).map(|scope| scope.text("Name")));
        }
    }
    let methods = texts(arguments.get("AssignmentMethod"));
    let wildcard = Wildcard::of(call);
    let flag = |name: &str| arguments.get(name).and_then(serde_json::Value::as_bool);
    found.retain(|assignment| {
        is("Role", &assignment.role)
            && is("RoleAssigneeType", assignment.assignee_type)
            && methods.as_ref().is_none_or(|methods| {
                methods.iter().any(|method| method.eq_ignore_ascii_case(assignment.method))
            })
            && flag("Delegating").is_none_or(|wanted| wanted == assignment.delegating)
            && is("RecipientWriteScope", &assignment.scope)
            && bound_to.iter().all(|scope| *scope == assignment.custom_scope)
            && flag("Exclusive").is_none_or(|wanted| wanted == (assignment.scope == "ExclusiveRecipientScope"))
            // All of them are in force.
            && flag("Enabled") != Some(false)
            && match &wildcard {
                Some(wildcard) => wildcard.fits(|name| match name {
                    "Name" => Value::text(&assignment.name),
                    _ => Value::Null,
                }),
                None => identity(call).is_empty() || is("Identity", &assignment.name),
            }
    });
    if let Some(wanted) = arguments.text("Identity").filter(|_| found.is_empty() && wildcard.is_none()) {
        return Err(ApiError::not_found(wanted));
    }
    call.list(
        |from| (from < found.len() as u64).then_some(from),
        |at, out| show(call, &directory, &found[at as usize], out),
    )
}

fn show(call: &Call<'_>, directory: &Directory, assignment: &Assignment, out: &mut String) {
    let name = &assignment.name;
    let guid = directory.seed.named_guid(&format!("role assignment {name}"));
    let text = |text: &str| (Kind::Text, Value::text(text));
    let properties = [
        ("AssignmentMethod", text(assignment.method)),
        ("ConfigReadScope", text("OrganizationConfig")),
        ("ConfigWriteScope", text("OrganizationConfig")),
        ("CustomRecipientWriteScope", text(&assignment.custom_scope)),
        ("EffectiveUserName", text(&assignment.effective)),
        ("Enabled", (Kind::Bool, Value::Bool(true))),
        ("Guid", (Kind::Guid, Value::text(guid))),
        ("Id", text(name)),
        ("Identity", text(name)),
        ("IsValid", (Kind::Bool, Value::Bool(true))),
        ("Name", text(name)),
        ("ObjectState", text("Unchanged")),
        ("RecipientReadScope", text("Organization")),
        ("RecipientWriteScope", text(&assignment.scope)),
        ("Role", text(&assignment.role)),
        ("RoleAssignee", text(&assignment.assignee)),
        ("RoleAssigneeName", text(&assignment.assignee)),
        ("RoleAssigneeType", text(assignment.assignee_type)),
        ("RoleAssignmentDelegationType", text(if assignment.delegating { "DelegatingOrgWide" } else { "Regular" })),
        ("User", text(&assignment.assignee)),
        ("WhenCreated", (Kind::MomentOffset, assignment.when.clone())),
        ("WhenCreatedUTC", (Kind::MomentUtc, assignment.when.clone())),
    ];
    write_selected(
        out,
        properties.into_iter().map(|(name, (kind, value))| (name, kind, value)),
        call.select.as_deref(),
    );
}

/// Whether an assignment has that name.
fn is_taken(directory: &Directory, name: &str) -> bool {
    let groups = directory.collection(&ROLE_GROUP);
    let mut of_groups = groups.iter().flat_map(|(_, group)| group.list("RoleAssignments"));
    of_groups.any(|known| known.eq_ignore_ascii_case(name))
        || directory.collection(&ROLE_ASSIGNMENT).find_by("Name", name).is_some()
}

/// Gives somebody a role.
fn new(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "Name",
            "CustomRecipientWriteScope",
            "Delegating",
            "ExclusiveRecipientWriteScope",
            "Force",
            "Policy",
            "RecipientRelativeWriteScope",
            "Role",
            "SecurityGroup",
            "User",
        ],
    )?;
    let mut directory = write(call);
    let arguments = &call.arguments;
    let roles = directory.collection(&MANAGEMENT_ROLE);
    let number = one(roles, arguments.text("Role").unwrap_or(""))?;
    let role = roles.get(number).map(|role| role.text("Name")).unwrap_or_default();
    let delegating = arguments.switch("Delegating");
    let groups = directory.collection(&ROLE_GROUP);
    let group = match arguments.text("SecurityGroup").map(|group| groups.find(group)).as_deref() {
        Some([number]) => Some(*number),
        _ => None,
    };
    // Kept, shown, and what it is.
    let (kept, shown, kind) = match (group, arguments.text("SecurityGroup"), arguments.text("User")) {
        (Some(number), ..) => {
            let name = groups.get(number).map(|group| group.text("Name")).unwrap_or_default();
            (name.clone(), name, "RoleGroup")
        }
        (None, Some(security), _) => {
            let recipient = one_recipient(&directory, security)?;
            let is_security = directory.recipient_text(recipient, "RecipientType") == "MailUniversalSecurityGroup";
            let name = directory.recipient_text(recipient, "Name");
            if !is_security {
                return Err(ApiError::cmdlet(types::VALIDATION, format!("'{name}' isn't a security group.")));
            }
            (directory.recipient_text(recipient, "Guid"), name, "SecurityGroup")
        }
        (None, None, Some(user)) => {
            let recipient = one_recipient(&directory, user)?;
            let name = directory.recipient_text(recipient, "Name");
            if !matches!(directory.recipient_text(recipient, "RecipientType").as_str(), "UserMailbox" | "MailUser") {
                return Err(ApiError::cmdlet(types::VALIDATION, format!("'{name}' isn't a user.")));
            }
            (directory.recipient_text(recipient, "Guid"), name, "User")
        }
        (None, None, None) => match arguments.text("Policy") {
            Some(policy) if policy.eq_ignore_ascii_case(POLICY) => {
                (POLICY.to_owned(), POLICY.to_owned(), "RoleAssignmentPolicy")
            }
            Some(policy) => return Err(ApiError::not_found(policy)),
            None => return Err(ApiError::parameters("Use SecurityGroup, User or Policy to say who gets the role.")),
        },
    };
    let default = format!("{role}-{shown}{}", if delegating { "-Delegating" } else { "" });
    let name = arguments.text("Name").map(str::trim).filter(|name| !name.is_empty()).unwrap_or(&default).to_owned();
    if is_taken(&directory, &name) {
        return Err(ApiError::already_exists(&format!("The role assignment '{name}' already exists.")));
    }
    let mut entry =
        Entry::created(&ROLE_ASSIGNMENT, &directory.seed, &name, directory.collection(&ROLE_ASSIGNMENT).next())
            .with("Role", Value::text(&role))
            .with("RoleAssignee", Value::text(kept))
            .with("RoleAssigneeType", Value::text(kind))
            .with("Delegating", Value::Bool(delegating));
    let scope = asked_scope(call, &directory)?;
    if group.is_some() && (delegating || scope.is_some()) {
        return Err(ApiError::not_implemented("roles that a role group has in part or may pass on"));
    }
    if let Some((kind, guid)) = scope {
        entry.set("RecipientWriteScope", Value::Text(kind));
        entry.set("CustomRecipientWriteScope", Value::Text(guid));
    }
    let assignment = match group.and_then(|number| groups.get(number)) {
        Some(group) => {
            Assignment { name: name.clone(), role: role.clone(), when: entry.get("WhenCreatedUTC"), ..of_group(group) }
        }
        None => direct(&directory, &entry),
    };
    if arguments.what_if {
        return Ok(Outcome::default());
    }
    let mut object = String::new();
    show(call, &directory, &assignment, &mut object);
    match group {
        Some(number) => {
            if let Some(group) = directory.collection_mut(&ROLE_GROUP).get_mut(number) {
                for (property, item) in [("Roles", role), ("RoleAssignments", name)] {
                    let mut items = group.list(property);
                    items.push(item);
                    group.set(property, Value::List(items));
                }
            }
        }
        None => {
            directory.collection_mut(&ROLE_ASSIGNMENT).add(entry);
        }
    }
    Ok(Outcome::one(object))
}

/// Takes a role away.
fn remove(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Force"])?;
    let mut directory = write(call);
    let wanted = identity(call).trim().to_owned();
    let mut of_groups = directory.collection(&ROLE_GROUP).iter().filter_map(|(number, group)| {
        let at = group.list("RoleAssignments").iter().position(|name| name.eq_ignore_ascii_case(&wanted))?;
        Some((number, at))
    });
    if let Some((number, at)) = of_groups.next() {
        drop(of_groups);
        if let Some(group) = directory.collection_mut(&ROLE_GROUP).get_mut(number).filter(|_| !call.arguments.what_if) {
            for property in ["Roles", "RoleAssignments"] {
                let mut items = group.list(property);
                items.remove(at);
                group.set(property, Value::List(items));
            }
        }
        return Ok(Outcome::default());
    }
    drop(of_groups);
    let number = one(directory.collection(&ROLE_ASSIGNMENT), &wanted)?;
    if !call.arguments.what_if {
        directory.collection_mut(&ROLE_ASSIGNMENT).remove(number);
    }
    Ok(Outcome::default())
}

/// Binds the role that somebody has to other recipients.
fn set(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &[
            "Identity",
            "CustomRecipientWriteScope",
            "ExclusiveRecipientWriteScope",
            "Force",
            "RecipientRelativeWriteScope",
        ],
    )?;
    let mut directory = write(call);
    let wanted = identity(call).trim().to_owned();
    let assignments = directory.collection(&ROLE_ASSIGNMENT);
    if assignments.find(&wanted).is_empty() && is_taken(&directory, &wanted) {
        return Err(ApiError::not_implemented("roles that a role group has in part"));
    }
    let number = one(assignments, &wanted)?;
    let Some((kind, guid)) = asked_scope(call, &directory)? else {
        return Ok(Outcome::changed(false, &wanted));
    };
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let at =
        |name: &str| ROLE_ASSIGNMENT.schema().position(name).unwrap_or_else(|| unreachable!("{name} is its property"));
    let changes =
        vec![(at("RecipientWriteScope"), Value::Text(kind)), (at("CustomRecipientWriteScope"), Value::Text(guid))];
    let entry = directory.collection_mut(&ROLE_ASSIGNMENT).get_mut(number);
    let changed = entry.is_some_and(|entry| entry.change(changes));
    Ok(Outcome::changed(changed, &wanted))
}
