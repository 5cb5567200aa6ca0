//! Cuts a letter that is too long for its service into parts, at the ends of lines, else at ", ",
//! else anywhere; each part bears the title and "(2/3)".

use unicode_normalization::char::is_combining_mark;

/// How much a service takes in one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// As the service counts: characters, UTF-16 units, bytes.
    pub whole: usize,
    /// The most that one character can take after escaping, in the same unit. It also stands for
    /// the line end between title and body.
    pub cost: fn(char) -> usize,
}

impl Room {
    fn weigh(&self, text: &str) -> usize {
        text.chars().map(self.cost).sum()
    }
}

/// One message of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The title with its mark.
    pub title: String,
    /// The rest; may be empty.
    pub body: String,
}

impl Part {
    /// Title and body in one text.
    pub(super) fn text(&self) -> String {
        if self.body.is_empty() {
            self.title.clone()
        } else {
            format!("{}\n{}", self.title, self.body)
        }
    }
}

/// Room for the longest mark.
const MARK: &str = " (9999/9999)";

/// Cuts a letter. Nothing of it is lost: a title that takes more than a third of the room is
/// repeated whole at the head of the body.
pub(super) fn split(title: &str, body: &str, room: Room) -> Vec<Part> {
    let line_end = if body.is_empty() { 0 } else { (room.cost)('\n') };
    if room.weigh(title) + line_end + room.weigh(body) <= room.whole {
        return vec![Part { title: title.to_owned(), body: body.to_owned() }];
    }
    let title_room = room.whole / 3;
    let (title, body) = if room.weigh(title) <= title_room {
        (title.to_owned(), body.to_owned())
    } else {
        let whole = if body.is_empty() { title.to_owned() } else { format!("{title}\n{body}") };
        (shorten(title, title_room, room), whole)
    };
    let taken = room.weigh(&title) + room.weigh(MARK) + (room.cost)('\n');
    let bodies = pieces(&body, room.whole.saturating_sub(taken), room);
    let count = bodies.len();
    if count == 1 {
        return bodies.into_iter().map(|body| Part { title: title.clone(), body }).collect();
    }
    let mark = |(n, body)| Part { title: format!("{title} ({}/{count})", n + 1), body };
    bodies.into_iter().enumerate().map(mark).collect()
}

/// The text, cut with "…" where it takes more than `most`.
pub(super) fn shorten(text: &str, most: usize, room: Room) -> String {
    if room.weigh(text) <= most {
        return text.to_owned();
    }
    let rest = most.saturating_sub((room.cost)('…'));
    let mut short = text[..cut_at(text, rest, room)].trim_end().to_owned();
    short.push('…');
    short
}

/// The body in pieces that take `most` at most.
pub(super) fn pieces(body: &str, most: usize, room: Room) -> Vec<String> {
    let mut found = Pieces { most, room, done: Vec::new(), open: String::new(), weight: 0 };
    for line in body.split('\n') {
        if found.put("\n", line) {
            continue;
        }
        found.close();
        if found.put("", line) {
            continue;
        }
        for (n, unit) in line.split_inclusive(", ").enumerate() {
            // The blank after a comma is dropped where a piece ends there.
            if found.put("", unit) || found.put("", unit.trim_end()) {
                continue;
            }
            if n > 0 {
                found.close();
            }
            found.put_cut(unit);
        }
    }
    found.close();
    if found.done.is_empty() {
        found.done.push(String::new());
    }
    found.done
}

struct Pieces {
    most: usize,
    room: Room,
    done: Vec<String>,
    open: String,
    weight: usize,
}

impl Pieces {
    /// Puts a text behind the open piece, with `joint` between them, if it has room.
    fn put(&mut self, joint: &str, text: &str) -> bool {
        let joint = if self.open.is_empty() { "" } else { joint };
        let weight = self.room.weigh(joint) + self.room.weigh(text);
        if self.weight + weight > self.most {
            return false;
        }
        self.open.push_str(joint);
        self.open.push_str(text);
        self.weight += weight;
        true
    }

    /// Puts a text that may be longer than a whole piece.
    fn put_cut(&mut self, text: &str) {
        let mut rest = text;
        while !self.put("", rest) {
            self.close();
            if self.put("", rest) {
                return;
            }
            // Where not even one character has room it is put all the same: nothing is lost.
            let first = rest.chars().next().map_or(rest.len(), char::len_utf8);
            let at = cut_at(rest, self.most, self.room).max(first).min(rest.len());
            self.done.push(rest[..at].to_owned());
            rest = &rest[at..];
            if rest.is_empty() {
                return;
            }
        }
    }

