//! `InvokeCommand`: reading the call, checking it, running the cmdlet, and the answer's envelope.

use hyper::StatusCode;
use serde_json::{Map, Value};

use super::arguments::{Arguments, check};
use super::errors::ApiError;
use super::paging::{PageToken, ResultSize, page};
use super::{Caller, anchor, cmdlets, rbac};
use crate::catalog::Catalog;
use crate::directory::value::push_json_string;
use crate::http::{Body, Reply, Request, reply};
use crate::log::LogFacts;
use crate::state::{State, now};

const MORE_RESULTS: &str = "There are more results available than are currently displayed. To view them, increase the value \
                            for the ResultSize parameter.";

/// A call being answered.
pub struct Call<'a> {
    /// The tenant's state.
    pub state: &'a State,
    /// Who calls.
    pub caller: &'a Caller<'a>,
    /// The cmdlet's name.
    pub cmdlet: &'a str,
    /// The checked parameters.
    pub arguments: Arguments<'a>,
    /// The properties that `$select` names.
    pub select: Option<Vec<String>>,
    /// What the call is, as links to further pages say it.
    pub(super) body: &'a Map<String, Value>,
    /// The `$select` of the first page.
    pub(super) select_text: Option<String>,
    /// The largest number of results of a page.
    pub(super) page_size: u64,
    /// Where the page begins.
    pub(super) position: u64,
    /// How many results the pages before had.
    pub(super) emitted: u64,
    /// The path and query after the base that links to further pages begin with.
    pub(super) link: &'a str,
}

/// What a cmdlet gives back.
#[derive(Default)]
pub struct Outcome {
    /// The objects' JSON, separated by commas.
    pub objects: String,
    /// Number of objects.
    pub rows: u64,
    /// Warnings.
    pub warnings: Vec<String>,
    /// The link to the next page.
    pub next_link: Option<String>,
}

impl Outcome {
    /// One object.
    #[must_use]
    pub fn one(object: String) -> Self {
        Self { objects: object, rows: 1, ..Self::default() }
    }

    /// Nothing but perhaps a warning that nothing was changed.
    #[must_use]
    pub fn changed(changed: bool, name: &str) -> Self {
        let warnings = if changed {
            vec![]
        } else {
            vec![format!("The command completed successfully but no settings of '{name}' have been modified.")]
        };
        Self { warnings, ..Self::default() }
    }
}

impl Call<'_> {
    /// The `ResultSize` parameter.
    ///
    /// # Errors
    ///
    /// It is no size.
    pub fn result_size(&self) -> Result<ResultSize, ApiError> {
        let refuse = |value: &Value| {
            Err(ApiError::transformation(
                "ResultSize",
                format!(
                    "Cannot convert value \"{}\" to type \"Unlimited\": use a number from 1, or Unlimited.",
                    value.to_string().trim_matches('"')
                ),
            ))
        };
        match self.arguments.get("ResultSize") {
            None => Ok(ResultSize::Default),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("Unlimited") => Ok(ResultSize::Unlimited),
            Some(value @ Value::String(text)) => match text.trim().parse::<u64>() {
                Ok(count) if count > 0 => Ok(ResultSize::Exactly(count)),
                _ => refuse(value),
            },
            Some(value) => match value.as_u64() {
                Some(count) if count > 0 => Ok(ResultSize::Exactly(count)),
                _ => refuse(value),
            },
        }
    }

    /// Answers a page of a list.
    ///
    /// # Errors
    ///
    /// The `ResultSize` is no size.
    pub fn list(
        &self,
        find: impl FnMut(u64) -> Option<u64>,
        write: impl FnMut(u64, &mut String),
    ) -> Result<Outcome, ApiError> {
        let page = page(self.result_size()?, self.page_size, self.position, self.emitted, find, write);
        let next_link = page.next.map(|position| {
            let token = PageToken {
                tenant: self.caller.tenant.to_lowercase(),
                caller: self.caller.identity.object_id.clone(),
                call: canonical(self.body),
                select: self.select_text.clone(),
                position,
                emitted: self.emitted + page.rows,
                expires: now() + self.state.options.page_token_lifetime_seconds as i64,
            };
            format!("{}/{}%24skiptoken={}", self.caller.base, self.link, token.seal(&self.state.page_key))
        });
        Ok(Outcome {
            objects: page.objects,
            rows: page.rows,
            // A page with a link has the warning too, whatever was asked for; hiding it is the client's part.
            warnings: if page.more { vec![MORE_RESULTS.to_owned()] } else { vec![] },
            next_link,
        })
    }
}

