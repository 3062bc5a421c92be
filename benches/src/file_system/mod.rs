//! Sessions in files: the store beside bare system calls, its calls counted, what many sessions cost, and libraries that keep
//! them in files, too.
//!
//! `tree` makes directories with sessions, `bare` makes the calls, `operations` is what is done to files by either, and `turns`
//! lets them do it in turn. `beside`, `syscalls`, `inode`, `growth` with `purge`, and `peers` are what is asked.

mod bare;
mod beside;
mod growth;
mod inode;
mod operations;
mod peers;
mod purge;
mod syscalls;
mod tree;
mod turns;

pub(crate) use syscalls::be_traced;

use crate::comparison::Effort;
use crate::page::Page;
use tree::Tree;

/// Measures all of it, on the disk and in memory.
pub(crate) fn run(effort: Effort, page: &Page) {
    let trees: Vec<_> = [Some(Tree::on_disk()), Tree::in_memory()].into_iter().flatten().collect();
    beside::run(&trees, effort.rounds, page);
    inode::run(&trees, page);
    drop(trees);
    syscalls::run(page);
    peers::run(effort.rounds / 10, page);
    growth::run(effort.sessions, effort.rounds, page);
}
