//! The C ABI of ExchangeOnlineRs (`exo_native`): sixteen functions through which everything goes. New cmdlets never
//! add exports. This crate only translates between [`exo_core`], [`exo_catalog`] and the outside; it decides nothing.
//!
//! Rules of the border:
//! * every function may be called from any thread at any time;
//! * no panic crosses: a defect in the core becomes a failed operation or an empty answer;
//! * operations and pages are named by ids that are never used again, so a call that comes too late finds nothing and does
//!   nothing instead of touching freed memory. The one exception is what a [`PageView`] points to: it is valid until
//!   [`exo_page_close`], and the caller has to keep the two apart (the managed side does so with a SafeHandle);
//! * structured data crosses as UTF-8 JSON.

use exo_core::{
    auth::signer,
    command, connection,
    fault::{Fault, FaultKind},
    operation::{self, OperationId},
    page::{Page, shape},
    public_key,
    secret::Secret,
};
use interoptopus::{
    builtins_string, builtins_vec, callback, ffi, function, guard, inventory::RustInventory, pattern::guard::Version,
};
use once_cell::sync::Lazy;
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What [`exo_operation_next`] found.
#[ffi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Nothing came within the time.
    Pending,
    /// An event; [`exo_operation_payload`] has its JSON.
    Event,
    /// A page of results; [`Step::page`] names it.
    Page,
    /// The end; [`exo_operation_payload`] has the result's JSON, if there is one.
    Done,
    /// The end by a fault; [`exo_operation_payload`] has its JSON.
    Failed,
}

/// A step of an operation.
#[ffi]
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What was found.
    pub kind: StepKind,
    /// Id of the page, 0 for every other kind. The receiver owns it and has to call [`exo_page_close`].
    pub page: u64,
}

/// Where the parts of a page are. All pointers are null for an unknown page, and valid until [`exo_page_close`].
#[ffi]
#[derive(Debug, Clone, Copy)]
pub struct PageView {
    /// The response body, UTF-8 JSON.
    pub bytes: *const u8,
    /// Length of `bytes`.
    pub bytes_length: u64,
    /// Four numbers a row: offset of the row's JSON value in `bytes`, its length, its shape (0xFFFFFFFF: none), index of
    /// its first slot.
    pub rows: *const u32,
    /// Number of rows.
    pub row_count: u32,
    /// Offset in `bytes` of each slot's value.
    pub value_offsets: *const u32,
    /// Type of each slot's value: the numbers of `exo_core::page::ValueType`.
    pub value_types: *const u8,
    /// Number of slots.
    pub slot_count: u64,
}

impl PageView {
    const NONE: Self = Self {
        bytes: std::ptr::null(),
        bytes_length: 0,
        rows: std::ptr::null(),
        row_count: 0,
        value_offsets: std::ptr::null(),
        value_types: std::ptr::null(),
        slot_count: 0,
    };
}

static NEXT_PAGE: AtomicU64 = AtomicU64::new(1);
static PAGES: Lazy<Mutex<HashMap<u64, Arc<Page>>>> = Lazy::new(Mutex::default);

/// Runs `body`; a panic becomes `otherwise`. The panic's text is on the process's standard error (Rust's hook), and the
/// caller sees a failed operation or an empty answer.
fn guarded<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// Starts a sign-in and returns its operation at once; 0 only after a defect in the core.
///
/// `settings` is the JSON of `exo_core::settings::Settings`; `secret` the password as UTF-8, or empty. Both are copied
/// before this returns. The result of the operation is the new connection's information as JSON.
#[ffi]
pub fn exo_connection_open(settings: ffi::Slice<u8>, secret: ffi::Slice<u8>) -> u64 {
    guarded(0, || connection::open(settings.as_slice(), Secret::from_utf8(secret.as_slice())))
}

callback!(Sign(key: u64, data: ffi::Slice<u8>, output: ffi::SliceMut<u8>) -> i32);