/// Answers a call, or a link to a further page followed by POST with the call's body.
#[must_use]
pub fn post(state: &State, request: &Request, caller: &Caller<'_>) -> Reply {
    if request.media_type() != "application/json" {
        return ApiError::Bare(StatusCode::UNSUPPORTED_MEDIA_TYPE).reply();
    }
    let body: Map<String, Value> = match serde_json::from_slice(&request.body) {
        Ok(Value::Object(body)) => body,
        _ => return ApiError::odata("Unable to read the request body as a JSON object.").reply(),
    };
    let token = match request.query("$skiptoken") {
        None => None,
        Some(text) => match opened(state, caller, text) {
            // A link goes on with the call it was made for and with no other.
            Some(token) if token.call == canonical(&body) => Some(token),
            _ => return with_cmdlet(state, ApiError::expired_page().reply(), &body),
        },
    };
    let response = run(state, request, caller, &body, token.as_ref());
    with_cmdlet(state, response, &body)
}

/// Answers a link to a further page followed by GET.
#[must_use]
pub fn get(state: &State, request: &Request, caller: &Caller<'_>) -> Reply {
    let Some(token) = opened(state, caller, request.query("$skiptoken").unwrap_or("")) else {
        return ApiError::expired_page().reply();
    };
    let Ok(body) = serde_json::from_str::<Map<String, Value>>(&token.call) else {
        return ApiError::expired_page().reply();
    };
    let response = run(state, request, caller, &body, Some(&token));
    with_cmdlet(state, response, &body)
}

/// The page that a `$skiptoken` leads to, if it is the caller's and still alive.
pub(super) fn opened(state: &State, caller: &Caller<'_>, text: &str) -> Option<PageToken> {
    PageToken::open(text, &state.page_key, now())
        .filter(|token| token.tenant == caller.tenant.to_lowercase() && token.caller == caller.identity.object_id)
}

fn with_cmdlet(state: &State, mut response: Reply, body: &Map<String, Value>) -> Reply {
    let input = body.get("CmdletInput");
    let name = input.and_then(|input| input["CmdletName"].as_str());
    let mut facts = response.extensions_mut().remove::<LogFacts>().unwrap_or_default();
    // A name of any length may come from outside.
    facts.cmdlet_name = name.map(|name| name.chars().take(100).collect());
    if state.options.log_parameters {
        facts.parameters = input.and_then(|input| input.get("Parameters")).cloned();
    }
    response.extensions_mut().insert(facts);
    response
}

/// The call in a form that is the same for every spelling of the same JSON: members by name, no blanks.
pub(super) fn canonical(body: &Map<String, Value>) -> String {
    let mut text = String::new();
    push_canonical(&mut text, body);
    text
}

fn push_canonical(out: &mut String, object: &Map<String, Value>) {
    let mut members: Vec<(&String, &Value)> = object.iter().collect();
    members.sort_by_key(|(name, _)| *name);
    out.push('{');
    for (number, (name, value)) in members.into_iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        push_json_string(out, name);
        out.push(':');
        match value {
            Value::Object(inner) => push_canonical(out, inner),
            other => out.push_str(&other.to_string()),
        }
    }
    out.push('}');
}

fn run(
    state: &State,
    request: &Request,
    caller: &Caller<'_>,
    body: &Map<String, Value>,
    token: Option<&PageToken>,
) -> Reply {
    match outcome(state, request, caller, body, token) {
        Ok(outcome) => success(request, caller, outcome),
        Err(error) => error.reply(),
    }
}

fn outcome(
    state: &State,
    request: &Request,
    caller: &Caller<'_>,
    body: &Map<String, Value>,
    token: Option<&PageToken>,
) -> Result<Outcome, ApiError> {
    match request.header("x-responseformat").map(str::to_ascii_lowercase).as_deref() {
        None | Some("json") => {}
        Some("clixml") => return Err(ApiError::not_implemented("the response format clixml")),
        Some(other) => return Err(ApiError::odata(format!("The response format '{other}' is unknown."))),
    }
    let page_size = page_size(request)?;
    let (name, parameters) = read_input(body)?;
    let Some(cmdlet) = Catalog::get().cmdlet(caller.surface, name) else {
        return Err(ApiError::Bare(StatusCode::FORBIDDEN));
    };
    let forbidden = || ApiError::ForbiddenByRoles { cmdlet: cmdlet.name.clone(), user: caller.identity.name.clone() };
    if !rbac::may_run(&caller.identity.role_groups, &cmdlet.name) {
        return Err(forbidden());
    }
    anchor::check_application(request, caller, &cmdlet.name, parameters)?;
    let nothing = Map::new();
    let arguments = check(caller.surface, cmdlet, parameters.unwrap_or(&nothing), &caller.realm.module_keys)?;
    let select_text = match token {
        Some(token) => token.select.clone(),
        None => request.query("$select").map(str::to_owned),
    };
    let select = match &select_text {
        None => None,
        Some(text) => {
            let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
            let valid = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if !names.iter().all(valid) {
                return Err(ApiError::odata(format!("The query option $select has an invalid value: '{text}'.")));
            }
            Some(names)
        }
    };
    let call = Call {
        state,
        caller,
        cmdlet: &cmdlet.name,
        arguments,
        select,
        body,
        select_text,
        page_size,
        position: token.map_or(0, |token| token.position),
        emitted: token.map_or(0, |token| token.emitted),
        link: "InvokeCommand?",
    };
    cmdlets::run(&call).unwrap_or_else(|| Err(forbidden()))
}

