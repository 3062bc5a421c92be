//! Several `Cookie` lines that a server joined into one.

/// Calls `show` with the cookies of a line: first those that surely stand at the beginning of a pair, then those that
/// may have begun a line of their own.
///
/// RFC 9113 §8.2.3 joins lines with `; `, but some servers do it with `, ` as they do with other headers, and then a cookie
/// of ours is behind a comma, or has a neighbour behind one. A comma may be part of a neighbour's value as well, so that
/// somebody who can set cookies for a subdomain could hide one of ours in it. Hence the order: a session that stands
/// where it should is found first, and what is behind a comma counts only where there is none.
pub(crate) fn each(line: &[u8], show: &mut dyn FnMut(&[u8])) {
    if !line.windows(COMMA.len()).any(|two| two == COMMA) {
        return show(line);
    }
    let (mut first, mut second) = (Vec::with_capacity(line.len()), Vec::new());
    for pair in line.split(|byte| *byte == b';') {
        let mut pair = pair;
        let mut into = &mut first;
        while let Some(comma) = pair.windows(COMMA.len()).position(|two| two == COMMA) {
            push(into, &pair[..comma]);
            pair = &pair[comma + COMMA.len()..];
            into = &mut second;
        }
        push(into, pair);
    }
    show(&first);
    show(&second);
}

const COMMA: &[u8] = b", ";

fn push(line: &mut Vec<u8>, pair: &[u8]) {
    if !line.is_empty() {
        line.push(b';');
    }
    line.extend_from_slice(pair);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(line: &str) -> Vec<String> {
        let mut lines = Vec::new();
        each(line.as_bytes(), &mut |line| lines.push(String::from_utf8_lossy(line).into_owned()));
        lines
    }

    #[test]
    fn an_ordinary_line_is_shown_as_it_is() {
        for line in ["", "a=b", "a=b; c=d,e", "a={\"b\":[1,2]}; c"] {
            assert_eq!(lines(line), [line]);
        }
    }

    #[test]
    fn joined_lines_are_parted_and_what_is_behind_a_comma_comes_last() {
        assert_eq!(lines("a=b, ours=1"), ["a=b", "ours=1"]);
        assert_eq!(lines("ours=1, a=b"), ["ours=1", "a=b"]);
        assert_eq!(lines("a=b, ours=1; c=d; ours=2, e, f=g"), ["a=b; c=d; ours=2", "ours=1;e;f=g"]);
        assert_eq!(lines("x=evil, ours=planted; ours=mine")[0], "x=evil; ours=mine");
    }
}
