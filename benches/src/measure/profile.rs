//! What callgrind wrote: instructions by function, and by where they stand.

use std::collections::{HashMap, HashSet};

/// Instructions in a function itself, without what it calls; and how often each one was executed, if that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    by_function: HashMap<String, u64>,
    /// By the object in which they stand, and where.
    by_address: HashMap<(String, u64), u64>,
}

impl Profile {
    /// Reads a file in callgrind's format, of one event and with positions of any kind.
    pub(crate) fn parse(text: &str) -> Self {
        let mut names: HashMap<&str, &str> = HashMap::new();
        let mut profile = Profile::default();
        let mut objects: HashMap<&str, &str> = HashMap::new();
        let (mut function, mut object, mut is_of_a_call) = ("", "", false);
        let (mut has_addresses, mut address) = (false, 0);
        for line in text.lines() {
            if let Some(positions) = line.strip_prefix("positions:") {
                has_addresses = positions.contains("instr");
            } else if let Some(name) = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn=")) {
                let name = named(&mut names, name);
                if line.starts_with("fn=") {
                    function = name;
                }
            } else if let Some(name) = line.strip_prefix("ob=").or_else(|| line.strip_prefix("cob=")) {
                let name = named(&mut objects, name);
                if line.starts_with("ob=") {
                    object = name;
                }
            } else if line.starts_with("calls=") {
                is_of_a_call = true;
            } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
                let cost = line.rsplit(' ').next().and_then(|cost| cost.parse::<u64>().ok()).unwrap_or(0);
                if has_addresses {
                    address = moved(address, line.split(' ').next().unwrap_or_default());
                }
                if !std::mem::take(&mut is_of_a_call) {
                    *profile.by_function.entry(function.to_owned()).or_default() += cost;
                    if has_addresses {
                        *profile.by_address.entry((object.to_owned(), address)).or_default() += cost;
                    }
                }
            }
        }
        profile
    }

    /// All instructions.
    pub(crate) fn total(&self) -> u64 {
        self.by_function.values().sum()
    }

    /// Those in functions whose names hold this text.
    pub(crate) fn within(&self, part: &str) -> u64 {
        self.by_function.iter().filter(|(name, _)| name.contains(part)).map(|(_, cost)| cost).sum()
    }

    /// How often those of an object at these places were executed.
    pub(crate) fn at(&self, object: &str, places: &HashSet<u64>) -> u64 {
        let here = self.by_address.iter().filter(|((name, place), _)| name == object && places.contains(place));
        here.map(|(_, cost)| cost).sum()
    }
}

/// A name: "(number) name" the first time, "(number)" from then on.
fn named<'a>(names: &mut HashMap<&'a str, &'a str>, text: &'a str) -> &'a str {
    let (number, name) = text.split_once(' ').unwrap_or((text, ""));
    let name = if name.is_empty() { names.get(number).copied().unwrap_or("") } else { name };
    names.insert(number, name);
    name
}

/// Where a position is that is told by itself, or by how far it is from the one before.
fn moved(before: u64, position: &str) -> u64 {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    match position.split_at_checked(1) {
        Some(("*", _)) => before,
        Some(("+", further)) => before + number(further).unwrap_or(0),
        Some(("-", back)) => before.saturating_sub(number(back).unwrap_or(0)),
        _ => number(position).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn costs_of_calls_are_the_callee_s() {
        let profile = Profile::parse(
            "events: Ir\n\nfl=(1) a.rs\nfn=(1) outer\n10 5\ncfn=(2) sha2::inner\ncalls=3 20\n+1 900\n+2 7\n\n\
             fn=(2)\n20 800\nfi=(3) b.rs\n* 100\ntotals: 912\n",
        );
        assert_eq!((profile.total(), profile.within("sha2::")), (912, 900));
    }

    #[test]
    fn what_is_executed_is_known_by_its_place() {
        let profile = Profile::parse(
            "positions: instr line\nevents: Ir\n\nob=(1) /a\nfl=(1) a.rs\nfn=(1) outer\n0x100 10 5\n+4 +1 7\n\
             cob=(2) /b\ncfn=(2) inner\ncalls=3 0x100 20\n* * 900\n-4 -1 2\n\nob=(2)\nfn=(2)\n0x100 20 800\n",
        );
        assert_eq!(profile.at("/a", &[0x100].into()), 7);
        assert_eq!(profile.at("/a", &[0x104].into()), 7);
        assert_eq!(profile.at("/b", &[0x100, 0x104].into()), 800);
    }
}
