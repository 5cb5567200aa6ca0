//! The tables that are printed, and the gates.

#![expect(clippy::print_stdout, reason = "its output is the tables")]

/// A table of figures, most with a gate.
pub struct Figures {
    /// Gates apply to the full size only.
    are_gates_held: bool,
    missed: Vec<String>,
}

impl Figures {
    pub const fn new(are_gates_held: bool) -> Self {
        Self { are_gates_held, missed: Vec::new() }
    }

    /// For a table that is printed while another is being made.
    pub const fn beside(&self) -> Self {
        Self::new(self.are_gates_held)
    }

    pub fn heading(&self, title: &str) {
        println!("\n**{title}**\n");
        println!("| what | figure | gate | kept |");
        println!("| --- | ---: | ---: | --- |");
    }

    /// A figure without a gate.
    pub fn line(&self, what: &str, figure: &str) {
        println!("| {what} | {figure} | | |");
    }

    /// A figure that must not exceed `most`.
    pub fn gate(&mut self, what: &str, value: f64, most: f64, unit: &str) {
        self.gate_with(what, value, most, unit, "");
    }

    /// The same, with `more` behind the figure.
    pub fn gate_with(&mut self, what: &str, value: f64, most: f64, unit: &str, more: &str) {
        let verdict = match (self.are_gates_held, value <= most) {
            (false, _) => "too small a run",
            (true, true) => "yes",
            (true, false) => "**no**",
        };
        let places = if value < 10.0 { 2 } else { 1 };
        println!("| {what} | {value:.places$} {unit}{more} | ≤ {most} {unit} | {verdict} |");
        if self.are_gates_held && value > most {
            self.missed.push(format!("{what}: {value:.places$} {unit}, gate {most}"));
        }
    }

    /// Takes over what `other` has missed.
    pub fn take(&mut self, other: Self) {
        self.missed.extend(other.missed);
    }

    pub fn end(self) {
        if self.are_gates_held {
            println!("\nGates missed: {}", self.missed.len());
            self.missed.iter().for_each(|missed| println!("- {missed}"));
        }
    }
}
