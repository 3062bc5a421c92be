//! The scripts, and a request to the server: a script, or a command that changes nothing.

use std::sync::LazyLock;

use redis::Cmd;
use webstack_store::GRACE;

/// Something to ask the server; it can be asked again from the beginning.
#[derive(Clone)]
pub(crate) enum Ask {
    /// A command that changes nothing.
    Read(Cmd),
    /// A script that may change something.
    Run { script: &'static LazyLock<Script>, keys: Vec<Vec<u8>>, arguments: Vec<Vec<u8>> },
}

impl Ask {
    pub(crate) fn read(name: &str, key: impl Into<Vec<u8>>) -> Ask {
        let mut command = redis::cmd(name);
        command.arg(key.into());
        Ask::Read(command)
    }

    pub(crate) fn run<const N: usize>(script: &'static LazyLock<Script>, keys: [Vec<u8>; N]) -> Ask {
        Ask::Run { script, keys: keys.into(), arguments: Vec::new() }
    }

    #[must_use]
    pub(crate) fn arg(mut self, value: impl Into<Vec<u8>>) -> Ask {
        match &mut self {
            Ask::Read(command) => {
                command.arg(value.into());
            }
            Ask::Run { arguments, .. } => arguments.push(value.into()),
        }
        self
    }

    /// The command; with the text of the script if the server does not know it yet.
    pub(crate) fn command(&self, knowledge: Knowledge) -> Cmd {
        let (script, keys, arguments) = match self {
            Ask::Read(command) => return command.clone(),
            Ask::Run { script, keys, arguments } => (script, keys, arguments),
        };
        let mut command = match knowledge {
            Knowledge::Presumed => redis::cmd("EVALSHA"),
            Knowledge::Lacking => redis::cmd("EVAL"),
        };
        match knowledge {
            Knowledge::Presumed => command.arg(&script.hash),
            Knowledge::Lacking => command.arg(&script.code),
        };
        command.arg(keys.len()).arg(keys).arg(arguments);
        command
    }

    /// Whether asking twice is as good as asking once, though the first answer is unknown.
    pub(crate) fn is_repeatable(&self) -> bool {
        matches!(self, Ask::Read(_))
    }
}

/// Whether the server is believed to know a script.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    Presumed,
    Lacking,
}

macro_rules! scripts {
    ($($name:ident $file:literal)*) => {
        $(pub(crate) static $name: LazyLock<Script> = LazyLock::new(|| script(include_str!($file)));)*
    };
}

scripts! {
    CREATE "lua/create.lua"
    UPDATE "lua/update.lua"
    TOUCH "lua/touch.lua"
    REMOVE "lua/remove.lua"
    SWEEP "lua/sweep.lua"
    MARK "lua/mark.lua"
    UNMARK "lua/unmark.lua"
    RESERVE "lua/reserve.lua"
}

pub(crate) struct Script {
    code: String,
    /// The name by which a server knows it.
    hash: String,
}

fn script(body: &str) -> Script {
    let code = format!("local GRACE = {}\n{}{body}", GRACE.as_millis(), include_str!("lua/prelude.lua"));
    let hash = redis::Script::new(&code).get_hash().to_owned();
    Script { code, hash }
}
