//! What the numbers were measured on, and the versions of what was measured.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What is compared, as its packages are called.
const PACKAGES: [&str; 12] = [
    "axum",
    "tower-sessions",
    "axum_session",
    "actix-web",
    "actix-session",
    "rocket",
    "rocket_flex_session",
    "warp",
    "warp-sessions",
    "tower-sessions-file-based-store",
    "tower-sessions-file-store",
    "tower-sessions-redis-store",
];

/// The machine, a line each.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let rows = [
        ("processor", format!("{}, {cores} cores", processor())),
        ("kernel", format!("{} {}", std::env::consts::OS, kernel.trim())),
        ("file system of temporary files", file_system(&std::env::temp_dir())),
        ("compiler", said("rustc", &["--version"])),
        ("profile", "release, without LTO".to_owned()),
        ("instructions are counted by", said("valgrind", &["--version"])),
    ];
    let mut table = String::from("| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(table, "| {name} | {value} |");
    }
    table
}

/// The versions in the lock file; several of one package where peers ask for different ones.
pub(crate) fn versions() -> String {
    let mut table = String::from("| package | version |\n|---|---|\n");
    for package in PACKAGES {
        let _ = writeln!(table, "| {package} | {} |", version(package));
    }
    table
}

fn version(package: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let named = format!("name = \"{package}\"\nversion = \"");
    let found: Vec<_> = lock.split(&named).skip(1).filter_map(|rest| rest.split('"').next()).collect();
    found.join(", ")
}

fn processor() -> String {
    let all = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = all.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(std::env::consts::ARCH);
    model.trim_start_matches([' ', '\t', ':']).to_owned()
}

/// The file system that a path is on: of all that are mounted above it, the nearest.
pub(crate) fn file_system(path: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let above = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (place, kind) = (fields.next()?, fields.next()?);
        path.starts_with(place).then_some((place.len(), kind))
    });
    above.max_by_key(|(length, _)| *length).map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| "–".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
