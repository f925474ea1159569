//! What an operation tells while it runs.

use serde::Serialize;

/// A notice for the person or script that started an operation. Serialised with its kind in member `kind`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A step taken, for people who asked for details. Never holds a secret.
    Verbose {
        /// One line.
        text: String,
    },
    /// A warning of the service or of the core.
    Warning {
        /// One sentence or more.
        text: String,
    },
    /// The service's greeting after sign-in.
    Banner {
        /// The text as the service sent it.
        text: String,
    },
    /// Somebody has to enter a code on another device.
    DeviceCode {
        /// The sentence to show.
        message: String,
        /// The code to enter.
        user_code: String,
        /// Where to enter it.
        verification_uri: String,
    },
    /// A browser sign-in is waiting for somebody.
    Browser {
        /// The address to open by hand.
        address: String,
        /// Whether a browser could be started.
        opened: bool,
        /// The sentence to show.
        text: String,
    },
}
