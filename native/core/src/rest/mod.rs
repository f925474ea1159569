//! The wire forms of the admin API (`adminapi/beta`): requests, responses, errors.

pub mod anchor;
pub mod entity;
mod error;
mod request;

pub use error::{Diagnostics, fault_of_response, warnings_of_error};
pub use request::{
    InvokeHeaders, banner_url, invoke_body, invoke_url, module_file_headers, module_file_url, next_page_url,
};

/// The service's hint that a result was cut short. Its wording depends on the language, the name of the parameter does
/// not.
pub fn is_more_results_warning(text: &str) -> bool {
    text.contains("ResultSize")
}

/// The hint as the service writes it in English, for when it did not send one itself.
pub const MORE_RESULTS_WARNING: &str = "There are more results available than are currently displayed. To view them, \
                                        increase the value for the ResultSize parameter.";
