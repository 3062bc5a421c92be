//! All sessions of the user.

use serde::Serialize;
use webstack_core::Session;

use crate::Answer;
use crate::reply::json;
use crate::values::rfc3339;

/// `GET /api/sessions`: where else the user is signed in, the one used last first; nobody has none.
///
/// # Errors
///
/// If the session fails.
pub async fn list(session: &Session) -> Answer {
    #[derive(Serialize)]
    struct Sessions {
        sessions: Vec<Row>,
    }
    #[derive(Serialize)]
    struct Row {
        id: String,
        created: String,
        accessed: String,
        current: bool,
    }
    let sessions = session.user_sessions().await?.into_iter().map(|info| Row {
        id: info.id().to_string(),
        created: rfc3339(info.created()),
        accessed: rfc3339(info.accessed()),
        current: info.is_current(),
    });
    Ok(json(&Sessions { sessions: sessions.collect() }))
}

/// `POST /api/logout-everywhere`: ends every session of the user, this one included; of nobody, none.
///
/// # Errors
///
/// If the session fails.
pub async fn logout_everywhere(session: &Session) -> Answer {
    #[derive(Serialize)]
    struct Ended {
        ended: u64,
    }
    Ok(json(&Ended { ended: session.end_all().await? }))
}
