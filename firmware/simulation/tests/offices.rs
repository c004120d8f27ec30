//! Whole offices from a few dozen seeds.

#[test]
fn a_few_dozen_offices() {
    for seed in 0..40 {
        if let Err(failure) = offhook_simulation::run(seed, 240) {
            for line in failure.trace.iter().rev().take(80).rev() {
                eprintln!("{line}");
            }
            panic!("{failure}");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_office() {
    let first = offhook_simulation::run(7, 60).expect("fine");
    let second = offhook_simulation::run(7, 60).expect("fine");
    assert_eq!(first, second);
}
