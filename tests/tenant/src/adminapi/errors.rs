//! Errors of the admin API, in the forms that the service uses.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Identity;
use crate::http::{Reply, empty, json as json_reply, reply, set_header};

/// Exception types that more than one place names.
pub mod types {
    /// An object isn't there.
    pub const NOT_FOUND: &str = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException";
    /// An identity names several objects.
    pub const AMBIGUOUS: &str = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException";
    /// Parameters that don't belong together, or don't exist.
    pub const PARAMETER_SET: &str = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException";
    /// A value that isn't of the parameter's type.
    pub const TRANSFORMATION: &str = "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException";
    /// A value that the cmdlet refuses.
    pub const VALIDATION: &str = "Microsoft.Exchange.Data.DataValidationException";
    /// Something the simulator doesn't do.
    pub const NOT_IMPLEMENTED: &str = "System.NotImplementedException";
}

/// An error of the admin API.
#[derive(Debug)]
pub enum ApiError {
    /// JSON in the error envelope.
    Envelope(StatusCode, Value),
    /// 403 of NUL bytes; the reason is in a header.
    ForbiddenByRoles {
        /// The cmdlet.
        cmdlet: String,
        /// The account.
        user: String,
    },
    /// A status without a body.
    Bare(StatusCode),
}

impl ApiError {
    /// The request could not be bound: only the inner exception has the text.
    #[must_use]
    pub fn binding(exception: &str, message: impl AsRef<str>) -> Self {
        Self::Envelope(
            StatusCode::BAD_REQUEST,
            envelope("BadRequest", "Invalid Operation", None, exception, message.as_ref()),
        )
    }

    /// The request isn't written as OData wants it.
    #[must_use]
    pub fn odata(message: impl AsRef<str>) -> Self {
        Self::binding("Microsoft.OData.ODataException", message)
    }

    /// The path isn't there.
    #[must_use]
    pub fn no_resource(segment: &str) -> Self {
        let message = format!("Resource not found for the segment '{segment}'.");
        Self::Envelope(StatusCode::NOT_FOUND, json!({"error": {"code": "ResourceNotFound", "message": message}}))
    }

    /// The account's roles don't have the cmdlet that an entity endpoint needs.
    #[must_use]
    pub fn unauthorized(cmdlet: &str) -> Self {
        let message = format!("User is not allowed to call {cmdlet}");
        let inner = json!({"message": message, "type": ODATA_EXCEPTION});
        Self::Envelope(
            StatusCode::UNAUTHORIZED,
            json!({"error": {"code": "Unauthorized", "message": message, "innererror": inner}}),
        )
    }

    /// The parameters could not be bound to a parameter set; the text is in the details too.
    #[must_use]
    pub fn parameters(message: impl AsRef<str>) -> Self {
        let message = message.as_ref();
        let details =
            json!([{"code": "Client", "target": "", "message": format!("|{}|{message}", types::PARAMETER_SET)}]);
        Self::Envelope(
            StatusCode::BAD_REQUEST,
            envelope("BadRequest", "Invalid Operation", Some(details), types::PARAMETER_SET, message),
        )
    }

    /// A value could not be turned into the parameter's type.
    #[must_use]
    pub fn transformation(parameter: &str, rest: impl AsRef<str>) -> Self {
        Self::binding(
            types::TRANSFORMATION,
            format!("Cannot process argument transformation on parameter '{parameter}'. {}", rest.as_ref()),
        )
    }

    /// The cmdlet ran and failed.
    #[must_use]
    pub fn cmdlet(exception: &str, message: impl AsRef<str>) -> Self {
        Self::failed(StatusCode::BAD_REQUEST, "BadRequest", exception, message.as_ref())
    }

    /// The cmdlet did not find an object.
    #[must_use]
    pub fn not_found(identity: &str) -> Self {
        Self::failed(
            StatusCode::NOT_FOUND,
            "NotFound",
            types::NOT_FOUND,
            &format!(
                "The operation couldn't be performed because object '{identity}' couldn't be found on 'SIMPR01A01DC001.SIMPR01A001.prod.outlook.com'."
            ),
        )
    }

