//! How an entry of a catalog becomes the parameters of a cmdlet: what PowerShell's binder, the completion and the wire need to know and
//! the service's pages do not say. The build makes classes of it for the cmdlets of the module, and the module at run time for the entries
//! of a catalog file; both have the rules from here.
//!
//! * [`entry`] reads a catalog and says what is wrong with an entry;
//! * an [`Entry`] becomes a [`Cmdlet`] by the rules of `binding`;
//! * [`parameter_type`], [`attributes`] and [`completion`] say what a parameter is in C#;
//! * [`settle_file`] does all of it, for who has a file and wants a description.

mod binding;
mod completion;
mod description;
pub mod entry;
mod member;
mod settle;

pub use binding::sharing_object;
pub use completion::{Completion, completion};
pub use description::{Description, settle_file};
pub use entry::{Entry, NoCatalog, Problem, StatedParameter};
pub use member::{Attribute, attributes, hides_member, is_paging, parameter_type};
pub use settle::{Cmdlet, Parameter, Surface, class_name, gives_rows, verb_and_noun};

/// The parts of the service that a catalog speaks of.
pub const SURFACES: [&str; 2] = [EXCHANGE, COMPLIANCE];

const EXCHANGE: &str = "ExchangeOnline";
const COMPLIANCE: &str = "SecurityCompliance";

/// What PowerShell calls the set of a cmdlet that has no sets.
pub const ALL_SETS: &str = "__AllParameterSets";

/// How a parameter takes part in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Binding {
    /// Whether a call has to have it.
    pub required: bool,
    /// Its position as PowerShell counts, from 0.
    pub position: Option<i32>,
    /// Whether it takes the piped object.
    pub by_value: bool,
    /// Whether it takes the property of its name from the piped object.
    pub by_property_name: bool,
}
