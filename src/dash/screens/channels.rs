//! Channels of alerts that take no messages: a sign in the header, the sentence in the status line.

use ratatui::style::Style;

use crate::api::ChannelInfo;
use crate::dash::draw::Line;
use crate::dash::view::Shot;
use crate::locale::fit;
use crate::t;

/// Most columns of the header that a reason takes.
const REASON: usize = 40;

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
            let reason = fit(&channel.reason, REASON);
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
    let mut line = Line::styled(format!("{} {words}", theme.channel()), theme.fault());
    line.push(" ", Style::new());
    Some(line)
}

/// Each of them in a sentence, the longest in trouble first.
pub fn sentences(shot: &Shot<'_>) -> Vec<String> {
    let mut channels: Vec<&ChannelInfo> = shot.board.daemon.channels.iter().collect();
    channels.sort_by_key(|channel| channel.since);
    let sentence = |channel: &ChannelInfo| {
        t!(
            shot.ui.lang,
            "alert.channel_trouble",
            channel = channel.channel,
            since = shot.when(channel.since),
            reason = channel.reason,
            waiting = channel.waiting
        )
    };
    channels.into_iter().map(sentence).collect()
}