/// Room for a signature, and for the sentence that says why there is none. RSA signatures are as long as their key: 2048 bytes
/// for the longest that is in use, 16,384 bits.
const SIGNATURE_ROOM: usize = 4096;

/// The caller's callback as the core's signer.
struct ForeignSigner(Sign);

impl signer::Signer for ForeignSigner {
    fn sign(&self, key: u64, data: &[u8]) -> Result<Vec<u8>, String> {
        let mut output = vec![0; SIGNATURE_ROOM];
        let length = self.0.call(key, data.into(), output.as_mut_slice().into());
        let written =
            usize::try_from(length.unsigned_abs()).ok().filter(|written| (1..=SIGNATURE_ROOM).contains(written));
        let Some(written) = written else { return Err(format!("the key gave a signature of {length} bytes.")) };
        output.truncate(written);
        match length {
            1.. => Ok(output),
            _ => Err(String::from_utf8_lossy(&output).into_owned()),
        }
    }
}

/// Names the callback that signs with the private keys of certificates; the last one counts, for the whole process.
///
/// It gets the number of the key (from the settings of a connection), the data to sign and room for 4096 bytes. It returns the
/// length of the signature that it wrote there, or minus the length of a sentence in UTF-8 that says why there is none. It is
/// called on threads of the core, several at a time if need be, and must not throw.
#[ffi]
pub fn exo_signer_set(sign: Sign) {
    guarded((), || signer::set(Arc::new(ForeignSigner(sign))));
}

/// Starts a command on a connection and returns its operation at once; 0 only after a defect in the core.
///
/// `request` is the JSON of `exo_core::command::Request`; it is copied before this returns. The result of the operation is JSON
/// with `connectionId` and `requestId`.
#[ffi]
pub fn exo_command_start(request: ffi::Slice<u8>) -> u64 {
    guarded(0, || command::start(request.as_slice()))
}

/// Starts looking up the public key for secrets of a connection; 0 only after a defect in the core. `request` is the JSON of
/// `exo_core::public_key::Request`, and the result of the operation the key as JSON. The service is asked once for each
/// connection.
#[ffi]
pub fn exo_connection_key(request: ffi::Slice<u8>) -> u64 {
    guarded(0, || public_key::start(request.as_slice()))
}

/// Waits up to `timeout_milliseconds` for the next step of an operation. Only one thread at a time may drain one.
#[ffi]
pub fn exo_operation_next(operation: u64, timeout_milliseconds: u32) -> Step {
    guarded(Step { kind: StepKind::Failed, page: 0 }, || next(operation, timeout_milliseconds))
}

fn next(operation: OperationId, timeout_milliseconds: u32) -> Step {
    let kind = match operation::next(operation, Duration::from_millis(timeout_milliseconds.into())) {
        operation::Step::Pending => StepKind::Pending,
        operation::Step::Event => StepKind::Event,
        operation::Step::Done => StepKind::Done,
        operation::Step::Failed => StepKind::Failed,
        operation::Step::Page(page) => {
            let id = NEXT_PAGE.fetch_add(1, Ordering::Relaxed);
            PAGES.lock().unwrap_or_else(PoisonError::into_inner).insert(id, page);
            return Step { kind: StepKind::Page, page: id };
        }
    };
    Step { kind, page: 0 }
}

/// Says that the consumer of an operation is in the middle of a page and will want the next one, which is then made meanwhile.
/// Nothing happens for an unknown id.
#[ffi]
pub fn exo_operation_ask_ahead(operation: u64) {
    guarded((), || operation::ask_ahead(operation));
}

/// Takes the JSON that belongs to the last event or end of an operation.
#[ffi]
pub fn exo_operation_payload(operation: u64) -> ffi::Vec<u8> {
    guarded(Vec::new(), || operation::take_payload(operation)).into()
}

/// Stops an operation at once, from any thread. Nothing happens for an unknown id.
#[ffi]
pub fn exo_operation_cancel(operation: u64) {
    guarded((), || operation::cancel(operation));
}

