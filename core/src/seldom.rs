//! What few sessions have, or few requests come to, kept apart: it is all but free for those that have nothing of it.

use std::ops::Deref;

/// Something that is nearly always empty.
#[derive(Debug)]
pub(crate) struct Seldom<T>(Option<Box<T>>);

/// What may be empty.
pub(crate) trait MaybeEmpty: Default + 'static {
    /// Nothing of it.
    const EMPTY: &'static Self;

    fn is_empty(&self) -> bool;
}

impl<T> Seldom<T> {
    pub(crate) const NONE: Self = Seldom(None);
}

impl<T: MaybeEmpty> Seldom<T> {
    pub(crate) fn new(value: T) -> Self {
        Seldom((!value.is_empty()).then(|| Box::new(value)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|value| value.is_empty())
    }

    /// What there is; `None` if there is nothing that could be taken out.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    /// What there is, to put something in.
    pub(crate) fn get_or_default(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: MaybeEmpty> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::EMPTY)
    }
}

impl<T> Default for Seldom<T> {
    fn default() -> Self {
        Seldom(None)
    }
}

impl<T: Clone> Clone for Seldom<T> {
    fn clone(&self) -> Self {
        Seldom(self.0.clone())
    }
}
