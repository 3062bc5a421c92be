//! What stands in the tables of the page.

use crate::page::marked;

/// A page whose tables can be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells<'a>(pub(crate) &'a str);

impl<'a> Cells<'a> {
    /// What stands in a table's row and column, by their names.
    pub(crate) fn text(self, table: &str, row: &str, column: &str) -> Option<&'a str> {
        let mut rows = marked(self.0, table)?.lines().map(cells);
        let at = rows.next()?.iter().position(|name| *name == column)?;
        rows.find(|cells| cells.first() == Some(&row))?.get(at).copied()
    }

    /// The number with which it begins.
    pub(crate) fn number(self, table: &str, row: &str, column: &str) -> Option<f64> {
        number(self.text(table, row, column)?)
    }

    /// The same without what stands in parentheses behind it.
    pub(crate) fn remainder(self, table: &str, row: &str, column: &str) -> Option<f64> {
        let (all, part) =
            self.text(table, row, column)?.split_once(" (").unwrap_or((self.text(table, row, column)?, "0"));
        Some(number(all)? - number(part)?)
    }

    /// The heading under which a table stands.
    pub(crate) fn heading(self, table: &str) -> Option<&'a str> {
        let (before, _) = self.0.split_once(&format!("<!-- {table}:"))?;
        before.lines().rev().find_map(|line| line.strip_prefix("## "))
    }
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim_start_matches(['*', '+']);
    let end = text.find(|digit: char| !digit.is_ascii_digit() && !".-,".contains(digit)).unwrap_or(text.len());
    text[..end].replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Cells;

    const PAGE: &str = "# Page\n## One\n<!-- time: x -->\n| ns | read | write |\n|---|---:|---:|\n| a | **1.33** | – |\n\
                        | b | +1,800 (300 – 4) | 0; 25 µs |\n<!-- end of time -->\n";

    #[test]
    fn cells_are_found_by_the_names_of_rows_and_columns() {
        let page = Cells(PAGE);
        assert_eq!(page.number("time", "a", "read"), Some(1.33));
        assert_eq!(page.number("time", "a", "write"), None);
        assert_eq!(page.number("time", "b", "read"), Some(1800.0));
        assert_eq!(page.remainder("time", "b", "read"), Some(1500.0));
        assert_eq!(page.number("time", "b", "write"), Some(0.0));
        assert_eq!(page.number("time", "c", "read"), None);
        assert_eq!(page.heading("time"), Some("One"));
    }
}
