//! The applications whose sessions are files.

use std::path::{Path, PathBuf};

use axum::Router;
use tower_sessions::{SessionManagerLayer, SessionStore};
use tower_sessions_file_based_store::FileStore as FileBasedStore;
use tower_sessions_file_store::FileSessionStorage;

use super::axum::{control, in_process, routes};
use crate::site::{CONTROL, Site, Subject};

/// Opens an application that keeps its files in this directory.
pub(crate) type Open = fn(PathBuf) -> Box<dyn Site>;

pub(crate) fn subjects() -> Vec<(Subject, Open)> {
    let subject = |name| Subject::new("axum", name, || unreachable!("it needs a directory"));
    vec![
        (subject(CONTROL), |_| in_process(async { control() })),
        (subject("webstack"), |place| in_process(async move { webstack(&place) })),
        (subject("tower-sessions-file-based-store"), |place| {
            in_process(async { tower_sessions(FileBasedStore::in_dir(place).expect("a new directory")) })
        }),
        (subject("tower-sessions-file-store"), |place| {
            in_process(async { tower_sessions(FileSessionStorage::new_in_folder(place)) })
        }),
    ]
}

fn webstack(place: &Path) -> Router {
    let sessions = webstack_axum::builder().directory(place).build().expect("a new directory");
    routes::<webstack_axum::Session>().layer(webstack_axum::layer(sessions))
}

fn tower_sessions(store: impl SessionStore + Clone) -> Router {
    routes::<tower_sessions::Session>().layer(SessionManagerLayer::new(store))
}
