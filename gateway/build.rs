//! Builds the web app into the output folder, from which the executable embeds it.
//!
//! `MENSAJERIA_UI_DIST` names a built one instead; then neither Node nor npm is needed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

/// The variable with the folder of a built web app.
const PREBUILT: &str = "MENSAJERIA_UI_DIST";

/// The parts of `ui` that are no input of the build.
const NOT_SOURCES: [&str; 6] = ["node_modules", "dist", "e2e", "test-results", "biome.json", "README.md"];

/// The timeout of npm and vite.
const STEP_WAIT: Duration = Duration::from_secs(600);

/// How often a running step is polled.
const STEP_POLL: Duration = Duration::from_millis(50);

/// The versions of Node that the build tools support.
const NODE_NEEDED: &str = "Node 20.19 or later, or 22.12 or later (not 21)";

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={PREBUILT}");
    match dist() {
        Ok(dist) => {
            println!("cargo::rustc-env=MENSAJERIA_UI_DIST_DIR={}", dist.display());
            ExitCode::SUCCESS
        }
        Err(reason) => {
            reason.lines().for_each(|line| println!("cargo::error={line}"));
            ExitCode::FAILURE
        }
    }
}

/// The folder with the built web app.
fn dist() -> Result<PathBuf, String> {
    if let Some(folder) = variable(PREBUILT).filter(|value| !value.is_empty()) {
        return prebuilt(&PathBuf::from(folder));
    }
    let ui = PathBuf::from(cargos("CARGO_MANIFEST_DIR")?).join("ui");
    let out = PathBuf::from(cargos("OUT_DIR")?);
    let sources = sources(&ui)?;
    sources.iter().for_each(|source| println!("cargo::rerun-if-changed={}", source.display()));
    check_node()?;
    let workshop = out.join("ui");
    mirror(&sources, &workshop).map_err(|error| format!("failed to copy {}: {error}", ui.display()))?;
    install(&workshop)?;
    build(&workshop, &out.join("ui-dist"))
}

fn prebuilt(folder: &Path) -> Result<PathBuf, String> {
    let folder =
        folder.canonicalize().map_err(|error| format!("{PREBUILT}={}: {error}", folder.display()))?;
    println!("cargo::rerun-if-changed={}", folder.display());
    built(folder)
}

fn cargos(name: &str) -> Result<OsString, String> {
    variable(name).ok_or_else(|| format!("{name} is missing, which cargo sets"))
}

#[expect(clippy::disallowed_methods, reason = "a build script is told everything by its environment")]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// The files and folders that the build depends on.
fn sources(ui: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(ui).map_err(|error| format!("failed to list {}: {error}", ui.display()))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let is_source =
        |path: &PathBuf| path.file_name().is_some_and(|name| !NOT_SOURCES.iter().any(|not| name == *not));
    let mut sources: Vec<_> = paths.filter(is_source).collect();
    sources.sort();
    let is_there = |name: &str| sources.iter().any(|source| source.ends_with(name));
    match ["package.json", "package-lock.json"].into_iter().find(|name| !is_there(name)) {
        Some(name) => Err(format!("{} has no {name}", ui.display())),
        None => Ok(sources),
    }
}

/// Checks that Node and npm exist and Node is recent: their own errors would be obscure.
fn check_node() -> Result<(), String> {
    let node = answer("node", &["--version"]).ok_or_else(|| missing("`node`"))?;
    answer(npm(), &["--version"]).ok_or_else(|| missing("`npm`"))?;
    if is_new_enough(&node) {
        return Ok(());
    }
    Err(format!("the web app needs {NODE_NEEDED}, and `node` is {}\n{}", node.trim(), remedies()))
}

