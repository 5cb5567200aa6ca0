//! The table of thresholds, read with the program's own reader of limits.

use serde::Deserialize;
use tuantra::config;
use tuantra::health::{Said, Watch};
use tuantra::model::{Limits, Threshold, parse_scaled};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "for whoever reads the table")]
    rule: String,
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    of: Threshold,
    said: String,
    is: String,
    #[serde(default)]
    limits: String,
}

fn limits(written: &str) -> Result<Limits, String> {
    let text = format!("health: {{ thresholds: {{ {written} }} }}\n");
    let loaded = config::from_text("config.yaml".as_ref(), &text);
    loaded.config.map(|c| c.limits).ok_or_else(|| format!("{:?}", loaded.diagnostics))
}

fn said(of: Threshold, word: &str) -> Result<Said, String> {
    let mut said = Said::default();
    match word {
        "-" => {}
        "on" | "off" => said.fact(of, word == "on"),
        _ => {
            let value = parse_scaled(word, 1).ok_or_else(|| format!("'{word}' is no value"))?;
            said.value(of, value);
        }
    }
    Ok(said)
}

impl Case {
    fn play(&self) -> Result<String, String> {
        let limits = limits(&self.limits)?;
        let mut watch = Watch::default();
        let mut signs = Vec::new();
        for word in self.said.split_whitespace() {
            let over = watch.look(&said(self.of, word)?, &limits);
            if over.is_some_and(|over| over != self.of) {
                return Err(format!("{over:?} is beyond its threshold"));
            }
            signs.push(if over.is_some() { "!" } else { "." });
        }
        Ok(signs.join(" "))
    }
}

#[test]
fn thresholds() -> Result<(), String> {
    let table: Table =
        toml::from_str(include_str!("thresholds.toml")).map_err(|error| error.to_string())?;
    for case in &table.case {
        let expected: Vec<&str> = case.is.split_whitespace().collect();
        let found = case.play().map_err(|error| format!("{}: {error}", case.name))?;
        assert_eq!(found, expected.join(" "), "{}", case.name);
    }
    assert!(table.case.len() >= 10);
    Ok(())
}
