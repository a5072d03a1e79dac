//! What strategies for Wattwright are written with in Rust.
//!
//! A strategy is a pure function from what is known now to what should be done now:
//!
//! ```
//! use wattwright_strategy::{Action, Command, Commands, Description, Input, Plan, Reason, Strategy};
//!
//! struct Rest;
//!
//! impl Strategy for Rest {
//!     fn describe() -> Description {
//!         Description {
//!             name: "rest".into(),
//!             version: env!("CARGO_PKG_VERSION").into(),
//!             author: "you".into(),
//!             summary: "Lets every battery rest.".into(),
//!             settings_schema: r#"{"type": "object", "properties": {}}"#.into(),
//!             commands: Commands::HOLD,
//!         }
//!     }
//!
//!     fn decide(input: Input) -> Result<Plan, String> {
//!         let actions = input.snapshot.batteries.iter().map(|battery| Action {
//!             target: battery.id.clone(),
//!             command: Command::Hold,
//!             reason: Reason::new("rest", "hold: this strategy does nothing else"),
//!             until: None,
//!         });
//!         Ok(Plan { actions: actions.collect(), summary: "rests".into(), ..Plan::empty() })
//!     }
//! }
//!
//! wattwright_strategy::export!(Rest);
//! ```
//!
//! Built for `wasm32-unknown-unknown` as a `cdylib`, this is a file that Wattwright loads; it imports
//! nothing but the host's `log`. Built natively it is an ordinary library, so that `decide` can be
//! tested and measured without a sandbox. `examples/strategies/evening-hold` is a template to copy.
//!
//! All types are those of `wit/0.2.0/strategy.wit`, whose text says what each field means. Conventions:
//! power into the home's bus is positive (import, solar, discharge), what is used is positive, powers
//! inside a command are magnitudes, an absent value is unknown and never zero, times are seconds of UTC.
//!
//! # Versions
//!
//! The contract between host and strategy has a version, and this crate has the same: 0.2 builds strategies
//! for the contract 0.2.0. A host serves every version that ever shipped, side by side, so a strategy that
//! was once built keeps running as it is; it is only not told what came later. To be told, take the newer
//! crate and build again: what is new stands at the top of that version's `strategy.wit`. A strategy that is
//! newer than the host is refused with the versions that this host serves.

pub mod chance;
mod helpers;
pub mod log;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;

#[doc(hidden)]
#[allow(missing_docs, unsafe_code, clippy::all, clippy::unwrap_used, clippy::expect_used)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/0.2.0",
        world: "strategy",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_bindings",
        default_bindings_module: "wattwright_strategy::bindings",
    });
}

pub use bindings::wattwright::strategy::types::*;

/// A strategy. [`export!`] makes it one that Wattwright can load.
pub trait Strategy {
    /// Says what this is. Called once when it is loaded.
    fn describe() -> Description;

    /// Decides. Called in a fresh instance each time: nothing survives but [`Plan::memory`].
    ///
    /// # Errors
    ///
    /// Why there is no plan, for the owner; the host then asks the next strategy.
    fn decide(input: Input) -> Result<Plan, String>;
}

/// Exports a [`Strategy`] from a `cdylib` that is built for WebAssembly, and sends the message of a
/// panic to the strategy's log before it traps. Natively it does nothing, so that several strategies can
/// be linked into one program.
#[macro_export]
macro_rules! export {
    ($strategy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Exported;

            impl $crate::bindings::Guest for Exported {
                fn describe() -> $crate::Description {
                    $crate::log::log_panics();
                    <$strategy as $crate::Strategy>::describe()
                }

                fn decide(input: $crate::Input) -> ::core::result::Result<$crate::Plan, ::std::string::String> {
                    $crate::log::log_panics();
                    <$strategy as $crate::Strategy>::decide(input)
                }
            }

    $crate::bindings::export_bindings!(Exported with_types_in $crate::bindings);
        };
    };
}
