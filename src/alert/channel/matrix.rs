//! Matrix: one room, as a user whose access token is given.
//! <https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid>

use serde_json::json;

use super::escape::{html, html_bytes, json_bytes};
use super::look::part_key;
use super::settings::{self, Reader, needed, needed_secret, percent};
use super::split::{Part, Room, split};
use super::{
    Call, Channel, Key, Kind, Letter, Mistake, Outcome, Pace, Reply, Request, Settings, judge,
};
use crate::model::Secret;

/// `matrix` in `config.yaml`.
pub const KIND: Kind = Kind { name: NAME, keys: KEYS, build };

const NAME: &str = "matrix";
const KEYS: &[Key] = &[needed("server"), needed_secret("token"), needed("room")];
/// An event takes 65,536 bytes with all that the servers add; the text stands in it twice.
const ROOM: Room = Room { whole: 48_000, cost };

fn cost(c: char) -> usize {
    // As plain text and as HTML, in which a line end is `<br>` and quotes are entities.
    json_bytes(c) + if c == '\n' { 4 } else { html_bytes(c).max(json_bytes(c)) }
}

#[derive(Debug)]
struct Matrix {
    /// Up to the transaction's id.
    url: String,
    token: Secret,
}

fn build(settings: &Settings) -> Result<Box<dyn Channel>, Mistake> {
    let reader = Reader::new(NAME, KEYS, settings)?;
    let server = reader.base("server")?.unwrap_or_default();
    let room = reader.required(NAME, "room")?.reveal().trim();
    // An alias would have to be asked for, and may be moved to another room.
    if !room.starts_with('!') || room.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(settings::plain("room", "channel.bad_room"));
    }
    let token = reader.header_token("token")?.unwrap_or_default();
    Ok(Box::new(Matrix {
        url: format!("{server}/_matrix/client/v3/rooms/{}/send/m.room.message/", percent(room)),
        token: Secret::new(&format!("Bearer {token}")),
    }))
}

impl Channel for Matrix {
    fn calls(&self, letter: &Letter<'_>) -> Vec<Call> {
        let parts = split(letter.title, letter.body, ROOM);
        let call = |(n, part): (usize, &Part)| {
            let mut formatted = format!("<strong>{}</strong>", html(&part.title));
            for line in part.body.lines() {
                formatted.push_str("<br>");
                formatted.push_str(&html(line));
            }
            let request = json!({
                "msgtype": "m.text",
                "body": part.text(),
                "format": "org.matrix.custom.html",
                "formatted_body": formatted,
                // Said to be nobody's: without it servers look for names and @room in the text.
                "m.mentions": {},
            });
            // The same transaction makes the same event, however often it is sent.
            let url = format!("{}{}", self.url, part_key(letter.key, n, parts.len()));
            Request::json("PUT", &Secret::new(&url), &request)
                .with_header("Authorization", &self.token)
        };
        parts.iter().enumerate().map(call).collect()
    }

    fn judge(&self, reply: &Reply) -> Outcome {
        judge::with_proof(reply, "event_id")
    }

    fn pace(&self) -> Pace {
        // What a server allows a user where nobody changed it.
        Pace { burst: 10, per_minute: 12 }
    }
}
