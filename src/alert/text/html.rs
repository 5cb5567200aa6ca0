//! The HTML part of a mail: the same words, one table of the facts, nothing to be fetched.

use super::Words;
use crate::alert::notice::Severity;

/// Longest label of a fact, in characters; what stands before a later colon is part of a sentence.
const LABEL_CHARS_MAX: usize = 40;

/// The words as HTML, everything in them escaped. `severity` colours the mark before the title;
/// `None` when it is over or nothing is wrong. The title says it in words as well.
#[must_use]
pub fn html(words: &Words, severity: Option<Severity>) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n\
         <body style=\"font-family:Arial,sans-serif;font-size:14px;color:#222\">\n\
         <p style=\"font-size:17px;font-weight:bold;border-left:6px solid {};padding-left:10px\">",
        colour(severity)
    );
    push_escaped(&mut html, &words.title);
    html.push_str("</p>\n");
    let lines: Vec<&str> = words.body.lines().filter(|line| !line.is_empty()).collect();
    if !lines.is_empty() {
        html.push_str("<table cellpadding=\"4\" cellspacing=\"0\" style=\"border:0\">\n");
        lines.iter().for_each(|line| push_row(&mut html, line));
        html.push_str("</table>\n");
    }
    html.push_str("</body></html>\n");
    html
}

/// "Label: fact" in two cells, any other line in one.
fn push_row(html: &mut String, line: &str) {
    let label =
        |label: &str| label.chars().count() <= LABEL_CHARS_MAX && !label.starts_with(['•', '…']);
    match line.split_once(": ").filter(|(name, _)| label(name)) {
        Some((name, fact)) => {
            html.push_str("<tr><th align=\"left\" valign=\"top\" style=\"font-weight:normal;");
            html.push_str("color:#555;white-space:nowrap\">");
            push_escaped(html, name);
            html.push_str("</th><td valign=\"top\">");
            push_escaped(html, fact);
        }
        None => {
            html.push_str("<tr><td colspan=\"2\">");
            push_escaped(html, line);
        }
    }
    html.push_str("</td></tr>\n");
}

/// Okabe and Ito's colours, which colour-blind readers tell apart.
const fn colour(severity: Option<Severity>) -> &'static str {
    match severity {
        None => "#009e73",
        Some(Severity::Flapping) => "#56b4e9",
        Some(Severity::Degraded) => "#e69f00",
        Some(Severity::Down) => "#d55e00",
        Some(Severity::Blind) => "#cc79a7",
    }
}

fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(title: &str, body: &str) -> Words {
        Words { title: title.to_owned(), body: body.to_owned() }
    }

    #[test]
    fn facts_stand_in_a_table_and_markup_is_text() {
        let made = html(
            &words("DOWN: <script>", "Carrier: A & B\n• DOWN: x\nno label here"),
            Some(Severity::Down),
        );
        insta::assert_snapshot!(made);
    }

    proptest! {
        /// What a reader sees is what was written: markup taken away and entities undone.
        #[test]
        fn nothing_of_the_words_becomes_markup(
            title in "[a-z<>&\"': ]{0,40}",
            body in "[a-z<>&\"':• ]{0,40}",
        ) {
            let made = html(&words(&title, &body), None);
            let (mut shown, mut inside) = (String::new(), false);
            for c in made.chars() {
                match c {
                    '<' => inside = true,
                    '>' => inside = false,
                    _ if inside || c == '\n' => {}
                    _ => shown.push(c),
                }
            }
            let undone = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
                .iter()
                .fold(shown, |text, (entity, c)| text.replace(entity, c));
            let letters = |text: &str| text.replace(": ", "");
            prop_assert_eq!(letters(&undone), letters(&format!("{title}{body}")));
        }
    }
}
