//! The check of a site file.

use std::fmt::Write as _;

use offhook_store::site_file;

/// What is wrong, as `file:line:column: message`, with the line itself; whether nothing is.
pub(crate) fn report(name: &str, text: &str) -> (String, bool) {
    match site_file::check(text) {
        Ok(plan) => {
            let report = format!(
                "{name}: right: {} extensions, {} telephones, {} lines, {} trunks, {} announcements\n",
                plan.users.len(),
                plan.devices.len(),
                plan.lines.len(),
                plan.trunks.len(),
                plan.announcements.len(),
            );
            (report, true)
        }
        Err(findings) => {
            let mut report = String::new();
            for finding in &findings {
                let _ = writeln!(report, "{name}:{finding}");
                let line = text.lines().nth(finding.line - 1).unwrap_or_default();
                // A password on the line stays there.
                if !line.contains("password") && !line.trim().is_empty() {
                    let _ = writeln!(report, "  {line}\n  {}^", " ".repeat(finding.column - 1));
                }
            }
            let _ = writeln!(report, "{name}: {} error(s)", findings.len());
            (report, false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::report;

    #[test]
    fn tells_the_line_and_never_a_password() {
        let (text, fine) = report("site.toml", "[site]\nname = \"S\"\ncuntry = \"FR\"\n");
        assert!(!fine);
        assert_eq!(
            text,
            "site.toml:3:1: unknown key `cuntry`: did you mean `country`?\n  cuntry = \"FR\"\n  ^\nsite.toml: 1 error(s)\n"
        );
        let user = "[site]\nname = \"S\"\n[[user]]\nextension = \"201\"\nname = \"A\"\npassword = \"hunter2\"\n";
        let (text, _) = report("site.toml", user);
        assert!(text.starts_with("site.toml:6:12: the password is weak"), "{text}");
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn the_bench_site_is_right() {
        let (text, fine) = report("site.toml", include_str!("../../bench/site.toml"));
        assert!(fine && text.contains("250 extensions, 250 telephones"), "{text}");
    }
}
