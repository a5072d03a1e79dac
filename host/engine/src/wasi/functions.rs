//! The functions of WASI, by interface and name.

use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource, ResourceType, Val};
use wasmtime::{StoreContextMut, bail};

use super::streams::{self, InputStream, IoError, OutputStream, Pollable};
use super::{Refused, World};
use crate::sandbox::State;

/// Random bytes that may be asked for at once: far more than any library does.
const RANDOM_BYTES: u64 = 64 << 10;

/// `wasi:clocks/wall-clock.datetime`.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

/// The way into the network, which leads nowhere.
struct Network;

/// What nobody ever gets one of: terminals, files, sockets.
struct Absent;

/// What stands for a resource; the same name is the same thing in every interface.
pub(super) fn resource(name: &str) -> ResourceType {
    match name {
        "error" => ResourceType::host::<IoError>(),
        "input-stream" => ResourceType::host::<InputStream>(),
        "network" => ResourceType::host::<Network>(),
        "output-stream" => ResourceType::host::<OutputStream>(),
        "pollable" => ResourceType::host::<Pollable>(),
        _ => ResourceType::host::<Absent>(),
    }
}

/// Defines a function of an interface; one that is not known, or has nothing to do, ends the call with its
/// name.
pub(super) fn define(instance: &mut LinkerInstance<'_, State>, interface: &str, name: &str) -> wasmtime::Result<()> {
    if define_answering(instance, interface, name)? || streams::define(instance, interface, name)? {
        return Ok(());
    }
    let why = match interface {
        "cli/exit" => "a strategy returns a plan, or an error that says why it has none",
        "filesystem/types" => "strategies have no files",
        _ if interface.starts_with("sockets/") => "strategies have no network",
        _ => "strategies do not have it",
    };
    let call = format!("called `wasi:{interface} {name}`");
    instance.func_new(name, move |_, _, _, _| Err(Refused { call: call.clone(), why }.into()))
}

/// False: it has no answer.
fn define_answering(instance: &mut LinkerInstance<'_, State>, interface: &str, name: &str) -> wasmtime::Result<bool> {
    let defined = match (interface, name) {
        ("cli/environment", "get-environment") => {
            instance.func_wrap(name, |_, (): ()| Ok((Vec::<(String, String)>::new(),)))
        }
        ("cli/environment", "get-arguments") => instance.func_wrap(name, |_, (): ()| Ok((Vec::<String>::new(),))),
        ("cli/environment", "initial-cwd") => instance.func_wrap(name, |_, (): ()| Ok((None::<String>,))),
        ("cli/terminal-stdin", "get-terminal-stdin")
        | ("cli/terminal-stdout", "get-terminal-stdout")
        | ("cli/terminal-stderr", "get-terminal-stderr") => {
            instance.func_wrap(name, |_, (): ()| Ok((None::<Resource<Absent>>,)))
        }
        ("clocks/wall-clock", "now") => instance.func_wrap(name, |store, (): ()| {
            let (seconds, nanoseconds) = world(&store).wall_clock();
            Ok((Datetime { seconds, nanoseconds },))
        }),
        ("clocks/wall-clock", "resolution") => {
            instance.func_wrap(name, |_, (): ()| Ok((Datetime { seconds: 1, nanoseconds: 0 },)))
        }
        ("clocks/monotonic-clock", "now") => {
            instance.func_wrap(name, |store, (): ()| Ok((world(&store).monotonic_clock(),)))
        }
        ("clocks/monotonic-clock", "resolution") => instance.func_wrap(name, |_, (): ()| Ok((1_000_000_000u64,))),
        ("clocks/monotonic-clock", "subscribe-instant" | "subscribe-duration") => {
            instance.func_wrap(name, |_, (_until,): (u64,)| Ok((Pollable::ready(),)))
        }
        ("random/random", "get-random-bytes") | ("random/insecure", "get-insecure-random-bytes") => {
            instance.func_wrap(name, |mut store, (count,): (u64,)| Ok((random_bytes(&mut store, count)?,)))
        }
        ("random/random", "get-random-u64") | ("random/insecure", "get-insecure-random-u64") => {
            instance.func_wrap(name, |mut store, (): ()| Ok((world_mut(&mut store).random(),)))
        }
        ("random/insecure-seed", "insecure-seed") => instance.func_wrap(name, |mut store, (): ()| {
            let world = world_mut(&mut store);
            Ok(((world.random(), world.random()),))
        }),
        ("filesystem/preopens", "get-directories") => {
            instance.func_wrap(name, |_, (): ()| Ok((Vec::<(Resource<Absent>, String)>::new(),)))
        }
        ("filesystem/types", "filesystem-error-code") | ("sockets/network", "network-error-code") => {
            answer(instance, name, || Val::Option(None))
        }
        ("sockets/instance-network", "instance-network") => {
            instance.func_wrap(name, |_, (): ()| Ok((Resource::<Network>::new_own(0),)))
        }
        ("sockets/tcp-create-socket", "create-tcp-socket")
        | ("sockets/udp-create-socket", "create-udp-socket")
        | ("sockets/ip-name-lookup", "resolve-addresses") => {
            answer(instance, name, || Val::Result(Err(Some(Box::new(Val::Enum("access-denied".into()))))))
        }
        _ => return Ok(false),
    };
    defined.map(|()| true)
}

fn world<'a>(store: &'a StoreContextMut<'_, State>) -> &'a World {
    store.data().world()
}

fn world_mut<'a>(store: &'a mut StoreContextMut<'_, State>) -> &'a mut World {
    store.data_mut().world_mut()
}

fn random_bytes(store: &mut StoreContextMut<'_, State>, count: u64) -> wasmtime::Result<Vec<u8>> {
    if count > RANDOM_BYTES {
        let call = format!("called `wasi:random` for {count} bytes");
        return Err(Refused { call, why: "at most 65536 at once" }.into());
    }
    let world = world_mut(store);
    let mut bytes = Vec::with_capacity(count as usize + 8);
    while (bytes.len() as u64) < count {
        bytes.extend_from_slice(&world.random().to_le_bytes());
    }
    bytes.truncate(count as usize);
    Ok(bytes)
}

/// A function that always has the same answer, of a type that only the component knows.
fn answer(
    instance: &mut LinkerInstance<'_, State>,
    name: &str,
    value: impl Fn() -> Val + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    instance.func_new(name, move |mut store, _, arguments, results| {
        for argument in arguments {
            if let Val::Resource(borrowed) = argument {
                borrowed.resource_drop(&mut store)?;
            }
        }
        match results {
            [result] => *result = value(),
            _ => bail!("a function of WASI is declared with {} results", results.len()),
        }
        Ok(())
    })
}
