//! Compiling: in a child process with limits of its own, because a component can be built to hurt its compiler.

use std::process::{ExitStatus, Stdio};

use bytes::Bytes;
use lockgate_core::ports::PrepareError;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::config::Compiler;

/// Compiles in a child; the caller sees to it that few do at the same time.
pub(crate) async fn compile(compiler: &Compiler, component: Bytes) -> Result<Vec<u8>, PrepareError> {
    let mut child = Command::new(&compiler.program)
        .args(&compiler.arguments)
        // Nothing of ours is to be found in there.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| host(&format!("{} does not start: {error}", compiler.program.display())))?;
    // The child reads its input to the end before it does anything, so the limits hold before there is work.
    limit(&child, compiler)?;
    match tokio::time::timeout(compiler.deadline, converse(&mut child, component, compiler)).await {
        Ok(result) => result,
        Err(_elapsed) => {
            // Already gone is as good.
            let _ = child.start_kill();
            let _ = child.wait().await;
            Err(PrepareError::Compile(format!("it took longer than {:?}", compiler.deadline)))
        }
    }
}

fn limit(child: &Child, compiler: &Compiler) -> Result<(), PrepareError> {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| host("the compile child ended at once"))?;
    let cpu = compiler.cpu.as_secs().max(1);
    for (resource, amount) in [(Resource::As, compiler.address_space), (Resource::Cpu, cpu), (Resource::Core, 0)] {
        prlimit(Some(pid), resource, Rlimit { current: Some(amount), maximum: Some(amount) })
            .map_err(|error| host(&format!("the compile child cannot be limited: {error}")))?;
    }
    Ok(())
}

async fn converse(child: &mut Child, component: Bytes, compiler: &Compiler) -> Result<Vec<u8>, PrepareError> {
    let mut input = child.stdin.take().ok_or_else(|| host("the compile child has no input"))?;
    let output = child.stdout.take().ok_or_else(|| host("the compile child has no output"))?;
    let complaints = child.stderr.take().ok_or_else(|| host("the compile child has no error output"))?;
    let feed = async move {
        // A child that dies early closes its input; its exit status tells more than the broken pipe.
        let _ = input.write_all(&component).await;
    };
    let mut artefact = vec![];
    let mut said = vec![];
    let mut output = output.take(compiler.output_bytes + 1);
    let mut complaints = complaints.take(4_096);
    let read = output.read_to_end(&mut artefact);
    let listen = complaints.read_to_end(&mut said);
    let ((), read, listened) = tokio::join!(feed, read, listen);
    read.and(listened).map_err(|error| host(&format!("the compile child cannot be read: {error}")))?;
    if artefact.len() as u64 > compiler.output_bytes {
        let limit = compiler.output_bytes;
        return Err(PrepareError::Compile(format!("its compiled form has more than the {limit} bytes allowed")));
    }
    let status = child.wait().await.map_err(|error| host(&format!("the compile child is lost: {error}")))?;
    if status.success() {
        return Ok(artefact);
    }
    Err(PrepareError::Compile(explain(status, &String::from_utf8_lossy(&said), compiler)))
}

fn explain(status: ExitStatus, said: &str, compiler: &Compiler) -> String {
    use std::os::unix::process::ExitStatusExt;

    let said = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match status.signal() {
        // Out of CPU time comes as SIGXCPU or SIGKILL, out of address space as an abort.
        Some(9 | 24) => format!("it used more than {:?} of CPU time", compiler.cpu),
        Some(6) => format!("it needed more than {} bytes of address space", compiler.address_space),
        Some(signal) => format!("the compiler ended by signal {signal}"),
        None => said.to_owned(),
    }
}

fn host(what: &str) -> PrepareError {
    PrepareError::Host(what.to_owned())
}

mod child;

pub use child::{CompileError, compile_main};
