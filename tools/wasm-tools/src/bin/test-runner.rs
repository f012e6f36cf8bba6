//! Runs the tests of a wasm module in node, in a page or in a worker, as the module says.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
