//! The `dinhdanh` binary: everything is in the library.

fn main() -> std::process::ExitCode {
    dinhdanh::cli::main()
}
