//! Under what a value is kept: a name, or a key that knows the value's type and the version of its shape.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _};

use crate::Error;

/// The name of a value, together with its type and the version of its shape.
///
/// A constant of this type says once what a name holds; whatever [`Session`](crate::Session) does with a name it does with a
/// key, and the compiler knows the type.
///
/// ```
/// use webstack_core::Key;
/// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
///
/// const CART: Key<Vec<String>> = Key::new("cart");
/// # fn main() -> Result<(), webstack_core::Error> { block_on(async {
/// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
/// # let exchange = sessions.open(&http::Request::new(()));
/// # let session = exchange.session();
/// # session.load().await?;
///
/// session.insert(CART, &vec!["apples".to_owned()])?;
/// session.update(CART, |cart| cart.into_iter().flatten().chain(["pears".to_owned()]).collect())?;
/// assert_eq!(session.get(CART)?.unwrap(), ["apples", "pears"]);
/// # Ok(()) }) }
/// ```
///
/// # When the type changes
///
/// Sessions outlive deployments. A key with a [version](Key::with_version) makes the present shape out of the older ones
/// whenever such a value is read; the next write stores it in the new shape.
///
/// A value of a version that this program does not know yet, because a newer program wrote it, is
/// [`Error::NewerValue`]: it cannot be read, nor replaced under the older key. [`remove`](crate::Session::remove) works.
///
/// What is put in by name alone has version 1. Whoever reads or updates by name alone sees the value as it stands, and an
/// update leaves its version as it is.
pub struct Key<T> {
    name: &'static str,
    version: u32,
    migration: Option<Migration<T>>,
}

/// Makes the present shape of a value out of an older one.
pub type Migration<T> = fn(Versioned<'_>) -> Result<T, Error>;

/// The version of values that were stored without one.
const FIRST: u32 = 1;

impl<T> Key<T> {
    /// The key of this name, in the first version of its shape.
    pub const fn new(name: &'static str) -> Self {
        Key { name, version: FIRST, migration: None }
    }

    /// The same in a later version, and how the present shape is made out of each older one.
    ///
    /// # Panics
    ///
    /// If the version is not above 1, the first; where the key is a constant, the compiler tells.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use webstack_core::Key;
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Item { name: String, pieces: u32 }
    ///
    /// // Once it was a list of names.
    /// const CART: Key<Vec<Item>> = Key::new("cart").with_version(2, |old| match old.version() {
    ///     1 => Ok(old.read::<Vec<String>>()?.into_iter().map(|name| Item { name, pieces: 1 }).collect()),
    ///     _ => Err(old.unknown()),
    /// });
    /// # fn main() -> Result<(), webstack_core::Error> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # session.load().await?;
    ///
    /// session.insert("cart", &["apples"])?; // as the last deployment did
    /// assert_eq!(session.get(CART)?.unwrap()[0].pieces, 1);
    /// # Ok(()) }) }
    /// ```
    #[must_use]
    pub const fn with_version(self, version: u32, migration: Migration<T>) -> Self {
        assert!(version > FIRST, "a value's first version is 1 and needs no migration");
        Key { name: self.name, version, migration: Some(migration) }
    }

    /// The name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The version of the shape that is written.
    pub const fn version(&self) -> u32 {
        self.version
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("name", &self.name).field("version", &self.version).finish()
    }
}

/// A value as it is stored, and the version of its shape, for a [`Migration`].
///
/// `Debug` shows nothing of the value.
#[derive(Clone, Copy)]
pub struct Versioned<'a> {
    version: u32,
    json: &'a [u8],
}

impl<'a> Versioned<'a> {
    pub(crate) fn new(version: Option<u32>, json: &'a [u8]) -> Self {
        Versioned { version: version.unwrap_or(FIRST), json }
    }

    /// The version in which the value is stored.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The value as a type of that time.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if it is not of this type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.json).map_err(|error| Error::unreadable::<T>(&error))
    }

    /// The error of a migration that does not know this version.
    pub fn unknown(&self) -> Error {
        Error::Value(serde_json::Error::custom(format_args!("no migration from version {}", self.version)))
    }
}

impl fmt::Debug for Versioned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Versioned").field("version", &self.version).finish_non_exhaustive()
    }
}

/// Anything that names a value: a text such as `"cart"`, or a [`Key`].
pub trait AsKey: sealed::Sealed {
    #[doc(hidden)]
    fn text(&self) -> &str;

    /// The version that is written; `None` by name alone.
    #[doc(hidden)]
    fn writes(&self) -> Option<u32>;
}

/// Anything that names a value of this type: a text names values of every type, a [`Key`] those of its own.
pub trait KeyOf<T: ?Sized>: AsKey {
    #[doc(hidden)]
    fn shape(&self) -> Shape<T>
    where
        T: Sized;
}

impl<K: AsRef<str> + ?Sized> AsKey for &K {
    fn text(&self) -> &str {
        (*self).as_ref()
    }

    fn writes(&self) -> Option<u32> {
        None
    }
}

impl<K: AsRef<str> + ?Sized, T: ?Sized> KeyOf<T> for &K {
    fn shape(&self) -> Shape<T>
    where
        T: Sized,
    {
        Shape { known: None, migration: None }
    }
}

impl<T> AsKey for Key<T> {
    fn text(&self) -> &str {
        self.name
    }

    fn writes(&self) -> Option<u32> {
        Some(self.version)
    }
}

impl<T> KeyOf<T> for Key<T> {
    fn shape(&self) -> Shape<T> {
        Shape { known: Some(self.version), migration: self.migration }
    }
}

/// How a value of this type is read.
#[derive(Debug)]
pub struct Shape<T> {
    /// The newest version that can be read; `None`: whatever stands there.
    known: Option<u32>,
    migration: Option<Migration<T>>,
}

impl<T: DeserializeOwned> Shape<T> {
    pub(crate) fn read(&self, found: Versioned<'_>) -> Result<T, Error> {
        match (self.known, self.migration) {
            (Some(known), _) if found.version > known => Err(Error::NewerValue { found: found.version, known }),
            (Some(known), Some(migrate)) if found.version < known => migrate(found),
            _ => found.read(),
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl<K: AsRef<str> + ?Sized> Sealed for &K {}
    impl<T> Sealed for super::Key<T> {}
}
