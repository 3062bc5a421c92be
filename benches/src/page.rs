//! `docs/performance.md`: tables between marks, and plots beside it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// Where results go.
#[derive(Debug)]
pub(crate) enum Page {
    /// Tables are printed, and written between their marks; plots are written.
    Written,
    /// Tables are printed, and put on a copy of the page that nobody sees: a short run is not worth more.
    Printed(RefCell<String>),
}

impl Page {
    /// A page that is only printed.
    pub(crate) fn printed() -> Self {
        Page::Printed(RefCell::new(read()))
    }

    /// Shows a table, and puts it between `<!-- NAME: … -->` and `<!-- end of NAME -->`.
    pub(crate) fn table(&self, name: &str, table: &str) {
        println!("\n## {name}\n\n{table}");
        let replaced = replace_marked(&self.text(), name, table);
        match self {
            Page::Written => std::fs::write(path(), replaced).expect("it can be written"),
            Page::Printed(text) => drop(text.replace(replaced)),
        }
    }

    /// The page as it is by now.
    pub(crate) fn text(&self) -> String {
        match self {
            Page::Written => read(),
            Page::Printed(text) => text.borrow().clone(),
        }
    }

    /// Keeps a plot as `docs/performance/NAME.svg`.
    pub(crate) fn plot(&self, name: &str, svg: &str) {
        if matches!(self, Page::Written) {
            let directory = docs().join("performance");
            std::fs::create_dir_all(&directory).expect("it can be made");
            std::fs::write(directory.join(format!("{name}.svg")), svg).expect("it can be written");
        }
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn path() -> PathBuf {
    docs().join("performance.md")
}

fn read() -> String {
    std::fs::read_to_string(path()).expect("the page is in this clone")
}

/// What stands between a table's marks; nothing if it is not marked.
pub(crate) fn marked<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("<!-- {name}:"))?;
    let (_, rest) = rest.split_once("-->\n")?;
    Some(rest.split_once(&format!("<!-- end of {name} -->"))?.0)
}

fn replace_marked(page: &str, name: &str, table: &str) -> String {
    let old = marked(page, name).unwrap_or_else(|| panic!("there are no marks for {name}"));
    let begin = old.as_ptr() as usize - page.as_ptr() as usize;
    format!("{}{}{}", &page[..begin], table, &page[begin + old.len()..])
}

/// A number with commas.
pub(crate) fn thousands(number: u64) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", thousands(number / 1_000), number % 1_000) }
}

#[cfg(test)]
mod tests {
    use super::{replace_marked, thousands};

    #[test]
    fn numbers_have_commas() {
        assert_eq!([7, 1_000, 1_000_000].map(thousands), ["7", "1,000", "1,000,000"]);
    }

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = "a\n<!-- time: by hand -->\nold\n<!-- end of time -->\nb\n";
        let replaced = replace_marked(page, "time", "new\n");
        assert_eq!(replaced, "a\n<!-- time: by hand -->\nnew\n<!-- end of time -->\nb\n");
    }
}
