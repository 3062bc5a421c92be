//! A table on a terminal.

use std::fmt::Write as _;

/// The rows, each a line, with columns as wide as their widest cell.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let start = text.len();
        for (cell, width) in row.iter().zip(widths) {
            // writing to a string does not fail
            let _ = write!(text, "{cell:width$}  ");
        }
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "URL", "x"], ["actix-web", "é", "y"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "a          URL  x\nactix-web  é    y\n");
    }
}
