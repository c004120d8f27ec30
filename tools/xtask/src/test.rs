//! `xtask test`: every check of the project, in one order, counted into one line "N passed, N failed".

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How much to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// The edit loop.
    Quick,
    /// What runs before anything lands.
    Normal,
    /// Also long simulation, soak and fuzzing.
    Full,
}

/// Passed and failed checks.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs all stages of `level`, or only those whose name contains `only`.
///
/// # Errors
/// When a stage cannot be started at all, or anything failed.
pub(crate) fn run(level: Level, only: Option<&str>) -> Result<()> {
    let root = workspace_root();
    let mut total = Count::default();
    let mut failures = Vec::new();
    for stage in stages() {
        if stage.level > level || (level == Level::Quick && stage.level != Level::Quick) {
            continue;
        }
        if only.is_some_and(|text| !stage.name.contains(text)) {
            continue;
        }
        eprintln!("\n=== {} ===", stage.name);
        let began = Instant::now();
        let count = run_stage(&root, &stage).with_context(|| format!("stage {}", stage.name))?;
        eprintln!(
            "=== {}: {} passed, {} failed, {:.0} s",
            stage.name,
            count.passed,
            count.failed,
            began.elapsed().as_secs_f32()
        );
        total.passed += count.passed;
        total.failed += count.failed;
        if count.failed > 0 {
            failures.push(stage.name);
        }
    }
    if !failures.is_empty() {
        eprintln!("\nFailed: {}", failures.join(", "));
    }
    #[expect(clippy::print_stdout, reason = "the line that the caller reads")]
    {
        println!("{} passed, {} failed", total.passed, total.failed);
    }
    if total.failed > 0 || total.passed == 0 {
        std::process::exit(1);
    }
    Ok(())
}

/// One command and how its checks are counted.
struct Stage {
    name: &'static str,
    level: Level,
    directory: &'static str,
    command: &'static [&'static str],
}

fn stages() -> Vec<Stage> {
    use Level::{Full, Normal, Quick};
    let stage = |level, name, directory, command| Stage { name, level, directory, command };
    vec![
        stage(Quick, "format", ".", &["cargo", "fmt", "--all", "--check"]),
        stage(Quick, "web page: types", "web-ui", &["npm", "run", "--silent", "check"]),
        stage(Quick, "web page: client of the API", "web-ui", &["npm", "run", "--silent", "check:api"]),
        stage(Quick, "web page: units", "web-ui", &["npm", "run", "--silent", "test"]),
        stage(Quick, "web page: build", "web-ui", &["npm", "run", "--silent", "build"]),
        stage(Quick, "lints", ".", &["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        stage(
            Normal,
            "licences and sources",
            ".",
            &["cargo", "deny", "--log-level", "error", "check", "licenses", "bans", "sources"],
        ),
        stage(Quick, "units", ".", &["cargo", "test", "--workspace", "--exclude", "offhookd", "--no-fail-fast"]),
        stage(
            Normal,
            "simulated office",
            ".",
            &["cargo", "run", "--quiet", "-p", "xtask", "--", "simulate", "--seeds", "300"],
        ),
        stage(
            Normal,
            "daemon",
            ".",
            &["cargo", "test", "-p", "offhookd", "--no-fail-fast", "--", "--test-threads", "1"],
        ),
        stage(Normal, "web page in a browser", "web-ui", &["npm", "run", "--silent", "e2e"]),
        stage(Full, "release build", ".", &["cargo", "build", "--release", "--workspace"]),
        stage(
            Full,
            "simulated office, long",
            ".",
            &["target/release/xtask", "simulate", "--seeds", "20000", "--start", "1000000"],
        ),
        stage(Full, "hours of sound", ".", &["cargo", "test", "--release", "-p", "offhook-media", "--", "--ignored"]),
        stage(Full, "fuzz", ".", &["target/release/xtask", "fuzz", "--seconds", "120"]),
    ]
}

fn run_stage(root: &Path, stage: &Stage) -> Result<Count> {
    // A stage that hangs must not take the others with it: coreutils' timeout ends its whole process group.
    let mut child = Command::new("timeout")
        .args(["--kill-after=10", &limit(stage.level).as_secs().to_string()])
        .args(stage.command)
        .current_dir(root.join(stage.directory))
        .env("CARGO_TERM_COLOR", "never")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", stage.command[0]))?;
    let mut count = Count::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            eprintln!("{line}");
            let found = read_counts(&line);
            count.passed += found.passed;
            count.failed += found.failed;
        }
    }
    let status = child.wait()?;
    if !status.success() && count.failed == 0 {
        count.failed = 1;
    }
    if status.success() && count.passed == 0 && count.failed == 0 {
        count.passed = 1;
    }
    Ok(count)
}

/// The longest a stage may take, several times what it needs on two slow cores.
fn limit(level: Level) -> Duration {
    match level {
        Level::Quick | Level::Normal => Duration::from_secs(25 * 60),
        Level::Full => Duration::from_secs(2 * 60 * 60),
    }
}

/// Reads the closing line of a test runner: cargo ("test result: ok. 3 passed; 0 failed; …"), vitest ("Tests  3 passed (3)") or our
/// own ("3 passed, 0 failed").
fn read_counts(line: &str) -> Count {
    let line = line.trim();
    let counted = line.starts_with("test result:")
        || line.starts_with("Tests ")
        || line.ends_with(" failed") && line.contains(" passed, ");
    if !counted {
        return Count::default();
    }
    let words: Vec<&str> = line.split([' ', ';', ',', '|', '(', ')']).filter(|w| !w.is_empty()).collect();
    let mut count = Count::default();
    for pair in words.windows(2) {
        if let Ok(number) = pair[0].parse::<u64>() {
            match pair[1] {
                "passed" => count.passed = number,
                "failed" => count.failed = number,
                _ => {}
            }
        }
    }
    count
}

/// The folder of the root manifest.
pub(crate) fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_each_runner_are_read() {
        for (line, passed, failed) in [
            ("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s", 12, 0),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", 3, 2),
            ("      Tests  1 failed | 7 passed (8)", 7, 1),
            ("500 passed, 0 failed", 500, 0),
            ("test calls::are_passed ... ok", 0, 0),
        ] {
            let count = read_counts(line);
            assert_eq!((count.passed, count.failed), (passed, failed), "{line}");
        }
    }
}
