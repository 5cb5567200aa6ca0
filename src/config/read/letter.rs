//! `report`: the frame of an official letter around a report.

use super::super::{Config, Letter};
use super::desk::{Desk, Section};
use crate::locale::nfc;
use crate::model::Message;

/// Most recipients: a list longer than that is no letter.
const RECIPIENTS_MAX: usize = 20;

/// Reads the section; without one, or with nothing in it, reports have no frame.
pub(super) fn read(desk: &mut Desk<'_>, root: &Section<'_>, config: &mut Config) {
    let section = desk.section(root.get("report"), "report");
    let signatory = desk.section(section.get("signatory"), "report.signatory");
    let items = desk.items(&section, "recipients");
    if let Some(beyond) = items.get(RECIPIENTS_MAX) {
        let message = Message::new("config.too_many_recipients").with("max", RECIPIENTS_MAX);
        desk.error(Some(beyond.defined), message, None);
    }
    let recipients = items.iter().take(RECIPIENTS_MAX);
    let recipients: Vec<String> = recipients
        .filter_map(|item| desk.scalar("report.recipients", item))
        .map(|who| nfc(who.trim()))
        .collect();
    let letter = Letter {
        authority: desk.text(&section, "authority"),
        office: desk.text(&section, "office"),
        number: desk.text(&section, "number"),
        place: desk.text(&section, "place"),
        recipients,
        signatory_title: desk.text(&signatory, "title"),
        signatory: desk.text(&signatory, "name"),
    };
    config.letter = (letter != Letter::default()).then_some(letter);
}
