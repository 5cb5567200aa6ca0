//! What a round's error says to people.

use std::borrow::Cow;

use super::{Lang, percent, rtt, text};
use crate::model::RoundError;
use crate::t;

/// What came of asking a subject: "answered, 3.2 ms, 33 % of the packets lost; a reason", or that nothing
/// came back. `lost_permille` in thousandths, `rtt_us` in microseconds.
#[must_use]
pub fn answer_words(
    lang: Lang,
    lost_permille: u16,
    rtt_us: Option<u32>,
    trouble: Option<RoundError>,
) -> String {
    if lost_permille >= 1000 {
        return text(lang, "ask.silent").to_owned();
    }
    let mut words = text(lang, "ask.answered").to_owned();
    if let Some(us) = rtt_us {
        words = format!("{words}, {}", rtt(lang, us));
    }
    if lost_permille > 0 {
        let share = percent(lang, u32::from(lost_permille) * 1000, 0);
        words = format!("{words}, {}", t!(lang, "ask.lost", share = share));
    }
    match trouble.and_then(|trouble| trouble_words(lang, trouble)) {
        Some(trouble) => format!("{words}; {trouble}"),
        None => words,
    }
}

/// What a device says is wrong with it, or with how it is asked; `None` of what the network or our
/// own machine says.
#[must_use]
pub fn trouble_words(lang: Lang, error: RoundError) -> Option<Cow<'static, str>> {
    let word = match error {
        RoundError::Service(trouble) => {
            let key = format!("trouble.service_{}", trouble.as_str());
            return Some(match trouble.number() {
                Some(number) => {
                    Cow::Owned(text(lang, &key).replace("{number}", &number.to_string()))
                }
                None => Cow::Borrowed(text(lang, &key)),
            });
        }
        RoundError::Snmp(trouble) => trouble.as_str(),
        RoundError::InterfaceDown { admin: false } => "interface_down",
        RoundError::InterfaceDown { admin: true } => "interface_off",
        RoundError::Over(threshold) => threshold.as_str(),
        RoundError::Unreachable { .. }
        | RoundError::TtlExceeded { .. }
        | RoundError::FragNeeded { .. }
        | RoundError::Local { .. }
        | RoundError::OwnLoss { .. }
        | RoundError::Overflow => return None,
    };
    Some(Cow::Borrowed(text(lang, &format!("trouble.{word}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ServiceTrouble, SnmpTrouble, Threshold};

    #[test]
    fn every_trouble_of_a_device_has_words_of_its_own() {
        for lang in Lang::ALL {
            let troubles = SnmpTrouble::ALL.map(RoundError::Snmp).into_iter();
            let over = Threshold::ALL.map(RoundError::Over);
            let down = [false, true].map(|admin| RoundError::InterfaceDown { admin });
            let services = ServiceTrouble::ALL.map(RoundError::Service);
            let all = troubles.chain(over).chain(down).chain(services);
            let said: Vec<_> = all.map(|e| trouble_words(lang, e)).collect();
            for (n, words) in said.iter().enumerate() {
                assert!(
                    words.as_ref().is_some_and(|w| !w.is_empty() && !w.starts_with("trouble."))
                );
                assert!(!said[..n].contains(words), "{words:?} twice");
            }
            assert_eq!(trouble_words(lang, RoundError::Overflow), None);
        }
    }
}
