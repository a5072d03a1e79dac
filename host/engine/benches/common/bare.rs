//! wasmtime as it comes.

/// With the settings that the engine gives it.
pub fn engine() -> wasmtime::Engine {
    let mut config = wasmtime::Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true);
    wasmtime::Engine::new(&config).unwrap()
}
