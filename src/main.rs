//! The command line.

fn main() -> std::process::ExitCode {
    match conum::app::commands::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conum: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
