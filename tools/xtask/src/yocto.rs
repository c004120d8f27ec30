//! `cargo xtask yocto`: makes what the Yocto layer needs and git does not keep: the list of crates with their checksums, read from
//! `Cargo.lock`, and the built web page. After it, the build of the image asks the network for nothing but what it fetches by checksum.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::test::workspace_root;

/// The generated list, from the workspace's root.
const CRATES: &str = "yocto-layer/recipes-offhook/offhookd/offhookd-crates.inc";
/// Where crates of the public registry come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Writes the list of crates and builds the page.
///
/// # Errors
/// When `Cargo.lock` cannot be read or names a crate that no recipe could fetch, or the page does not build.
pub(crate) fn run() -> Result<()> {
    let root = workspace_root();
    let list = crates(&fs::read_to_string(root.join("Cargo.lock"))?)?;
    fs::write(root.join(CRATES), list)?;
    let built = Command::new("npm").args(["run", "--silent", "build"]).current_dir(root.join("web-ui")).status()?;
    ensure!(built.success(), "the web page does not build");
    say(&format!("{CRATES} and web-ui/dist are ready for bitbake"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what the caller reads")]
fn say(line: &str) {
    println!("{line}");
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// The bitbake include of a lock file: a `crate://` entry and a SHA-256 for each crate of the registry.
fn crates(lock: &str) -> Result<String> {
    let lock: Lock = toml::from_str(lock).context("Cargo.lock")?;
    let (mut entries, mut sums) = (String::new(), String::new());
    for package in &lock.package {
        let Some(source) = &package.source else { continue };
        let (name, version) = (&package.name, &package.version);
        ensure!(source == REGISTRY, "{name} {version} comes from {source}: the image is built from crates.io only");
        let checksum = package.checksum.as_deref().context("a crate without a checksum")?;
        writeln!(entries, "    crate://crates.io/{name}/{version} \\")?;
        writeln!(sums, "SRC_URI[{name}-{version}.sha256sum] = \"{checksum}\"")?;
    }
    Ok(format!("# Made from Cargo.lock by `cargo xtask yocto`.\nSRC_URI += \" \\\n{entries}\"\n\n{sums}"))
}

/// Faults of the layer that can be found without bitbake: files a recipe names and nobody has, a version that is not the workspace's,
/// a private key.
#[cfg_attr(not(test), expect(dead_code, reason = "the tests call it"))]
fn faults(root: &Path) -> Result<Vec<String>> {
    let layer = root.join("yocto-layer");
    let mut faults = Vec::new();
    for path in files(&layer)? {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if text.contains("PRIVATE KEY-----") {
            faults.push(format!("{shown}: a private key"));
        }
        if text.contains("AUTOREV") {
            faults.push(format!("{shown}: AUTOREV builds something else every day"));
        }
        let recipe = path.extension().is_some_and(|e| e == "bb" || e == "bbappend");
        let near = path.parent().unwrap_or(&layer);
        for name in text.split("file://").skip(1).filter(|_| recipe) {
            let end = name.find([';', ' ', '"', '\n', '\\']).unwrap_or(name.len());
            let name = name.get(..end).unwrap_or_default();
            // Licence files are the fetched sources' own, unless the sources are ours.
            let generated = name == "web-ui/dist" || name.contains("${") || text.contains("git://");
            let found =
                [near.join("files"), near.to_owned(), root.to_owned(), layer.join("recipes-kernel/linux/files")]
                    .iter()
                    .any(|folder| folder.join(name).exists());
            if !generated && !found {
                faults.push(format!("{shown}: {name} is nowhere"));
            }
        }
    }
    Ok(faults)
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_the_lock_file_is_listed_once_with_its_checksum() {
        let lock = fs::read_to_string(workspace_root().join("Cargo.lock")).expect("Cargo.lock");
        let list = crates(&lock).expect("a list");
        // Counted in the text itself, not by the same reader.
        let locked = lock.lines().filter(|line| line.starts_with("checksum = ")).count();
        let listed = list.lines().filter(|line| line.trim_start().starts_with("crate://crates.io/")).count();
        let sums = list.lines().filter(|line| line.starts_with("SRC_URI[")).count();
        assert!(locked > 100, "{locked} crates");
        assert_eq!((listed, sums), (locked, locked));
    }

    #[test]
    fn a_crate_from_elsewhere_is_refused() {
        let lock =
            "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.org/a\"\n";
        let error = crates(lock).expect_err("refused").to_string();
        assert!(error.contains("crates.io only"), "{error}");
    }

    #[test]
    fn the_layer_names_only_files_that_are_there() {
        let root = workspace_root();
        let found = faults(&root).expect("the layer");
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn the_recipe_has_the_workspaces_version() {
        let root = workspace_root();
        let manifest: toml::Table =
            toml::from_str(&fs::read_to_string(root.join("Cargo.toml")).expect("Cargo.toml")).expect("TOML");
        let version = manifest["workspace"]["package"]["version"].as_str().expect("a version");
        let recipe = format!("yocto-layer/recipes-offhook/offhookd/offhookd_{version}.bb");
        assert!(root.join(&recipe).exists(), "{recipe} is missing");
        let distro = fs::read_to_string(root.join("yocto-layer/conf/distro/offhook.conf")).expect("the distro");
        assert!(distro.contains(&format!("DISTRO_VERSION = \"{version}\"")), "the distro has another version");
    }
}
