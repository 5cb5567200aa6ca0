//! The HTML part of a mail: the same words, one table of the facts, nothing to be fetched.

/// Longest label of a fact, in characters; what stands before a later colon is part of a sentence.
const LABEL_CHARS_MAX: usize = 40;

/// Bytes of markup around a line of the body, at most.
pub const HTML_LINE_BYTES_MAX: usize = 64;

/// A title and lines of plain text as HTML, everything in them escaped. `colour` (red, green, blue)
/// marks the title, which says in words what the colour means.
#[must_use]
pub fn html(title: &str, body: &str, colour: u32) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n\
         <body style=\"font-family:Arial,sans-serif\">\n\
         <h2 style=\"font-size:1.2em;border-left:6px solid #{:06x};padding-left:8px\">",
        colour & 0x00FF_FFFF
    );
    push_escaped(&mut html, title);
    html.push_str("</h2>\n");
    let mut lines = body.lines().filter(|line| !line.is_empty()).peekable();
    if lines.peek().is_some() {
        html.push_str("<table cellpadding=\"4\">\n");
        lines.for_each(|line| push_row(&mut html, line));
        html.push_str("</table>\n");
    }
    html.push_str("</body></html>\n");
    html
}

/// A text whose columns stand under each other.
#[must_use]
pub fn columns(text: &str) -> String {
    let mut html = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n<body><pre \
                    style=\"font:13px/1.4 Consolas,'DejaVu Sans Mono',monospace\">\n"
        .to_owned();
    push_escaped(&mut html, text);
    html.push_str("</pre></body></html>\n");
    html
}

/// "Label: fact" in two cells, any other line in one.
fn push_row(html: &mut String, line: &str) {
    let is_label =
        |label: &str| label.chars().count() <= LABEL_CHARS_MAX && !label.starts_with(['•', '…']);
    match line.split_once(": ").filter(|(label, _)| is_label(label)) {
        Some((label, fact)) => {
            html.push_str("<tr valign=\"top\"><th align=\"left\">");
            push_escaped(html, label);
            html.push_str("</th><td>");
            push_escaped(html, fact);
        }
        None => {
            html.push_str("<tr><td colspan=\"2\">");
            push_escaped(html, line);
        }
    }
    html.push_str("</td></tr>\n");
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

    #[test]
    fn facts_stand_in_a_table_and_markup_is_text() {
        let body = "Carrier: A & B\n• DOWN: x\nno label here";
        insta::assert_snapshot!(html("DOWN: <script>", body, 0x00C6_2828), @r##"
        <!DOCTYPE html>
        <html><head><meta charset="utf-8"></head>
        <body style="font-family:Arial,sans-serif">
        <h2 style="font-size:1.2em;border-left:6px solid #c62828;padding-left:8px">DOWN: &lt;script&gt;</h2>
        <table cellpadding="4">
        <tr valign="top"><th align="left">Carrier</th><td>A &amp; B</td></tr>
        <tr><td colspan="2">• DOWN: x</td></tr>
        <tr><td colspan="2">no label here</td></tr>
        </table>
        </body></html>
        "##);
    }

    /// What a reader sees: markup taken away and entities undone.
    fn seen(html: &str) -> String {
        let (mut shown, mut is_inside) = (String::new(), false);
        for c in html.chars() {
            match c {
                '<' => is_inside = true,
                '>' => is_inside = false,
                _ if is_inside || c == '\n' => {}
                _ => shown.push(c),
            }
        }
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
            .iter()
            .fold(shown, |text, (entity, c)| text.replace(entity, c))
    }

    proptest! {
        #[test]
        fn nothing_of_the_words_becomes_markup(
            title in "[a-z<>&\"': ]{0,40}", body in "[a-z<>&\"':• ]{0,40}",
        ) {
            let made = html(&title, &body, 0);
            // A label's colon is its cell's.
            let letters = |text: &str| text.replace([':', ' '], "");
            prop_assert_eq!(letters(&seen(&made)), letters(&format!("{title}{body}")));
        }

        #[test]
        fn markup_around_a_line_is_bounded(lines in prop::collection::vec("[a-z: ]{1,20}", 1..20)) {
            let (few, many) = (html("", "a", 0).len(), html("", &lines.join("\n"), 0).len());
            let words: usize = lines.iter().map(String::len).sum();
            prop_assert!(many <= few + words + lines.len() * HTML_LINE_BYTES_MAX);
        }
    }
}
