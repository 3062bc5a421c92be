//! nginx as a private instance: everything that it writes is in one directory.

use std::fmt::Write as _;
use std::path::Path;

use crate::launch::{USER, is_root};

/// The whole configuration, around what stands in its `http` block.
pub(crate) fn configuration(root: &Path, http: &str) -> String {
    let root = root.display();
    let mut text = if is_root() { format!("user {USER};\n") } else { String::new() };
    let _ = write!(
        text,
        "daemon off;\nworker_processes 1;\npid {root}/pid;\nerror_log {root}/error.log;\n\
         events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n"
    );
    for kind in ["client_body", "fastcgi", "proxy", "uwsgi", "scgi"] {
        let _ = writeln!(text, "{kind}_temp_path {root}/{kind};");
    }
    let _ = writeln!(text, "{http}}}");
    text
}