/// Stops an operation and forgets it. Pages that were already given stay valid. Nothing happens for an unknown id.
#[ffi]
pub fn exo_operation_close(operation: u64) {
    guarded((), || operation::close(operation));
}

/// Where the parts of a page are.
#[ffi]
pub fn exo_page_view(page: u64) -> PageView {
    guarded(PageView::NONE, || {
        PAGES.lock().unwrap_or_else(PoisonError::into_inner).get(&page).map_or(PageView::NONE, |page| PageView {
            bytes: page.bytes.as_ptr(),
            bytes_length: page.bytes.len() as u64,
            // Row is four u32 in declaration order.
            rows: page.rows.as_ptr().cast(),
            row_count: page.rows.len() as u32,
            value_offsets: page.value_offsets.as_ptr(),
            value_types: page.value_types.as_ptr(),
            slot_count: page.value_offsets.len().min(page.value_types.len()) as u64,
        })
    })
}

/// Frees a page. Nothing happens for an unknown id.
#[ffi]
pub fn exo_page_close(page: u64) {
    guarded((), || {
        let removed = PAGES.lock().unwrap_or_else(PoisonError::into_inner).remove(&page);
        // Freed outside of the lock: a page can be large.
        drop(removed);
    });
}

/// The property names of a shape, in slot order, as a JSON array; empty for an unknown id.
#[ffi]
pub fn exo_shape_names(shape: u32) -> ffi::Vec<u8> {
    guarded(Vec::new(), || shape::names(shape).map_or_else(Vec::new, |names| json(&names))).into()
}

/// Information on all open connections, oldest first, as a JSON array.
#[ffi]
pub fn exo_connection_list() -> ffi::Vec<u8> {
    guarded(Vec::new(), || json(&connection::list())).into()
}

/// Closes the connections whose ids are in the JSON array `ids`, and returns the JSON array of those that were open.
/// Their running commands fail, their tokens are wiped.
#[ffi]
pub fn exo_connection_close(ids: ffi::Slice<u8>) -> ffi::Vec<u8> {
    guarded(Vec::new(), || {
        let ids: Vec<String> = serde_json::from_slice(ids.as_slice()).unwrap_or_default();
        json(&connection::close(&ids))
    })
    .into()
}

/// The cmdlets that a catalog file describes, settled: the JSON of `exo_catalog::Description`, in which entries that no cmdlet can be made of
/// are named. If the file is no catalog, it is the JSON of a fault.
#[ffi]
pub fn exo_catalog_settle(file: ffi::Slice<u8>) -> ffi::Vec<u8> {
    guarded(Vec::new(), || match exo_catalog::settle_file(file.as_slice()) {
        Ok(description) => json(&description),
        Err(error) => json(&Fault::new(FaultKind::InvalidArgument, "InvalidCatalog", error.to_string())),
    })
    .into()
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// The guard: a library and bindings that do not belong together fail at the first call.
#[ffi]
pub fn exo_guard() -> Version {
    inventory().into()
}

/// Everything that crosses the border, for the generator of the C# side.
pub fn inventory() -> RustInventory {
    RustInventory::new()
        .register(builtins_string!())
        .register(builtins_vec!(u8))
        .register(guard!(exo_guard))
        .register(function!(exo_signer_set))
        .register(function!(exo_connection_open))
        .register(function!(exo_command_start))
        .register(function!(exo_connection_key))
        .register(function!(exo_operation_next))
        .register(function!(exo_operation_ask_ahead))
        .register(function!(exo_operation_payload))
        .register(function!(exo_operation_cancel))
        .register(function!(exo_operation_close))
        .register(function!(exo_page_view))
        .register(function!(exo_page_close))
        .register(function!(exo_shape_names))
        .register(function!(exo_connection_list))
        .register(function!(exo_connection_close))
        .register(function!(exo_catalog_settle))
        .validate()
}
