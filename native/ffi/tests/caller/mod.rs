//! Calls the C ABI the way the managed side does: the exported functions, ids, and pointers into pages. Used by the tests and
//! by the console example.

#![allow(dead_code, reason = "each program uses a part of it")]

use exo_native::{
    PageView, exo_command_start, exo_connection_close, exo_connection_list, exo_connection_open, exo_operation_close,
    exo_operation_next, exo_operation_payload, exo_page_close, exo_page_view, exo_shape_names,
};
use interoptopus::ffi;
use serde_json::{Map, Value, json};

/// A row as a JSON object, its properties in order.
pub(crate) type Row = Map<String, Value>;

/// What an operation gave before its end.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Rows of all pages.
    pub(crate) rows: Vec<Row>,
    /// Number of pages.
    pub(crate) pages: usize,
    /// Events in order.
    pub(crate) events: Vec<Value>,
    /// JSON of the end.
    pub(crate) result: Value,
}

/// Starts a sign-in.
pub(crate) fn open(settings: &Value, secret: &str) -> u64 {
    let settings = settings.to_string();
    exo_connection_open(ffi::Slice::from_slice(settings.as_bytes()), ffi::Slice::from_slice(secret.as_bytes()))
}

/// Starts a command.
pub(crate) fn start(request: &Value) -> u64 {
    let request = request.to_string();
    exo_command_start(ffi::Slice::from_slice(request.as_bytes()))
}

/// Starts a command on a connection.
pub(crate) fn start_on(connection: &str, cmdlet: &str, parameters: Value, result_size: Value) -> u64 {
    start(&json!({
        "connectionId": connection, "cmdletName": cmdlet, "parameters": parameters, "resultSize": result_size,
        "isRead": cmdlet.starts_with("Get-")
    }))
}

/// Drains an operation to its end and closes it: what it gave, or its fault.
pub(crate) fn finish(operation: u64) -> Result<Outcome, Value> {
    let mut outcome = Outcome::default();
    let end = loop {
        let step = exo_operation_next(operation, 60_000);
        match step.kind {
            exo_native::StepKind::Pending => panic!("operation {operation} gave nothing for a minute"),
            exo_native::StepKind::Event => outcome.events.push(payload(operation)),
            exo_native::StepKind::Page => {
                outcome.pages += 1;
                outcome.rows.extend(read_page(step.page));
                exo_page_close(step.page);
            }
            exo_native::StepKind::Done => break Ok(payload(operation)),
            exo_native::StepKind::Failed => break Err(payload(operation)),
        }
    };
    exo_operation_close(operation);
    end.map(|result| Outcome { result, ..outcome })
}

/// The JSON of the last step; null if it has none.
pub(crate) fn payload(operation: u64) -> Value {
    let bytes = exo_operation_payload(operation).into_vec();
    if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("a payload is JSON") }
}

/// Information on all connections.
pub(crate) fn connections() -> Vec<Value> {
    serde_json::from_slice(&exo_connection_list().into_vec()).expect("the list is JSON")
}

/// Closes a connection; whether it was open.
pub(crate) fn close(connection: &str) -> bool {
    let ids = json!([connection]).to_string();
    let closed = exo_connection_close(ffi::Slice::from_slice(ids.as_bytes())).into_vec();
    serde_json::from_slice::<Vec<String>>(&closed).expect("the answer is JSON").len() == 1
}

/// All rows of a page, read through its pointers.
pub(crate) fn read_page(page: u64) -> Vec<Row> {
    let view = exo_page_view(page);
    (0..view.row_count as usize).map(|row| read_row(&view, row)).collect()
}

fn read_row(view: &PageView, row: usize) -> Row {
    // SAFETY: the page is open, so all pointers of its view are valid for the lengths that the view gives.
    let (bytes, rows, offsets) = unsafe {
        (
            std::slice::from_raw_parts(view.bytes, view.bytes_length as usize),
            std::slice::from_raw_parts(view.rows, view.row_count as usize * 4),
            std::slice::from_raw_parts(view.value_offsets, view.slot_count as usize),
        )
    };
    let [start, length, shape, first_slot] = rows[row * 4..][..4] else { unreachable!("four numbers a row") };
    let names: Vec<String> =
        serde_json::from_slice(&exo_shape_names(shape).into_vec()).expect("a row of these tests has a shape");
    let end = (start + length) as usize;
    names
        .into_iter()
        .zip(&offsets[first_slot as usize..])
        .map(|(name, offset)| {
            let mut values = serde_json::Deserializer::from_slice(&bytes[*offset as usize..end]).into_iter::<Value>();
            (name, values.next().expect("there is a value").expect("it is JSON"))
        })
        .collect()
}
