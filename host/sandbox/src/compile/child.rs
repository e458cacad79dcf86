//! The other side: what the compile child does.

use std::io::{Read, Write};

use crate::engine;

/// The child's failure, as one line for its standard error.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Its input or output broke.
    #[error("the compile child lost its parent: {0}")]
    Pipe(#[from] std::io::Error),
    /// The engine refused the component.
    #[error("{0}")]
    Refused(String),
}

/// Reads a component to its end, compiles it and writes the compiled form: all that `lockgate compile` does.
pub fn compile_main(mut input: impl Read, mut output: impl Write) -> Result<(), CompileError> {
    let mut component = vec![];
    input.read_to_end(&mut component)?;
    let refused = |error: wasmtime::Error| CompileError::Refused(format!("{error:#}").replace('\n', " "));
    let compiled = engine::compiling().map_err(refused)?.precompile_component(&component).map_err(refused)?;
    output.write_all(&compiled)?;
    Ok(output.flush()?)
}
