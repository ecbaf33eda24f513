//! The `portcullis` binary.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let path = std::env::args().nth(1);
    let config = portcullis::config::load(
        path.as_deref().map(std::path::Path::new),
        std::env::vars_os(),
        &Default::default(),
    );
    match config {
        Ok(config) => {
            portcullis::telemetry::init_log(&config.log);
            if let Err(e) = portcullis::app::run(config) {
                eprintln!("{e}");
            }
        }
        Err(e) => eprintln!("{e}"),
    }
}