fn answer(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_new_enough(version: &str) -> bool {
    let mut parts =
        version.trim().trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    match (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) {
        (20, minor) => minor >= 19,
        (22, minor) => minor >= 12,
        (major, _) => major > 22,
    }
}

const fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

fn missing(program: &str) -> String {
    format!("{program} was not found; the web app needs {NODE_NEEDED} with npm to be built\n{}", remedies())
}

fn remedies() -> String {
    format!(
        "install it (https://nodejs.org), or name a folder with a built web app: {PREBUILT}=/path/to/dist"
    )
}

/// Copies these sources into the build folder, and removes everything else except npm's packages.
fn mirror(sources: &[PathBuf], workshop: &Path) -> io::Result<()> {
    fs::create_dir_all(workshop)?;
    for entry in fs::read_dir(workshop)?.filter_map(Result::ok) {
        if entry.file_name() != "node_modules" && entry.file_name() != INSTALLED {
            remove(&entry.path())?;
        }
    }
    sources.iter().try_for_each(|source| copy_into(source, workshop))
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

fn copy_into(source: &Path, folder: &Path) -> io::Result<()> {
    let target = folder.join(source.file_name().unwrap_or_default());
    if source.is_file() {
        return fs::copy(source, target).map(drop);
    }
    fs::create_dir_all(&target)?;
    fs::read_dir(source)?.try_for_each(|entry| copy_into(&entry?.path(), &target))
}

/// A copy of the lock file of the installed packages.
const INSTALLED: &str = "installed-from-package-lock.json";

/// Runs `npm ci`, unless the same lock file is installed already.
fn install(workshop: &Path) -> Result<(), String> {
    let lock = fs::read(workshop.join("package-lock.json"))
        .map_err(|error| format!("package-lock.json: {error}"))?;
    let installed = workshop.join(INSTALLED);
    if fs::read(&installed).is_ok_and(|installed| installed == lock) && workshop.join("node_modules").is_dir()
    {
        return Ok(());
    }
    // Remove the copy first: an interrupted install must not count as complete.
    drop(fs::remove_file(&installed));
    let args = ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"];
    run(Command::new(npm()).args(args), workshop)?;
    fs::write(&installed, lock).map_err(|error| format!("{}: {error}", installed.display()))
}

fn build(workshop: &Path, dist: &Path) -> Result<PathBuf, String> {
    let vite = workshop.join("node_modules/vite/bin/vite.js");
    run(Command::new("node").arg(vite).args(["build", "--emptyOutDir", "--outDir"]).arg(dist), workshop)?;
    built(dist.to_owned())
}

fn built(dist: PathBuf) -> Result<PathBuf, String> {
    if dist.join("index.html").is_file() {
        Ok(dist)
    } else {
        Err(format!("{} has no index.html", dist.display()))
    }
}

/// Runs a step. Its output is shown only on failure, because cargo parses a build script's standard output.
fn run(command: &mut Command, folder: &Path) -> Result<(), String> {
    let log = folder.with_extension("log");
    let described = format!("{command:?}");
    let failed = |reason: String| format!("{described} in {}: {reason}", folder.display());
    let file = fs::File::create(&log).map_err(|error| failed(error.to_string()))?;
    let errors = file.try_clone().map_err(|error| failed(error.to_string()))?;
    command.current_dir(folder).stdin(Stdio::null()).stdout(file).stderr(errors);
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let deadline = Instant::now() + STEP_WAIT;
    loop {
        match child.try_wait().map_err(|error| failed(error.to_string()))? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(failed(format!("{status}\n{}", said(&log)))),
            None if Instant::now() >= deadline => {
                drop(child.kill());
                return Err(failed(format!("no end within {} s\n{}", STEP_WAIT.as_secs(), said(&log))));
            }
            None => thread::sleep(STEP_POLL),
        }
    }
}

/// How many lines of a failed step are shown; npm adds a page of usage to every error.
const SAID_LINES: usize = 40;

fn said(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let shown: Vec<_> = text.lines().take(SAID_LINES).collect();
    format!("{}\n(all of it: {})", shown.join("\n"), log.display())
}
