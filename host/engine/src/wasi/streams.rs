//! `wasi:io`: an input that has ended, outputs that become log lines, and waiting that is over at once.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource};

use super::Output;
use crate::sandbox::State;

/// How much may be written at once.
const PERMIT_BYTES: u64 = 64 << 10;

/// `wasi:io/error.error`. None is ever made.
pub(super) struct IoError;

/// `wasi:io/streams.input-stream`.
pub(super) struct InputStream;

/// `wasi:io/streams.output-stream`; its representation tells which.
pub(super) struct OutputStream;

/// `wasi:io/poll.pollable`.
pub(super) struct Pollable;

impl Pollable {
    /// One more of those that are all alike.
    pub(super) fn ready() -> Resource<Self> {
        Resource::new_own(0)
    }
}

/// `wasi:io/streams.stream-error`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "no operation fails in another way than by having ended")]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

type Done<T> = wasmtime::Result<(Result<T, StreamError>,)>;

const STANDARD: u32 = Output::Standard as u32;

/// Defines a function of `wasi:io`, or one that gives a stream; false: it is none of them.
pub(super) fn define(instance: &mut LinkerInstance<'_, State>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    let defined = match (interface, name) {
        ("cli/stdin", "get-stdin") => instance.func_wrap(name, |_, (): ()| Ok((Resource::<InputStream>::new_own(0),))),
        ("cli/stdout", "get-stdout") => {
            instance.func_wrap(name, |_, (): ()| Ok((Resource::<OutputStream>::new_own(STANDARD),)))
        }
        ("cli/stderr", "get-stderr") => {
            instance.func_wrap(name, |_, (): ()| Ok((Resource::<OutputStream>::new_own(Output::Error as u32),)))
        }
        ("io/error", "[method]error.to-debug-string") => {
            instance.func_wrap(name, |_, (_error,): (Resource<IoError>,)| Ok((String::new(),)))
        }
        ("io/poll", "[method]pollable.ready") => {
            instance.func_wrap(name, |_, (_pollable,): (Resource<Pollable>,)| Ok((true,)))
        }
        ("io/poll", "[method]pollable.block") => {
            instance.func_wrap(name, |_, (_pollable,): (Resource<Pollable>,)| Ok(()))
        }
        // The answer is the indices of those that are ready.
        ("io/poll", "poll") => instance.func_wrap(name, |_, (pollables,): (Vec<Resource<Pollable>>,)| {
            Ok(((0..pollables.len() as u32).collect::<Vec<_>>(),))
        }),
        ("io/streams", _) => match name.strip_prefix("[method]") {
            Some(method) => return define_method(instance, name, method),
            None => return Ok(false),
        },
        _ => return Ok(false),
    };
    defined.map(|()| true)
}

fn define_method(instance: &mut LinkerInstance<'_, State>, name: &str, method: &str) -> wasmtime::Result<bool> {
    let defined = match method {
        "input-stream.read" | "input-stream.blocking-read" => {
            instance.func_wrap(name, |_, (_input, _most): (Resource<InputStream>, u64)| -> Done<Vec<u8>> { closed() })
        }
        "input-stream.skip" | "input-stream.blocking-skip" => {
            instance.func_wrap(name, |_, (_input, _most): (Resource<InputStream>, u64)| -> Done<u64> { closed() })
        }
        "input-stream.subscribe" => {
            instance.func_wrap(name, |_, (_input,): (Resource<InputStream>,)| Ok((Pollable::ready(),)))
        }
        "output-stream.check-write" => {
            instance.func_wrap(name, |_, (_output,): (Resource<OutputStream>,)| -> Done<u64> { done(PERMIT_BYTES) })
        }
        "output-stream.write" | "output-stream.blocking-write-and-flush" => instance
            .func_wrap(name, |mut store, (output, bytes): (Resource<OutputStream>, Vec<u8>)| {
                write(&mut store, &output, &bytes)
            }),
        // What a log could do with zeros is nothing.
        "output-stream.write-zeroes" | "output-stream.blocking-write-zeroes-and-flush" => {
            instance.func_wrap(name, |_, (_output, _count): (Resource<OutputStream>, u64)| -> Done<()> { done(()) })
        }
        "output-stream.flush" | "output-stream.blocking-flush" => {
            instance.func_wrap(name, |_, (_output,): (Resource<OutputStream>,)| -> Done<()> { done(()) })
        }
        "output-stream.subscribe" => {
            instance.func_wrap(name, |_, (_output,): (Resource<OutputStream>,)| Ok((Pollable::ready(),)))
        }
        "output-stream.splice" | "output-stream.blocking-splice" => instance.func_wrap(
            name,
            |_, (_output, _input, _most): (Resource<OutputStream>, Resource<InputStream>, u64)| -> Done<u64> {
                closed()
            },
        ),
        _ => return Ok(false),
    };
    defined.map(|()| true)
}

fn done<T>(value: T) -> Done<T> {
    Ok((Ok(value),))
}

fn closed<T>() -> Done<T> {
    Ok((Err(StreamError::Closed),))
}

fn write(store: &mut StoreContextMut<'_, State>, output: &Resource<OutputStream>, bytes: &[u8]) -> Done<()> {
    let output = if output.rep() == STANDARD { Output::Standard } else { Output::Error };
    store.data_mut().write(output, bytes);
    done(())
}
