//! What is behind the WASI imports that a toolchain brings along: nothing.
//!
//! Python, JavaScript, Go and C need no system to decide, but their standard libraries import one. So a
//! component may import WASI 0.2 and finds in it
//!
//! - no directories, no sockets, no environment, no arguments, an input that has ended;
//! - clocks that stand still: both say the snapshot's `now`, in `describe` the beginning of 1970. Waiting is
//!   over at once, so that nothing here ever blocks;
//! - random numbers that are the same in each call, from a fixed seed;
//! - outputs whose lines go to the strategy's log, within its budget;
//! - `exit`, and whatever else is called, as the end of the call, by name.
//!
//! Nothing of it can reach the system, since none of these functions calls it; that is why they are written
//! here. `wasmtime-wasi` is made for programs with a system: it brings an asynchronous runtime, waits on the
//! machine's clock when a program sleeps, and closing it is a matter of its configuration.
//!
//! Only what a component imports is linked, and before its first call; one without WASI has no part in it.

mod functions;
mod streams;
mod world;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use crate::sandbox::State;

pub(crate) use world::{Output, World};

/// The interfaces that may be imported: those of the world `wasi:cli/imports`, without package version. Of
/// it, `wasi:http` and what is newer nothing is here.
const INTERFACES: [&str; 27] = [
    "cli/environment",
    "cli/exit",
    "cli/stderr",
    "cli/stdin",
    "cli/stdout",
    "cli/terminal-input",
    "cli/terminal-output",
    "cli/terminal-stderr",
    "cli/terminal-stdin",
    "cli/terminal-stdout",
    "clocks/monotonic-clock",
    "clocks/wall-clock",
    "filesystem/preopens",
    "filesystem/types",
    "io/error",
    "io/poll",
    "io/streams",
    "random/insecure",
    "random/insecure-seed",
    "random/random",
    "sockets/instance-network",
    "sockets/ip-name-lookup",
    "sockets/network",
    "sockets/tcp",
    "sockets/tcp-create-socket",
    "sockets/udp",
    "sockets/udp-create-socket",
];

/// A call that ends the strategy's.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {why}")]
pub(crate) struct Refused {
    call: String,
    why: &'static str,
}

/// Which of the interfaces an import is; every version 0.2 has the same functions, or more.
fn interface(import: &str) -> Option<&'static str> {
    let (name, version) = import.strip_prefix("wasi:")?.split_once('@')?;
    let patch = version.strip_prefix("0.2.")?;
    if patch.is_empty() || patch.len() > 3 || !patch.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    INTERFACES.iter().find(|interface| **interface == name).copied()
}

/// Whether a component may import this.
pub(crate) fn offers(import: &str) -> bool {
    interface(import).is_some()
}

/// Links what the component imports of it.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<()> {
    let engine = component.engine();
    for (import, item) in component.component_type().imports(engine) {
        let (Some(interface), ComponentItem::ComponentInstance(needed)) = (interface(import), item.ty) else {
            continue;
        };
        let mut instance = linker.instance(import)?;
        for (name, item) in needed.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => functions::define(&mut instance, interface, name)?,
                ComponentItem::Resource(_) => {
                    instance.resource(name, functions::resource(name), |_, _| Ok(()))?;
                }
                // Types need no definition; anything else is none of WASI's, and linking will say so.
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
