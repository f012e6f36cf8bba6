//! Developer tasks. CI calls `cargo xtask test` and nothing else.

mod bench;
mod debian;
mod fuzz;
mod process;
mod sim;
mod test;
mod wasm;
mod web;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a task returns: an error is one line for the person who called it.
type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Developer tasks of Lugger", max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Test(test::Options),
    Wasm(wasm::Options),
    Web(web::Options),
    Seeds(sim::Seeds),
    Replay(sim::Replay),
    Bench(bench::Options),
    Fuzz(fuzz::Options),
    #[command(hide = true)]
    Measure(bench::measure::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Test(options) => test::run(&options),
        Task::Wasm(options) => wasm::run(&options),
        Task::Web(options) => web::run(&options),
        Task::Seeds(options) => sim::seeds(&options),
        Task::Replay(options) => sim::replay(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Measure(options) => bench::measure::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
