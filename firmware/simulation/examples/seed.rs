//! Runs one seed with everything printed, or a range: `cargo run -p offhook-simulation --example seed -- FROM [TO]`.
fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    match numbers.as_slice() {
        [seed] => eprintln!("{:?}", offhook_simulation::run_traced(*seed, 240).map_err(|f| f.to_string())),
        [from, to] => {
            for seed in *from..*to {
                match offhook_simulation::run(seed, 240) {
                    Err(failure) => eprintln!("{failure}"),
                    Ok(summary) if seed % 20 == 0 => eprintln!("{seed}: {summary:?}"),
                    Ok(_) => {}
                }
            }
        }
        _ => eprintln!("FROM [TO]"),
    }
}
