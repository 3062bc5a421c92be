//! What callgrind wrote: instructions by function.

use std::collections::HashMap;

/// Instructions in a function itself, without what it calls.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    by_function: HashMap<String, u64>,
}

impl Profile {
    /// Reads a file in callgrind's format, of one event and with positions of any kind.
    pub(crate) fn parse(text: &str) -> Self {
        let mut names: HashMap<&str, &str> = HashMap::new();
        let mut profile = Profile::default();
        let (mut function, mut is_of_a_call) = ("", false);
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn=")) {
                // "(number) name" the first time, "(number)" from then on
                let (number, name) = name.split_once(' ').unwrap_or((name, ""));
                let name = if name.is_empty() { names.get(number).copied().unwrap_or("") } else { name };
                names.insert(number, name);
                if line.starts_with("fn=") {
                    function = name;
                }
            } else if line.starts_with("calls=") {
                is_of_a_call = true;
            } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
                let cost = line.rsplit(' ').next().and_then(|cost| cost.parse::<u64>().ok());
                if !std::mem::take(&mut is_of_a_call) {
                    *profile.by_function.entry(function.to_owned()).or_default() += cost.unwrap_or(0);
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
}
