//! The requests that are being answered, so that a server that is told to stop can wait for them.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::tokio::sync::watch;
use rocket::{Data, Request, Response, async_trait};

/// Counts the requests between their beginning and their response.
#[derive(Clone)]
pub(crate) struct InFlight(watch::Sender<usize>);

impl InFlight {
    /// Ready when there are none.
    pub(crate) async fn none(&self) {
        // an error means that the sender is gone, and this is one
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Default for InFlight {
    fn default() -> Self {
        InFlight(watch::Sender::new(0))
    }
}

#[async_trait]
impl Fairing for InFlight {
    fn info(&self) -> Info {
        Info { name: "requests in flight", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, _: &mut Request<'_>, _: &mut Data<'_>) {
        self.0.send_modify(|count| *count += 1);
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, _: &mut Response<'r>) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
