//! Why a message did not leave, or a channel takes nothing.
//!
//! On its way (store, socket, log, JSON) a reason is one English text: what a service said as it
//! said it, and what we say ourselves as it stands in the catalogue's table `reason`. Whoever shows
//! it to people takes the latter back to its key and says it in their language. So a reason may be
//! made of both, and those of older versions are understood.

use std::sync::OnceLock;

use super::catalogue::{catalogue, format, pieces};
use super::{Lang, cause_key, text, visible};
use crate::model::Cause;

/// Names of placeholders whose values are our own words again.
const OWN: [&str; 3] = ["why", "word", "detail"];
/// So deep may one reason stand in another.
const DEPTH: u32 = 3;

/// A reason that we give ourselves.
struct Own {
    key: &'static str,
    /// Its English text: what stands still, and the names of the placeholders between.
    still: Vec<&'static str>,
    names: Vec<&'static str>,
}

/// A reason in a language: our own words are said in it, those of a service stay as they are.
#[must_use]
pub fn reason(lang: Lang, said: &str) -> String {
    told(lang, said, DEPTH)
}

/// The same for a screen: what a service or the system said has no control characters left.
#[must_use]
pub fn reason_words(lang: Lang, said: &str) -> String {
    visible(&reason(lang, said))
}

fn told(lang: Lang, said: &str, depth: u32) -> String {
    if lang == Lang::En || depth == 0 {
        return said.to_owned();
    }
    let Some((key, values)) = known().iter().find_map(|own| Some((own.key, values(own, said)?)))
    else {
        return said.to_owned();
    };
    let args: Vec<(&str, String)> = values
        .into_iter()
        .map(|(name, value)| {
            // The stable word of a cause has its own words.
            if name == "cause"
                && let Some(cause) = Cause::ALL.into_iter().find(|cause| cause.as_str() == value)
            {
                return (name, text(lang, cause_key(cause)).to_owned());
            }
            let is_ours = OWN.contains(&name);
            (name, if is_ours { told(lang, value, depth - 1) } else { value.to_owned() })
        })
        .collect();
    format(lang, key, &args)
}

/// All of them, what stands still the longest first: the more is said, the surer it is meant.
fn known() -> &'static [Own] {
    static KNOWN: OnceLock<Vec<Own>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let keys = catalogue(Lang::En).keys().filter(|key| key.starts_with("reason."));
        let mut known: Vec<Own> = keys
            .map(|key| {
                let (still, names) = pieces(text(Lang::En, key));
                Own { key, still, names }
            })
            .collect();
        known.sort_by_key(|own| {
            (std::cmp::Reverse(own.still.iter().map(|s| s.len()).sum::<usize>()), own.key)
        });
        known
    })
}

/// What fills the placeholders, if `said` is this reason.
fn values<'a>(own: &Own, said: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let (first, more) = own.still.split_first()?;
    let mut rest = said.strip_prefix(first)?;
    let mut found = Vec::new();
    for (n, (still, name)) in more.iter().zip(&own.names).enumerate() {
        let is_last = n + 1 == more.len();
        let value = if is_last {
            rest.strip_suffix(still)?
        } else {
            let (value, after) = rest.split_once(still)?;
            rest = after;
            value
        };
        if value.is_empty() {
            return None;
        }
        found.push((*name, value));
    }
    (!more.is_empty() || rest.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_ours_is_found_again_by_its_english_text() {
        for own in known() {
            let args: Vec<(&str, String)> =
                own.names.iter().map(|name| (*name, format!("<{name}>"))).collect();
            for lang in Lang::ALL {
                let english = super::format(Lang::En, own.key, &args);
                assert_eq!(
                    reason(lang, &english),
                    super::format(lang, own.key, &args),
                    "{english}"
                );
            }
        }
        assert!(known().len() > 30);
    }

    #[test]
    fn what_a_service_said_stays_as_it_was() {
        for said in ["", "404 Not Found: chat not found", "550 5.1.1 no such user", "no answer"] {
            assert_eq!(reason(Lang::Vi, said), said);
        }
        assert_eq!(reason(Lang::Vi, "no answer in time"), "không trả lời kịp thời gian");
        assert_eq!(
            reason(Lang::Vi, "exit status 3: chat is away"),
            "chương trình kết thúc với mã 3: chat is away"
        );
    }

    #[test]
    fn what_the_system_says_is_told_in_words() {
        let english = "connect to the daemon at t.sock: No such file or directory (os error 2)";
        assert_eq!(
            reason(Lang::Vi, english),
            "không nối được tới tiến trình tuần tra tại t.sock: không có tệp hay thư mục này"
        );
        // As this system says it, which is where the English is from.
        for (code, vietnamese) in [
            (2, "không có tệp hay thư mục này"),
            (13, "không có quyền"),
            (111, "kết nối bị từ chối"),
        ] {
            let said = std::io::Error::from_raw_os_error(code).to_string();
            assert_eq!(reason(Lang::Vi, &said), vietnamese, "{said}");
        }
    }

    #[test]
    fn one_reason_may_stand_in_another() {
        let english = "message 'duty:1': it was sent";
        assert_eq!(reason(Lang::Vi, english), "tin “duty:1”: tin đã được gửi");
        assert_eq!(reason(Lang::En, english), english);
    }
}