/// A cmdlet's name and parameters.
type Input<'a> = (&'a str, Option<&'a Map<String, Value>>);

/// The cmdlet's name and parameters. Names are compared exactly: a key in another casing is an unknown key.
fn read_input(body: &Map<String, Value>) -> Result<Input<'_>, ApiError> {
    if let Some(key) = body.keys().find(|key| *key != "CmdletInput") {
        return Err(ApiError::odata(format!(
            "The parameter '{key}' in the request payload is not a valid parameter for the operation 'InvokeCommand'."
        )));
    }
    let Some(Value::Object(input)) = body.get("CmdletInput") else {
        return Err(ApiError::odata("The parameter 'CmdletInput' of the operation 'InvokeCommand' must be an object."));
    };
    for key in input.keys() {
        if !matches!(key.as_str(), "CmdletName" | "Parameters" | "@odata.type") {
            return Err(ApiError::odata(format!(
                "The property '{key}' does not exist on type 'Exchange.CmdletInvokeInputType'. Make sure to only use property \
                 names that are defined by the type."
            )));
        }
    }
    let Some(Value::String(name)) = input.get("CmdletName") else {
        return Err(ApiError::odata(
            "The property 'CmdletName' of type 'Exchange.CmdletInvokeInputType' must be a string.",
        ));
    };
    match input.get("Parameters") {
        None => Ok((name, None)),
        Some(Value::Object(parameters)) => {
            // The annotation of the parameters themselves is allowed and says nothing new.
            if parameters.get("@odata.type").is_some() {
                return Err(ApiError::odata("The simulator expects 'Parameters' without an annotation of its own."));
            }
            Ok((name, Some(parameters)))
        }
        Some(_) => Err(ApiError::odata(
            "The property 'Parameters' must be an object; leave it out or send {} if there are none.",
        )),
    }
}

/// The page size that a request prefers.
pub(super) fn page_size(request: &Request) -> Result<u64, ApiError> {
    let mut size = 1000;
    for value in request.headers.get_all("prefer") {
        let value = value.to_str().unwrap_or("");
        for preference in value.split([',', ';']) {
            let Some((name, text)) = preference.split_once('=') else {
                continue;
            };
            if name.trim().eq_ignore_ascii_case("odata.maxpagesize") || name.trim().eq_ignore_ascii_case("maxpagesize")
            {
                size = match text.trim().parse() {
                    Ok(size @ 1..=1000) => size,
                    _ => {
                        return Err(ApiError::odata(format!(
                            "The preference odata.maxpagesize={} is not between 1 and 1000.",
                            text.trim()
                        )));
                    }
                };
            }
        }
    }
    Ok(size)
}

fn success(request: &Request, caller: &Caller<'_>, outcome: Outcome) -> Reply {
    let quiet = request
        .header("warningaction")
        .is_some_and(|action| action.eq_ignore_ascii_case("SilentlyContinue") || action.eq_ignore_ascii_case("Ignore"));
    let mut text = String::new();
    text.push_str("{\"@odata.context\":");
    push_json_string(&mut text, &format!("{}/$metadata#Collection(Exchange.GenericHashTable)", caller.base));
    text.push_str(",\"adminapi.warnings@odata.type\":\"#Collection(String)\",\"@adminapi.warnings\":[");
    if !quiet {
        for (number, warning) in outcome.warnings.iter().enumerate() {
            if number > 0 {
                text.push(',');
            }
            push_json_string(&mut text, warning);
        }
    }
    text.push_str("],\"value\":[");
    let beginning = std::mem::take(&mut text);
    text.push(']');
    if let Some(link) = &outcome.next_link {
        text.push_str(",\"@odata.nextLink\":");
        push_json_string(&mut text, link);
    }
    text.push('}');
    let mut response = reply(StatusCode::OK, "application/json;odata.metadata=minimal;odata.streaming=true", "");
    *response.body_mut() = Body::parts([beginning, outcome.objects, text]);
    response.extensions_mut().insert(LogFacts { rows: Some(outcome.rows), ..LogFacts::default() });
    response
}
