//! The native core of ExchangeOnlineRs: connections to Exchange Online, sign-in, requests and pages.
//!
//! Everything long-running is an [operation]: it is started with one call that returns at
//! once, runs on the process-wide [runtime], and is drained step by step from any thread. Nothing here knows of the C ABI
//! or of PowerShell; `native/ffi` translates.
//!
//! | module | holds |
//! |---|---|
//! | [`auth`] | one file per way to sign in, tokens and their renewal |
//! | [`command`] | running one cmdlet of the service: pages, limits, warnings |
//! | [`connection`] | connections and the process-wide registry of them |
//! | [`endpoint`] | addresses of the clouds and checks of given addresses |
//! | [`fault`] | the closed set of errors |
//! | [`http`] | the HTTP client, retries |
//! | [`operation`] | started work, its events, pages and end |
//! | [`page`] | a page of results: bytes and an index of its rows |
//! | [`public_key`] | the service's key for passwords in parameters |
//! | [`rest`] | the adminapi wire forms: request, response, error |

pub mod auth;
pub mod command;
pub mod connection;
pub mod endpoint;
pub mod event;
pub mod fault;
pub mod http;
pub mod operation;
pub mod page;
pub mod public_key;
pub mod rest;
pub mod runtime;
pub mod secret;
pub mod settings;
