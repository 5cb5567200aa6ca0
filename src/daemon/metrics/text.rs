//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write as _};

/// A page in the making. The lines of a family follow its head.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    family: &'static str,
}

impl Page {
    /// Begins a family of gauges.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) {
        self.family(name, help, "gauge");
    }

    /// A gauge without labels.
    pub(super) fn one_gauge(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.gauge(name, help);
        self.line(&[], value);
    }

    /// Begins a family of counters.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) {
        self.family(name, help, "counter");
    }

    /// A counter without labels.
    pub(super) fn one_counter(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.counter(name, help);
        self.line(&[], value);
    }

    fn family(&mut self, name: &'static str, help: &str, kind: &str) {
        self.family = name;
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A line of the family begun last.
    pub(super) fn line(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.family);
        for (n, (name, value)) in labels.iter().enumerate() {
            self.text.push_str(if n == 0 { "{" } else { "," });
            let _ = write!(self.text, "{name}=\"");
            for c in value.chars() {
                match c {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    c => self.text.push(c),
                }
            }
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.gauge("a_b", "What it is.");
        page.line(&[("x", "q\"u\\o\nte"), ("y", "")], 7);
        page.one_counter("c_total", "Counts.", 3_u64);
        assert_eq!(
            page.into_text(),
            "# HELP a_b What it is.\n# TYPE a_b gauge\na_b{x=\"q\\\"u\\\\o\\nte\",y=\"\"} 7\n\
             # HELP c_total Counts.\n# TYPE c_total counter\nc_total 3\n"
        );
    }
}
