//! Runs the simulator from the command line: many seeds, one story, or a stored transcript again.

use std::{error::Error, fs, process::ExitCode, time::Instant};

use lugger_tests::sim::{Fault, Faults, Group, Plan, Stop, Summary};

const USAGE: &str = "usage:
  sim seeds N [--from S] [--faults PERCENT]   run N seeds; write the transcript of the first failing one
  sim kinds N [--faults PERCENT]              run N seeds with each fault alone; a line for each
  sim story 'seed=7 stop=never faults=…'      print the transcript of one story
  sim replay FILE                             run a stored transcript's story again and compare";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sim: {error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[&str]) -> Result<bool, Box<dyn Error>> {
    match args {
        [what @ ("seeds" | "kinds"), count, options @ ..] => {
            let (mut from, mut percent) = (0, 10);
            for option in options.chunks(2) {
                match option {
                    ["--from", value] => from = value.parse()?,
                    ["--faults", value] => percent = value.parse()?,
                    other => return Err(format!("unknown option {}", other.join(" ")).into()),
                }
            }
            match *what {
                "seeds" => seeds(from, count.parse()?, percent),
                _ => Ok(kinds(from, count.parse()?, percent)),
            }
        }
        ["story", plan] => {
            let story = plan.parse::<Plan>()?.run();
            print!("{}", story.transcript);
            Ok(story.violation.is_none())
        }
        ["replay", file] => replay(file),
        _ => Err("what to do?".into()),
    }
}

fn seeds(from: u64, count: u64, percent: u32) -> Result<bool, Box<dyn Error>> {
    let began = Instant::now();
    let summary = Summary::of(from, count, |seed| Plan::mixed(seed, percent));
    println!("{summary}");
    println!("{:.0} stories a second", summary.stories as f64 / began.elapsed().as_secs_f64());
    let Some((plan, _)) = summary.violations.first() else { return Ok(true) };
    let file = std::env::temp_dir().join(format!("lugger-sim-{}.txt", plan.seed));
    fs::write(&file, plan.run().to_file(plan))?;
    println!("{}\ntranscript: {}", summary.complaint(), file.display());
    Ok(false)
}

fn kinds(from: u64, count: u64, percent: u32) -> bool {
    let mut well = true;
    for &fault in Fault::ALL {
        let mut faults = Faults::none().with(fault, percent);
        if fault.group() == Group::Range {
            // Without a broken body nobody asks for a range.
            faults = faults.with(Fault::Reset, percent);
        }
        let summary =
            Summary::of(from, count, |seed| Plan { seed, faults: faults.clone(), stop: Stop::Never });
        let share = 100.0 * summary.succeeded as f64 / summary.stories as f64;
        let (hits, violations) = (summary.hits.of(fault), summary.violations.len());
        let failed = summary.failed;
        println!(
            "{:16} {hits:6} hits, {share:5.1} % succeeded, {violations} violations, {failed:?}",
            fault.name()
        );
        well &= violations == 0;
    }
    well
}

fn replay(file: &str) -> Result<bool, Box<dyn Error>> {
    let stored = fs::read_to_string(file)?;
    match Plan::replay(&stored)? {
        None => println!("the same, {} lines", stored.lines().count()),
        Some(difference) => println!("{difference}"),
    }
    Ok(Plan::replay(&stored)?.is_none())
}
