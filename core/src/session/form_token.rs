//! Tokens in forms.

use std::sync::atomic::{AtomicBool, Ordering};

use triomphe::Arc;

use crate::content::View;
use crate::edits::Edit;
use crate::form_token::Form;
use crate::{Error, Session};

/// # Tokens in forms
impl Session {
    /// A new token for a form, to be put into a hidden field of it: 43 characters of base64url.
    ///
    /// It is stored with the response, as a value is, and begins a session where there is none. So issue tokens for pages
    /// that have a form, one for each form.
    ///
    /// # Security
    ///
    /// The page is for this visitor alone: send it with `Cache-Control: no-store`. A token belongs in a field or in
    /// a header of the request, never in a URL, where logs and other sites see it.
    ///
    /// # Errors
    ///
    /// [`Error::Random`].
    ///
    /// ```
    /// # use webstack_core::{Sessions, runtime::block_on, store::MemoryStore};
    /// # fn main() -> Result<(), webstack_core::Error> { block_on(async {
    /// # let sessions = Sessions::builder().store(MemoryStore::new()).build().unwrap();
    /// # let exchange = sessions.open(&http::Request::new(()));
    /// # let session = exchange.session();
    /// # session.load().await?;
    /// let token = session.issue_form_token("checkout")?;
    ///
    /// assert!(!session.redeem_form_token("transfer", &token).await?, "it is another form's");
    /// assert!(session.redeem_form_token("checkout", &token).await?);
    /// assert!(!session.redeem_form_token("checkout", &token).await?, "it is spent");
    /// # Ok(()) }) }
    /// ```
    pub fn issue_form_token<'a>(&self, form: impl Into<Form<'a>>) -> Result<String, Error> {
        let mut state = self.visit.open()?;
        let (text, issued) = form.into().issue(self.visit.call.engine.clock.now())?;
        state.edit(Edit::IssueFormToken(issued))?;
        Ok(text)
    }

    /// Spends a token that a form brought back; true if it was this session's, for this form, and not spent or too old.
    ///
    /// Spending is stored at once, together with what the request did before: of requests that redeem the same
    /// token at the same time one is told true, in whatever process they run. A spent token stays spent though the
    /// request fails later. So redeem before anything else; if the answer is false, show the form again.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] if the session ended or changed hands meanwhile; what the store says. After an error nothing is
    /// known of the token, and nothing should be done.
    pub async fn redeem_form_token<'a>(&self, form: impl Into<Form<'a>> + Send, text: &str) -> Result<bool, Error> {
        let form = form.into();
        let digest = {
            let state = self.visit.open()?;
            let now = self.visit.call.engine.clock.now();
            match (form.read(text), state.content()) {
                (Some(digest), Some(content))
                    if content.extras.form_tokens.find(&digest).is_some_and(|token| form.accepts(token, now)) =>
                {
                    digest
                }
                // Whoever has the token got it from a page, and before that it was stored.
                _ => return Ok(false),
            }
        };
        let spent = Arc::new(AtomicBool::new(false));
        let edit = Edit::SpendFormToken(digest.clone(), Arc::clone(&spent));
        let visit = Arc::clone(&self.visit);
        self.shielded(async move {
            // The edit says whether the token stood in the very record that was replaced by one without it.
            let stored = move |content: View<'_>| {
                Ok(spent.load(Ordering::Relaxed) && content.extras.form_tokens.find(&digest).is_none())
            };
            visit.apply(edit, stored).await
        })
        .await
    }
}
