//! Which store the sessions are kept in, and what stands in front of it.

use std::sync::Arc;
use std::time::Duration;

use super::{Builder, Choice};
use crate::location::{self, DIRECTORY_NAME, Surroundings};
use crate::premises::{Moving, Premises};
use crate::store::{self, Cached, Opened, Store};
use crate::{ConfigError, Environment};

/// What an engine keeps its sessions in.
pub(super) struct Kept {
    pub(super) store: Arc<dyn Store>,
    /// The same without a cache in front.
    pub(super) behind: Arc<dyn Store>,
    pub(super) premises: Premises,
}

impl Builder {
    /// Keeps the sessions in this store.
    pub fn store(self, store: impl Store) -> Self {
        self.shared_store(Arc::new(store))
    }

    /// Keeps the sessions in this store, which others use too.
    pub fn shared_store(self, store: Arc<dyn Store>) -> Self {
        Builder { store: Choice::Given(store), ..self }
    }

    /// Keeps the sessions in the store that this URL names, as `WEBSTACK_STORE` does.
    pub fn store_url(self, url: impl Into<String>) -> Self {
        Builder { store: Choice::Url(url.into()), ..self }
    }

    /// Keeps the sessions in this directory; the path has to be absolute.
    pub fn directory(self, directory: impl Into<std::path::PathBuf>) -> Self {
        Builder { store: Choice::Directory(directory.into()), ..self }
    }

    /// Moves sessions out of the store that this URL names, each when it is asked for, as `WEBSTACK_MOVE_FROM` does: see
    /// [`Migrating`](crate::store::Migrating). All programs that use the sessions change to this setting before any of them
    /// gives it up again.
    pub fn move_from_url(self, url: impl Into<String>) -> Self {
        Builder { move_from: Some(url.into()), ..self }
    }

    /// Keeps what was read in the process, so that what is answered may be so far behind the store; `None`: not at all.
    /// A CGI program, which ends with its request, keeps nothing.
    ///
    /// # Security
    ///
    /// For so long another process may still answer as if a session had not ended: see [`Cached`](crate::store::Cached). A
    /// token that does not open what is kept is tried on what is stored, so nobody who has just signed in is a stranger.
    pub fn cache(self, staleness: Option<Duration>) -> Self {
        Builder { cache: staleness, ..self }
    }

    pub(super) fn open_stores(&self) -> Result<Kept, ConfigError> {
        let mut opened = match &self.store {
            Choice::Given(store) => Opened::given(Arc::clone(store)),
            Choice::Url(url) => self.open("WEBSTACK_STORE", url)?,
            Choice::Directory(directory) => {
                self.with_context("WEBSTACK_STORE", |context| store::open_directory(directory, context))?
            }
        };
        self.check("WEBSTACK_STORE", &opened)?;
        let (mut moving, mut inspect_left) = (None, None);
        let mut probes = Vec::from_iter(opened.probe);
        if let Some(url) = &self.move_from {
            let left = self.open("WEBSTACK_MOVE_FROM", url)?;
            self.check("WEBSTACK_MOVE_FROM", &left)?;
            if let Choice::Url(to) = &self.store
                && store::are_same(url, to)
            {
                let problem = "this is the store that the sessions move to";
                return Err(ConfigError::new("WEBSTACK_MOVE_FROM", problem, "name the one that they are to leave"));
            }
            probes.extend(left.probe);
            inspect_left = left.inspect;
            let both = Arc::new(Moving::new(left.store, opened.store).with_clock(Arc::clone(&self.clock)));
            opened.place = format!("{} (moving from {})", opened.place, left.place);
            // What the old store tells of concerns sessions that nobody keeps: they move when they are read.
            opened.store = Arc::clone(&both) as Arc<dyn Store>;
            moving = Some(both);
        }
        let mut premises = Premises {
            directory: opened.directory,
            place: opened.place,
            set_up: opened.set_up,
            moving,
            probes,
            inspect: opened.inspect,
            inspect_left,
            ..Premises::default()
        };
        let behind = Arc::clone(&opened.store);
        let staleness = match self.cache {
            Some(staleness) if self.environment != Environment::Cgi => staleness,
            _ => return Ok(Kept { store: Arc::clone(&behind), behind, premises }),
        };
        if staleness.is_zero() {
            let mend = "use a second, or leave it out";
            return Err(ConfigError::new("WEBSTACK_CACHE", "the duration is zero", mend));
        }
        let store: Arc<dyn Store> = match opened.watch {
            Some(watch) if premises.moving.is_none() => {
                let cached = Cached::new(watch).with_staleness(staleness).with_clock(Arc::clone(&self.clock));
                let cached = Arc::new(cached);
                let listener = Arc::downgrade(&cached);
                premises.listen = Some(Box::new(move || match listener.upgrade() {
                    Some(cached) => cached.listen(),
                    None => Box::pin(std::future::ready(())),
                }));
                cached
            }
            _ => Arc::new(Cached::new(opened.store).with_staleness(staleness).with_clock(Arc::clone(&self.clock))),
        };
        Ok(Kept { store, behind, premises })
    }

    fn open(&self, setting: &'static str, url: &str) -> Result<Opened, ConfigError> {
        self.with_context(setting, |context| store::open_url(url, context))
    }

    fn with_context(
        &self,
        setting: &'static str,
        open: impl FnOnce(&store::OpenContext<'_>) -> Result<Opened, ConfigError>,
    ) -> Result<Opened, ConfigError> {
        open(&store::OpenContext {
            setting,
            clock: &self.clock,
            fresh: self.lifetime.idle,
            create: self.create_directory,
            probe: self.probe_directory && self.environment != Environment::Cgi,
            default_directory: &|| {
                location::default_directory(
                    self.environment,
                    &Surroundings {
                        variable: &|name| std::env::var_os(name),
                        current_dir: &std::env::current_dir,
                        executable: &std::env::current_exe,
                    },
                )
            },
        })
    }

    fn check(&self, setting: &'static str, opened: &Opened) -> Result<(), ConfigError> {
        let capabilities = opened.store.capabilities();
        if self.environment == Environment::Cgi && !(capabilities.multi_process && capabilities.persistent) {
            return Err(ConfigError::new(
                setting,
                "a CGI program is started afresh for each request, and this store forgets everything at its end",
                format!("use `file:`, which keeps sessions in `{DIRECTORY_NAME}`, or a database"),
            ));
        }
        Ok(())
    }
}
