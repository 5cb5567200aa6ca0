//! Channels of alerts that take no messages: a sign in the header, the sentence in the status line.

use crate::api::ChannelInfo;
use crate::dash::draw::Line;
use crate::dash::view::Shot;
use crate::locale::{fit, reason, width};
use crate::t;

/// Most columns of the header that a reason takes.
const REASON: usize = 40;

/// Fewest columns of the status line that a reason is cut to.
const LEAST: usize = 12;

/// How much the header says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Which, since when, why, how many messages wait.
    Why,
    /// Which, since when, how many messages wait.
    Since,
    /// Which.
    Name,
}

/// The one that has taken nothing for the longest comes first.
fn first<'a>(shot: &Shot<'a>) -> Option<&'a ChannelInfo> {
    shot.board.daemon.channels.iter().min_by_key(|channel| channel.since)
}

/// "▼ zalo từ 07:31 (4 tin chờ) +1": the channel in trouble for the longest, and how many others
/// there are; `None` while all take their messages.
pub fn sign(shot: &Shot<'_>, detail: Detail) -> Option<Line> {
    let (lang, theme) = (shot.ui.lang, shot.theme);
    let channel = first(shot)?;
    let (name, since, waiting) = (&channel.channel, shot.when(channel.since), channel.waiting);
    let mut words = match detail {
        Detail::Why => {
            let reason = fit(&reason(lang, &channel.reason), REASON);
            t!(
                lang,
                "dash.channel_why",
                channel = name,
                since = since,
                reason = reason,
                waiting = waiting
            )
        }
        Detail::Since => {
            t!(lang, "dash.channel_since", channel = name, since = since, waiting = waiting)
        }
        Detail::Name => name.to_string(),
    };
    let others = shot.board.daemon.channels.len() - 1;
    if others > 0 {
        words.push_str(&format!(" +{others}"));
    }
    Some(Line::styled(format!("{} {words}", theme.channel()), theme.fault()))
}

/// Each of them in a sentence, the longest in trouble first; a reason is cut so that a sentence has
/// at most `room` columns, unless that would leave nothing of it.
pub fn sentences(shot: &Shot<'_>, room: usize) -> Vec<String> {
    let mut channels: Vec<&ChannelInfo> = shot.board.daemon.channels.iter().collect();
    channels.sort_by_key(|channel| channel.since);
    let with = |channel: &ChannelInfo, reason: &str| {
        t!(
            shot.ui.lang,
            "alert.channel_trouble",
            channel = channel.channel,
            since = shot.when(channel.since),
            reason = reason,
            waiting = channel.waiting
        )
    };
    let sentence = |channel: &ChannelInfo| {
        let rest = width(&with(channel, ""));
        let why = reason(shot.ui.lang, &channel.reason);
        with(channel, &fit(&why, room.saturating_sub(rest).max(LEAST)))
    };
    channels.into_iter().map(sentence).collect()
}
