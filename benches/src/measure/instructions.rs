//! How many instructions a request takes: this program again, inside valgrind, which counts between two marks.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::profile::Profile;
use crate::site::{Ask, Case, Site, Subject};

const REQUESTS: usize = 200;

/// Counts instructions, and keeps the profiles.
#[derive(Debug)]
pub(crate) struct Counter {
    program: PathBuf,
    profiles: PathBuf,
    /// Where this program's atomic operations are, if they are to be counted.
    atomic: Option<HashSet<u64>>,
}

/// Instructions of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Instructions {
    pub(crate) all: f64,
    /// What `sha2` took of them. valgrind hides the processor's instructions for SHA-256, so it is computed by hand there, and
    /// by far fewer elsewhere.
    pub(crate) sha256: f64,
    /// How many of them are atomic operations of this program.
    pub(crate) atomic: f64,
}

impl Instructions {
    /// Without SHA-256 by hand.
    pub(crate) fn without_sha256(self) -> f64 {
        self.all - self.sha256
    }

    /// What is left when what a control takes is taken away.
    pub(crate) fn over(self, control: Instructions) -> Instructions {
        let Instructions { all, sha256, atomic } = self;
        Instructions { all: all - control.all, sha256: sha256 - control.sha256, atomic: atomic - control.atomic }
    }
}

impl Counter {
    /// A counter that leaves its profiles beside the program; nothing, said loudly, where there is no valgrind.
    pub(crate) fn new() -> Option<Counter> {
        let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            eprintln!("\n!!! valgrind is missing: NO INSTRUCTIONS ARE COUNTED. Debian: apt-get install valgrind\n");
            return None;
        }
        let program = std::env::current_exe().expect("a program knows where it is");
        let profiles = program.with_file_name("profiles");
        std::fs::create_dir_all(&profiles).expect("a directory beside the program");
        Some(Counter { program, profiles, atomic: None })
    }

    /// One that counts atomic operations, too, if it can.
    #[cfg(feature = "peers")]
    pub(crate) fn with_atomics(self) -> Self {
        Counter { atomic: super::atomics::of(&self.program), ..self }
    }

    /// True if it can say how many atomic operations there are.
    #[cfg(feature = "peers")]
    pub(crate) fn counts_atomics(&self) -> bool {
        self.atomic.is_some()
    }

    /// Where the profiles are, for `callgrind_annotate`.
    pub(crate) fn profiles(&self) -> &Path {
        &self.profiles
    }

    /// Instructions of a request of this kind.
    pub(crate) fn count(&self, subject: &Subject, case: Case) -> Result<Instructions, String> {
        let file = self.profiles.join(format!("{}-{}-{}", subject.framework, subject.name, case.name()));
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*counted_requests*"])
            .args(self.atomic.as_ref().map(|_| "--dump-instr=yes"))
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(&self.program)
            .args(["count", subject.framework, subject.name, case.name()])
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let profile = Profile::parse(&std::fs::read_to_string(&file).map_err(|error| error.to_string())?);
        if profile.total() == 0 {
            return Err("callgrind did not find the function that is counted".to_owned());
        }
        let each = |sum: u64| sum as f64 / REQUESTS as f64;
        let atomic = self.atomic.as_ref().map_or(0, |places| profile.at(&self.program.to_string_lossy(), places));
        let (all, sha256) = (profile.total(), profile.within("sha2::"));
        Ok(Instructions { all: each(all), sha256: each(sha256), atomic: each(atomic) })
    }
}

/// What runs inside of valgrind.
pub(crate) fn be_counted(subject: &Subject, case: Case) {
    let site = (subject.open)();
    site.send_all(&subject.asks(&*site, case, REQUESTS));
    let asks = subject.asks(&*site, case, REQUESTS);
    counted_requests(&*site, &asks);
}

#[inline(never)]
fn counted_requests(site: &dyn Site, asks: &[Ask]) {
    site.send_all(std::hint::black_box(asks));
}
