//! wasm-bindgen itself. Under another name, because the compiler refuses to build a crate called `wasm_bindgen`
//! whose version is below that of the real one.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os())
}
