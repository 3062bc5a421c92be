//! actix-session, as its documentation sets it up, with a store in memory: it brings none of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::cookie::time::Duration;

use super::actix_web::Visited;

type Values = HashMap<String, String>;

/// The least that a store in memory can do; like a database, it keeps text.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<HashMap<String, String>>);

pub(crate) fn middleware() -> SessionMiddleware<Memory> {
    SessionMiddleware::new(Memory::default(), Key::from(&[7; 64]))
}

impl Memory {
    fn put(&self, key: &SessionKey, values: &Values) {
        let text = serde_json::to_string(values).expect("text can be written as JSON");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.as_ref().to_owned(), text);
    }
}

impl SessionStore for Memory {
    async fn load(&self, key: &SessionKey) -> Result<Option<Values>, LoadError> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let values = all.get(key.as_ref()).map(|text| serde_json::from_str(text)).transpose();
        values.map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(&self, values: Values, _: &Duration) -> Result<SessionKey, SaveError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).expect("the system has randomness");
        let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let key = SessionKey::try_from(text).expect("short enough for a cookie");
        self.put(&key, &values);
        Ok(key)
    }

    async fn update(&self, key: SessionKey, values: Values, _: &Duration) -> Result<SessionKey, UpdateError> {
        self.put(&key, &values);
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key.as_ref());
        Ok(())
    }
}

// It has an `update`, which does not mark the session as changed, so nothing would be stored.
impl Visited for Session {
    fn read(&self, key: &str) -> Option<u64> {
        self.get(key).expect("a number")
    }

    fn write(&self, key: &str, value: u64) {
        self.insert(key, value).expect("a number can be written");
    }

    fn renew(&self) {
        Session::renew(self);
    }
}
