//! Messages that are shown once.

use serde::Serialize;

use crate::edits::Edit;
use crate::flash::{Flash, Level};
use crate::{Error, Session};

/// # Messages that are shown once
impl Session {
    /// Leaves a message for whatever page is shown next.
    ///
    /// Messages that parallel requests leave are all kept, up to 64 of them; beyond that the oldest ones are dropped. A message
    /// is worth a session as a value is, but it is not among the [`keys`](Session::keys). [`clear`](Session::clear)
    /// and [`delete`](Session::delete) drop messages, too.
    ///
    /// # Errors
    ///
    /// [`Error::FlashTooLong`] beyond 4 KiB; [`Error::Random`].
    ///
    /// ```
    /// use webstack_core::flash::Level;
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), webstack_core::Error> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # session.load().await?;
    ///
    /// session.flash(Level::Success, "Your order was placed.")?;
    ///
    /// let messages = session.flashes()?;
    /// assert_eq!((messages[0].level(), messages[0].text()), (Level::Success, "Your order was placed."));
    /// assert!(session.flashes()?.is_empty(), "once");
    /// # Ok(()) }) }
    /// ```
    pub fn flash(&self, level: Level, text: impl Into<String>) -> Result<(), Error> {
        let message = Flash::new(level, text.into())?;
        self.visit.open()?.edit(Edit::Flash(message))
    }

    /// As [`flash`](Session::flash), with something for the page to make more of than a text, such as a link.
    ///
    /// # Errors
    ///
    /// As for `flash`, and [`Error::Value`] if the data cannot be written as JSON.
    ///
    /// ```
    /// use webstack_core::flash::Level;
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), webstack_core::Error> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # session.load().await?;
    ///
    /// session.flash_with(Level::Info, "The photo was deleted.", &("undo", 7))?;
    /// assert_eq!(session.flashes()?[0].data::<(String, u32)>()?.unwrap().1, 7);
    /// # Ok(()) }) }
    /// ```
    pub fn flash_with<T: Serialize + ?Sized>(
        &self,
        level: Level,
        text: impl Into<String>,
        data: &T,
    ) -> Result<(), Error> {
        let message = Flash::new(level, text.into())?.with_data(data)?;
        self.visit.open()?.edit(Edit::Flash(message))
    }

    /// Takes all messages, oldest first, to show them.
    ///
    /// Exactly these messages are taken: one that another request leaves meanwhile stays for the next page. Taking
    /// is stored with the response, so a message is shown **at least once**: two requests that take at the same time both show
    /// it, and it stays if the request fails, or if the session changed hands meanwhile. Call it where messages are shown, and not for HEAD.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn flashes(&self) -> Result<Vec<Flash>, Error> {
        let mut state = self.visit.open()?;
        let messages = state.content().map_or(Vec::new(), |content| content.extras.flashes.to_vec());
        if !messages.is_empty() {
            state.edit(Edit::TakeFlashes(messages.iter().map(Flash::id).collect()))?;
        }
        Ok(messages)
    }

    /// The messages that wait to be shown, oldest first; they go on waiting.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    pub fn peek_flashes(&self) -> Result<Vec<Flash>, Error> {
        Ok(self.visit.open()?.content().map_or(Vec::new(), |content| content.extras.flashes.to_vec()))
    }

    /// Puts back messages that were taken, so that they are shown once more: for a page that redirects to another one.
    ///
    /// A message that waits already is not doubled.
    ///
    /// # Errors
    ///
    /// Only those of the [type](Session).
    ///
    /// ```
    /// use webstack_core::flash::Level;
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), webstack_core::Error> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # session.load().await?;
    ///
    /// session.flash(Level::Warning, "Your card expires soon.")?;
    /// let messages = session.flashes()?;
    /// session.keep_flashes(messages)?;
    /// assert_eq!(session.peek_flashes()?.len(), 1);
    /// # Ok(()) }) }
    /// ```
    pub fn keep_flashes(&self, messages: impl IntoIterator<Item = Flash>) -> Result<(), Error> {
        let messages: Vec<Flash> = messages.into_iter().collect();
        let mut state = self.visit.open()?;
        if messages.is_empty() {
            return Ok(());
        }
        state.edit(Edit::KeepFlashes(messages))
    }
}
