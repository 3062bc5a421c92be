//! Which instructions of this program are atomic operations: they wait until the processor has finished its own writes.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

/// Where they stand in the program; nothing where they are not known by their names, and nothing, said loudly, where there is no objdump.
pub(crate) fn of(program: &Path) -> Option<HashSet<u64>> {
    if !cfg!(target_arch = "x86_64") {
        return None;
    }
    let output = Command::new("objdump").args(["--disassemble", "--no-show-raw-insn"]).arg(program).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        eprintln!("\n!!! objdump is missing: NO ATOMIC OPERATIONS ARE COUNTED. Debian: apt-get install binutils\n");
        return None;
    };
    Some(addresses(&String::from_utf8_lossy(&output.stdout)))
}

fn addresses(disassembly: &str) -> HashSet<u64> {
    let atomic = disassembly.lines().filter_map(|line| {
        let (address, instruction) = line.trim_start().split_once(":\t")?;
        is_atomic(instruction).then(|| u64::from_str_radix(address, 16).ok())?
    });
    atomic.collect()
}

/// What is marked so, and an exchange with memory, which is so without a mark.
fn is_atomic(instruction: &str) -> bool {
    instruction.starts_with("lock ") || (instruction.starts_with("xchg ") && instruction.contains('('))
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn marked_instructions_and_exchanges_with_memory_are_atomic() {
        let found = addresses(
            "\n0000000000001000 <one>:\n    1000:\tlock incq (%rax)\n    1004:\txchg   %ax,%ax\n    \
             1006:\txchg   %eax,0x8(%rdi)\n    100b:\tmov    (%rax),%rcx\n",
        );
        assert_eq!(found, [0x1000, 0x1006].into());
    }
}
