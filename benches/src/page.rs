//! `docs/performance.md`: tables between marks, and plots beside it.

use std::path::{Path, PathBuf};

/// Where results go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Tables are printed, and written between their marks; plots are written.
    Write,
    /// Tables are printed: a short run is not worth more.
    Print,
}

impl Page {
    /// Shows a table, and puts it between `<!-- NAME: … -->` and `<!-- end of NAME -->`.
    pub(crate) fn table(self, name: &str, table: &str) {
        println!("\n## {name}\n\n{table}");
        if self == Page::Write {
            let path = docs().join("performance.md");
            let page = std::fs::read_to_string(&path).expect("the page is in this clone");
            std::fs::write(path, replace_marked(&page, name, table)).expect("it can be written");
        }
    }

    /// Keeps a plot as `docs/performance/NAME.svg`.
    pub(crate) fn plot(self, name: &str, svg: &str) {
        if self == Page::Write {
            let directory = docs().join("performance");
            std::fs::create_dir_all(&directory).expect("it can be made");
            std::fs::write(directory.join(format!("{name}.svg")), svg).expect("it can be written");
        }
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn replace_marked(page: &str, name: &str, table: &str) -> String {
    let begin = page.find(&format!("<!-- {name}:")).expect("the table is marked");
    let begin = begin + page[begin..].find("-->\n").expect("the mark ends") + "-->\n".len();
    let end = begin + page[begin..].find(&format!("<!-- end of {name} -->")).expect("the table's end is marked");
    format!("{}{}{}", &page[..begin], table, &page[end..])
}

#[cfg(test)]
mod tests {
    use super::replace_marked;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = "a\n<!-- time: by hand -->\nold\n<!-- end of time -->\nb\n";
        let replaced = replace_marked(page, "time", "new\n");
        assert_eq!(replaced, "a\n<!-- time: by hand -->\nnew\n<!-- end of time -->\nb\n");
    }
}
