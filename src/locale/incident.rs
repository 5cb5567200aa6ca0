//! What there is to say of an incident besides its root and its impact, and what points to a cause.

use super::{Lang, text, visible};
use crate::model::{Cause, Guess, Incident, Sign, UnixMs};
use crate::t;

/// The glyph of a subject that is switched off outside its hours, as [`super::state_glyph`].
pub const OFF_HOURS_GLYPH: char = '○';

/// The words beside an incident, shortest and most telling first: announced work, flapping, who
/// has taken it, what it probably is.
#[must_use]
pub fn incident_notes(lang: Lang, incident: &Incident, at: UnixMs) -> Vec<String> {
    let mut notes = Vec::new();
    if incident.planned {
        notes.push(t!(lang, "incident.planned"));
    }
    if incident.flapping {
        notes.push(t!(lang, "incident.flapping"));
    }
    if let Some(ack) = incident.ack.as_ref().filter(|ack| ack.holds_at(at)) {
        notes.push(t!(lang, "incident.taken", by = visible(&ack.by)));
    }
    let is_said = |guess: &&Guess| {
        incident.noted.is_some() || incident.planned && guess.cause == Cause::Planned
    };
    if let Some(noted) = &incident.noted {
        let (by, cause) = (visible(&noted.by), text(lang, cause_key(noted.cause)));
        notes.push(t!(lang, "incident.noted", by = by, cause = cause));
    }
    if let Some(guess) = incident.guess.as_ref().filter(|guess| !is_said(guess)) {
        notes.push(guess_words(lang, guess));
    }
    notes
}

/// The key of a cause's text.
#[must_use]
pub const fn cause_key(cause: Cause) -> &'static str {
    match cause {
        Cause::Power => "incident.cause_power",
        Cause::Fibre => "incident.cause_fibre",
        Cause::Carrier => "incident.cause_carrier",
        Cause::Equipment => "incident.cause_equipment",
        Cause::Configuration => "incident.cause_configuration",
        Cause::Planned => "incident.cause_planned",
        Cause::Unknown => "incident.cause_unknown",
    }
}

/// "nghi: mất điện (3 dấu hiệu)".
#[must_use]
pub fn guess_words(lang: Lang, guess: &Guess) -> String {
    let cause = text(lang, cause_key(guess.cause));
    t!(lang, "incident.guess", cause = cause, signs = guess.signs.len())
}

/// What one sign is.
#[must_use]
pub fn sign_words(lang: Lang, sign: &Sign) -> String {
    match sign {
        Sign::Restarted { device } => t!(lang, "incident.sign_restarted", device = device),
        Sign::KeptRunning { device } => t!(lang, "incident.sign_kept_running", device = device),
        Sign::OnBattery { device } => t!(lang, "incident.sign_on_battery", device = device),
        Sign::NeighboursOtherCarriers { units } => {
            t!(lang, "incident.sign_other_carriers", units = units)
        }
        Sign::NeighboursSameCarrier { units } => {
            t!(lang, "incident.sign_same_carrier", units = units)
        }
        Sign::LanOff { router } => t!(lang, "incident.sign_lan_off", router = router),
        Sign::Announced => t!(lang, "incident.sign_announced"),
    }
}

/// "MẤT QUAN SÁT từ 07:31 (VNPT)": the times in which the patrol cannot see, each with the carrier
/// through which; `None` when it sees. `when` writes an instant.
#[must_use]
pub fn blind_words(
    lang: Lang,
    blind: &[(Option<String>, UnixMs)],
    when: impl Fn(UnixMs) -> String,
) -> Option<String> {
    let since = when(blind.iter().map(|(_, since)| *since).min()?);
    let carriers: Vec<String> =
        blind.iter().filter_map(|(c, _)| c.as_deref()).map(visible).collect();
    // Blind as a whole leaves nothing to name.
    Some(if blind.iter().any(|(carrier, _)| carrier.is_none()) {
        t!(lang, "incident.blind", since = since)
    } else {
        t!(lang, "incident.blind_carriers", since = since, carriers = carriers.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SubjectId;

    #[test]
    fn blindness_names_its_carriers_unless_it_is_whole() {
        let when = |at: UnixMs| at.0.to_string();
        let vnpt = (Some("VN\u{1b}PT".to_owned()), UnixMs(30));
        let viettel = (Some("Viettel".to_owned()), UnixMs(20));
        assert_eq!(blind_words(Lang::Vi, &[], when), None);
        let two = [vnpt, viettel.clone()];
        let words = blind_words(Lang::Vi, &two, when);
        assert_eq!(words.as_deref(), Some("MẤT QUAN SÁT từ 20 (VN‹U+001B›PT, Viettel)"));
        let whole = [viettel, (None, UnixMs(10))];
        assert_eq!(blind_words(Lang::En, &whole, when).as_deref(), Some("BLIND since 10"));
    }

    #[test]
    fn every_cause_and_sign_has_words_of_its_own() {
        let device = SubjectId::new("cai-be/router").unwrap();
        let signs = [
            Sign::Restarted { device: device.clone() },
            Sign::KeptRunning { device: device.clone() },
            Sign::OnBattery { device: device.clone() },
            Sign::NeighboursOtherCarriers { units: 1 },
            Sign::NeighboursSameCarrier { units: 3 },
            Sign::LanOff { router: device },
            Sign::Announced,
        ];
        let causes = [
            Cause::Power,
            Cause::Fibre,
            Cause::Carrier,
            Cause::Equipment,
            Cause::Configuration,
            Cause::Planned,
            Cause::Unknown,
        ];
        for lang in Lang::ALL {
            let mut words: Vec<String> = signs.iter().map(|s| sign_words(lang, s)).collect();
            words.extend(
                causes.map(|cause| guess_words(lang, &Guess { cause, signs: signs[..2].to_vec() })),
            );
            let count = words.len();
            words.sort();
            words.dedup();
            assert_eq!(words.len(), count);
            assert!(words.iter().all(|w| !w.contains(['{', '}'])), "{words:?}");
        }
        let guess = Guess { cause: Cause::Power, signs: signs[..3].to_vec() };
        assert_eq!(guess_words(Lang::Vi, &guess), "nghi: mất điện (3 dấu hiệu)");
        assert_eq!(
            sign_words(Lang::En, &signs[3]),
            "1 neighbouring unit on other carriers went down at the same time"
        );
    }
}