    fn close(&mut self) {
        let piece = std::mem::take(&mut self.open);
        self.weight = 0;
        // Blank lines between pieces say nothing.
        let piece = piece.trim_end().trim_start_matches('\n');
        if !piece.is_empty() {
            self.done.push(piece.to_owned());
        }
    }
}

/// The longest head of a text, in bytes, that takes `most`; it ends after a blank where one is
/// near, and never between a letter and its marks.
fn cut_at(text: &str, most: usize, room: Room) -> usize {
    let mut taken = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            taken += (room.cost)(*c);
            taken > most
        })
        .map_or(text.len(), |(at, _)| at);
    if end == text.len() {
        return end;
    }
    let blank = text[..end].rfind(' ').map(|at| at + 1).filter(|at| *at > end / 2);
    blank.unwrap_or_else(|| {
        let heads = text[..end].char_indices().rev().map(|(at, _)| at);
        std::iter::once(end)
            .chain(heads.take(4))
            .find(|at| text[*at..].chars().next().is_none_or(|c| !is_combining_mark(c)))
            .filter(|at| *at > 0)
            .unwrap_or(end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UTF16: Room = Room { whole: 200, cost: char::len_utf16 };

    fn letters(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    #[test]
    fn what_fits_is_left_alone() {
        let parts = split("MẤT KẾT NỐI", "Xã An Cư\nXã An Hữu", UTF16);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].text(), "MẤT KẾT NỐI\nXã An Cư\nXã An Hữu");
        assert_eq!(split("một", "", UTF16)[0].text(), "một");
    }

    #[test]
    fn lines_stay_whole_and_parts_are_numbered() {
        let lines: Vec<String> = (0..30).map(|n| format!("Xã số {n}")).collect();
        let parts = split("MẤT", &lines.join("\n"), Room { whole: 100, ..UTF16 });
        assert_eq!(parts[0].title, format!("MẤT (1/{})", parts.len()));
        let told: Vec<&str> = parts.iter().flat_map(|part| part.body.lines()).collect();
        assert_eq!(told, lines);
    }

    #[test]
    fn a_long_line_is_cut_between_units() {
        let units: Vec<String> = (0..40).map(|n| format!("Xã Tân Bình số {n}")).collect();
        let parts =
            split("MẤT", &format!("Cắt: {}", units.join(", ")), Room { whole: 120, ..UTF16 });
        assert!(parts.len() > 5);
        for part in &parts[..parts.len() - 1] {
            assert!(part.body.ends_with(','), "{:?}", part.body);
        }
        let told = parts.iter().map(|part| part.body.as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!(told, format!("Cắt: {}", units.join(", ")));
    }

    #[test]
    fn a_letter_keeps_its_marks() {
        let text = "e\u{302}\u{301}".repeat(100);
        for piece in pieces(&text, 7, UTF16) {
            assert!(!is_combining_mark(piece.chars().next().unwrap()), "{piece:?}");
        }
    }

    fn heavy(c: char) -> usize {
        match c {
            '&' => 5,
            '<' | '>' => 4,
            '\n' => 7,
            c => c.len_utf8(),
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_part_fits(
            title in "[^\\s]{0,60}",
            body in "([a-zăâđêôơư&<>*😀e\u{301}]{0,90}(\n|, | )){0,60}",
            whole in 80_usize..600,
            is_heavy: bool,
        ) {
            let cost: fn(char) -> usize = if is_heavy { heavy } else { char::len_utf16 };
            let room = Room { whole, cost };
            let parts = split(&title, &body, room);
            for part in &parts {
                prop_assert!(room.weigh(&part.text()) <= whole, "{part:?}");
            }
            if parts.len() > 1 || parts[0].title == title {
                let told: String = parts.iter().map(|part| letters(&part.body)).collect();
                let expected = letters(&body);
                prop_assert!(told == expected || told == letters(&title) + &expected);
            }
            for (n, part) in parts.iter().enumerate().filter(|_| parts.len() > 1) {
                let mark = format!(" ({}/{})", n + 1, parts.len());
                prop_assert!(part.title.ends_with(&mark));
            }
        }

        #[test]
        fn any_text_in_any_room_ends(title: String, body: String, whole in 0_usize..50) {
            let parts = split(&title, &body, Room { whole, cost: char::len_utf16 });
            let told: String = parts.iter().map(|part| letters(&part.body)).collect();
            prop_assert!(told.ends_with(&letters(&body)));
        }
    }
}