    /// An identity names several objects.
    #[must_use]
    pub fn ambiguous(identity: &str) -> Self {
        Self::cmdlet(types::AMBIGUOUS, format!("'{identity}' doesn't represent a unique recipient."))
    }

    /// An object is already there; this error has its text as JSON in JSON.
    #[must_use]
    pub fn already_exists(message: &str) -> Self {
        let context = json!({
            "Message": message,
            "TypeName": "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
            "StackTrace": null,
            "InnerError": null,
        });
        Self::Envelope(
            StatusCode::BAD_REQUEST,
            json!({"error": {
                "code": "BadRequest",
                "message": "Error executing cmdlet",
                "details": [{"code": "Context", "target": "", "message": context.to_string()}],
                "innererror": {"message": "Error executing cmdlet", "type": ODATA_EXCEPTION},
                "adminapi.warnings@odata.type": "#Collection(String)",
                "@adminapi.warnings": [],
            }}),
        )
    }

    /// Something that the simulator doesn't do; it says so rather than answer wrongly.
    #[must_use]
    pub fn not_implemented(what: impl AsRef<str>) -> Self {
        Self::cmdlet(types::NOT_IMPLEMENTED, format!("The simulated tenant doesn't implement {}.", what.as_ref()))
    }

    /// The page link is too old, altered or not for this request.
    #[must_use]
    pub fn expired_page() -> Self {
        Self::binding("System.Exception", "Expired or Invalid pagination request. Default Expiry time is 00:30:00")
    }

    /// The account or application has no role that the service supports.
    #[must_use]
    pub fn unsupported_role(identity: &Identity) -> Self {
        let name = &identity.name;
        let who = if identity.is_application { format!("application {name}") } else { format!("user '{name}'") };
        let message = format!(
            "The role assigned to {who} isn't supported in this scenario. Please check online documentation for \
             assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication."
        );
        let details = json!([{"code": "Client", "target": "", "message": format!("|System.UnauthorizedAccessException|{message}")}]);
        Self::Envelope(
            StatusCode::FORBIDDEN,
            envelope("Forbidden", &message, Some(details), "System.UnauthorizedAccessException", &message),
        )
    }

    fn failed(status: StatusCode, code: &str, exception: &str, message: &str) -> Self {
        let details = json!([{"code": "Client", "target": "", "message": format!("{}|{exception}|{message}", error_id(exception))}]);
        Self::Envelope(
            status,
            envelope(
                code,
                "Error executing cmdlet",
                Some(details),
                "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException",
                "Exception of type 'Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException' was thrown.",
            ),
        )
    }

    /// The error as a response.
    #[must_use]
    pub fn reply(self) -> Reply {
        match self {
            Self::Envelope(status, body) => {
                let mut response = json_reply(status, &body);
                set_header(
                    &mut response,
                    "content-type",
                    "application/json;odata.metadata=minimal;odata.streaming=true",
                );
                response
            }
            Self::ForbiddenByRoles { cmdlet, user } => {
                let mut response = reply(StatusCode::FORBIDDEN, "application/octet-stream", vec![0_u8; 4096]);
                set_header(
                    &mut response,
                    "x-ms-diagnostics",
                    &format!(
                        "2000003;reason=\"The user '{user}' isn't assigned to a management role that has the cmdlet \
                         '{cmdlet}'.\";error_category=\"invalid_user_role\""
                    ),
                );
                response
            }
            Self::Bare(status) => empty(status),
        }
    }
}

const ODATA_EXCEPTION: &str = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException";

fn envelope(code: &str, message: &str, details: Option<Value>, exception: &str, text: &str) -> Value {
    let mut error = json!({
        "code": code,
        "message": message,
        "innererror": {
            "message": message,
            "type": ODATA_EXCEPTION,
            "stacktrace": "",
            "internalexception": {"message": text, "type": exception, "stacktrace": ""},
        },
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": [],
    });
    if let Some(details) = details {
        error["details"] = details;
    }
    json!({"error": error})
}

/// The short id before the first bar: the same for the same kind of error.
fn error_id(exception: &str) -> String {
    let hash = exception.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("Ex{:06X}", hash & 0x00FF_FFFF)
}
