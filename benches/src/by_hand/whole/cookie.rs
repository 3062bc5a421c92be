//! The cookie: what of a request may be a token, and what the browser is told.

use super::token::TEXT;

/// How many texts are kept, and how many tokens are tried.
const MOST_TEXTS: usize = 32;
pub(super) const MOST_TOKENS: usize = 8;

/// What may be tokens, in the order in which they are tried.
#[derive(Default)]
pub(super) struct Presented {
    pub(super) first: Option<[u8; TEXT]>,
    pub(super) more: Vec<[u8; TEXT]>,
    /// Something stood in a token's place that cannot be one.
    pub(super) malformed: bool,
}

impl Presented {
    /// Looks at every cookie of a line.
    #[inline]
    pub(super) fn read(&mut self, line: &[u8], name: &[u8]) {
        // A line of this length that begins so is one cookie, or has none that could be a token behind it.
        if line.len() == name.len() + 1 + TEXT
            && let Some([b'=', text @ ..]) = line.strip_prefix(name)
        {
            return self.take(text);
        }
        self.read_all(line, name);
    }

    #[inline(never)]
    fn read_all(&mut self, line: &[u8], name: &[u8]) {
        let mut rest = Some(line);
        while let Some(line) = rest {
            let end = memchr::memchr(b';', line);
            rest = end.map(|end| &line[end + 1..]);
            let pair = line[..end.unwrap_or(line.len())].trim_ascii();
            if let Some(behind) = pair.strip_prefix(name)
                && let Some(text) = behind.trim_ascii_start().strip_prefix(b"=")
            {
                self.take(text.trim_ascii_start());
            }
        }
    }

    #[inline]
    fn take(&mut self, text: &[u8]) {
        match text.try_into() {
            Err(_) => self.malformed = true,
            Ok(text) if self.first.is_none() => self.first = Some(text),
            Ok(text) => self.take_more(text),
        }
    }

    #[cold]
    fn take_more(&mut self, text: [u8; TEXT]) {
        if self.more.len() + 1 < MOST_TEXTS {
            self.more.push(text);
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.first.is_none() && !self.malformed
    }
}

/// True if a request was sent to this machine by name or number: browsers keep Secure cookies there without TLS.
#[inline]
pub(super) fn is_for_this_machine(host: &[u8]) -> bool {
    const NAME: &[u8] = b"localhost";
    match host {
        [b'[', ..] | [b'1', b'2', b'7', b'.', ..] => super::seldom("a request to an address of this machine"),
        [.., b'0'..=b'9' | b':' | b'.'] => {
            let name = host.rsplitn(2, |byte| *byte == b':').last().unwrap_or(host);
            let name = name.strip_suffix(b".").unwrap_or(name);
            !matches!(name, [.., b'0'..=b'9' | b':' | b'.']) && is_for_this_machine(name)
        }
        _ => {
            let Some((before, name)) = host.len().checked_sub(NAME.len()).map(|at| host.split_at(at)) else {
                return false;
            };
            name.eq_ignore_ascii_case(NAME) && matches!(before, [] | [.., b'.'])
        }
    }
}
