//! How the user looks at things, kept from one time to the next. Pure: who keeps it is the command
//! line.
//!
//! Nothing of the province is in it but the id of a network, and what this version does not
//! understand is left out: a view never keeps the dashboard from opening.

use serde::{Deserialize, Serialize};

use super::lens::Filter;
use super::state::{Screen, Sort, Ui};
use crate::locale::Lang;
use crate::model::NetworkId;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Language.
    pub lang: Option<Lang>,
    /// The digit of the open tab.
    pub tab: Option<char>,
    /// Order of the trees: `official`, `worst`, `name`.
    pub sort: Option<String>,
    /// Order of the lines.
    pub lines_sort: Option<String>,
    /// Order of the devices and services.
    pub devices_sort: Option<String>,
    /// Only the lines that are not as they should be.
    pub lines_faults: bool,
    /// Only the devices and services that are not as they should be.
    pub devices_faults: bool,
    /// The network chosen.
    pub network: Option<String>,
}

const SORTS: [(Sort, &str); 3] =
    [(Sort::Official, "official"), (Sort::Worst, "worst"), (Sort::Name, "name")];

fn word(sort: Sort) -> Option<String> {
    SORTS.iter().find(|(s, _)| *s == sort).map(|(_, word)| (*word).to_owned())
}

fn sort(word: Option<&String>) -> Sort {
    let known = SORTS.iter().find(|(_, w)| Some(*w) == word.map(String::as_str));
    known.map_or(Sort::default(), |(sort, _)| *sort)
}

const fn faults(is_so: bool) -> Filter {
    if is_so { Filter::Faults } else { Filter::All }
}

impl View {
    /// How the user looks at things now.
    #[must_use]
    pub fn of(ui: &Ui) -> Self {
        let tab = Screen::TABS.iter().find(|(screen, _)| *screen == ui.tab());
        Self {
            lang: Some(ui.lang),
            tab: tab.map(|(_, digit)| *digit),
            sort: word(ui.sort),
            lines_sort: word(ui.lines_sort),
            devices_sort: word(ui.devices_sort),
            lines_faults: ui.lines_filter == Filter::Faults,
            devices_faults: ui.devices_filter == Filter::Faults,
            network: ui.network.as_ref().map(ToString::to_string),
        }
    }

    /// Lets the user look at things that way again.
    pub fn restore(&self, ui: &mut Ui) {
        if let Some(lang) = self.lang {
            ui.lang = lang;
        }
        if let Some((screen, _)) = Screen::TABS.iter().find(|(_, digit)| Some(*digit) == self.tab) {
            ui.screen = *screen;
        }
        ui.sort = sort(self.sort.as_ref());
        ui.lines_sort = sort(self.lines_sort.as_ref());
        ui.devices_sort = sort(self.devices_sort.as_ref());
        ui.lines_filter = faults(self.lines_faults);
        ui.devices_filter = faults(self.devices_faults);
        ui.network = self.network.as_deref().and_then(|id| NetworkId::new(id).ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_the_same_again_and_what_is_strange_in_it_is_left_out() {
        let mut ui = Ui::new(Lang::En, (80, 24));
        (ui.screen, ui.sort, ui.lines_filter) = (Screen::Map, Sort::Worst, Filter::Faults);
        ui.network = NetworkId::new("lan").ok();
        let view = View::of(&ui);
        let text = serde_json::to_string(&view).unwrap();
        let read: View = serde_json::from_str(&text).unwrap();
        let mut again = Ui::new(Lang::Vi, (80, 24));
        read.restore(&mut again);
        assert_eq!(View::of(&again), view);
        let strange: View = serde_json::from_str(
            r#"{"tab": "x", "sort": "sideways", "network": "No Network", "colour": "pink"}"#,
        )
        .unwrap();
        let mut ui = Ui::new(Lang::Vi, (80, 24));
        strange.restore(&mut ui);
        assert_eq!((ui.screen, ui.sort, ui.network), (Screen::Coverage, Sort::Official, None));
    }
}
