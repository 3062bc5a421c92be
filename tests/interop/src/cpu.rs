//! How much of a processor processes have used.

use std::fs;
use std::time::Duration;

/// Linux counts in these, whatever the kernel's own tick is (proc(5), `sysconf(_SC_CLK_TCK)`).
const TICK: Duration = Duration::from_millis(10);

/// What this process has used, its threads included.
pub fn of_this_process() -> Duration {
    used("self").expect("/proc is there").1
}

/// What a process and all that it started have used, those that ended included.
pub fn of_processes(root: u32) -> Duration {
    let all: Vec<(u32, u32, Duration)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|process: u32| used(&process.to_string()).map(|(parent, used)| (process, parent, used)))
        .collect();
    let (mut family, mut sum, mut at) = (vec![root], Duration::ZERO, 0);
    while let Some(&member) = family.get(at) {
        sum += all.iter().filter(|(process, ..)| *process == member).map(|(.., used)| *used).sum::<Duration>();
        family.extend(all.iter().filter(|(_, parent, _)| *parent == member).map(|(process, ..)| *process));
        at += 1;
    }
    sum
}

/// The parent of a process, and what it has used; and its children that ended and were waited for.
fn used(process: &str) -> Option<(u32, Duration)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: u32 = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u32>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, TICK * ticks))
}
