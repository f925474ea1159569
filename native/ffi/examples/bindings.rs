//! Writes the C# side of the C ABI: `cargo run -p exo-native --example bindings -- <folder>`.
//!
//! An example rather than a program of the crate, so that the generator stays a development dependency.

use interoptopus_csharp::{
    RustLibrary,
    config::{DllImportSearchPath, HeaderConfig, SearchPathConfig},
    dispatch::Dispatch,
};
use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: bindings <folder>")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    RustLibrary::builder(exo_native::inventory())
        .dll_name("exo_native")
        .dispatch(Dispatch::single_file("ExchangeOnlineRs.Native.Generated"))
        .headers(HeaderConfig { emit_version: false })
        .search_path(SearchPathConfig { import_search_path: DllImportSearchPath::AssemblyDirectory })
        .build()
        .process()?
        .write_buffers_to(folder)?;
    Ok(())
}
