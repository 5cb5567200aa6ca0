//! Any text in any field: nothing panics, nothing grows, nothing hides, no value begins a line.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tuantra::alert::text::{TITLE_CHARS_MAX, WORDS_BYTES_MAX};
use tuantra::alert::{Notice, Severity, StormNote, Subject, Topic};
use tuantra::locale::{Lang, is_hidden};
use tuantra::model::{
    Ack, Cause, Contact, Guess, IncidentId, Sign, SubjectId, SubjectKind, UnitId, UnitKind, UnixMs,
};

use super::{notices, words};

/// Stands at the beginning of every value and nowhere in a text of ours.
const MARK: char = 'Ѫ';

const TOPICS: [Topic; 18] = [
    Topic::Down,
    Topic::Degraded,
    Topic::Flapping,
    Topic::Blind,
    Topic::Update,
    Topic::Reminder,
    Topic::Escalation,
    Topic::Acknowledged,
    Topic::Recovered,
    Topic::Removed,
    Topic::Merged,
    Topic::Passed,
    Topic::ChannelLost,
    Topic::ChannelBack,
    Topic::Digest,
    Topic::StormBegan,
    Topic::StormEnded,
    Topic::Test,
];

type Texts = BoxedStrategy<String>;

fn time() -> impl Strategy<Value = UnixMs> {
    let near = notices::at(notices::SINCE).0;
    prop_oneof![
        4 => (near - 100_000_000..near + 100_000_000).prop_map(UnixMs),
        1 => any::<i64>().prop_map(UnixMs),
    ]
}

fn subject(texts: Texts) -> impl Strategy<Value = Subject> {
    let kind = prop::sample::select(
        &[SubjectKind::Connection, SubjectKind::Device, SubjectKind::Service][..],
    );
    let maybe = || option::of(texts.clone());
    let contact =
        (maybe(), maybe(), maybe()).prop_map(|(name, phone, email)| Contact { name, phone, email });
    let more = (maybe(), maybe(), maybe(), option::of((texts.clone(), texts.clone())));
    (kind, texts.clone(), maybe(), maybe(), more, contact).prop_map(
        |(kind, unit, name, above, (carrier, hotline, circuit, network), contact)| Subject {
            id: SubjectId::new("cai-be/tslcd").unwrap(),
            kind,
            name,
            unit: notices::unit("cai-be", &unit, UnitKind::District),
            above,
            network,
            carrier,
            hotline,
            circuit,
            contact,
        },
    )
}

fn notice(texts: Texts) -> impl Strategy<Value = Notice> {
    let part = single(texts.clone());
    (single(texts), vec(part, 0..4)).prop_map(|(notice, parts)| Notice { parts, ..notice })
}

fn single(texts: Texts) -> impl Strategy<Value = Notice> {
    let device = || SubjectId::new("cai-be/ups").unwrap();
    let signs = prop::sample::subsequence(
        vec![
            Sign::OnBattery { device: device() },
            Sign::LanOff { router: device() },
            Sign::NeighboursSameCarrier { units: 3 },
            Sign::Announced,
        ],
        0..=4,
    );
    let cause = prop::sample::select(&[Cause::Power, Cause::Carrier, Cause::Unknown][..]);
    let guess = (cause, signs).prop_map(|(cause, signs)| Guess { cause, signs });
    let ack = (texts.clone(), texts.clone(), time(), option::of(time()))
        .prop_map(|(by, note, at, until)| Ack { by, note, at, until });
    let kind = prop::sample::select(&UnitKind::ALL[..]);
    let units = vec((texts.clone(), kind), 0..40).prop_map(|units| {
        let named = units.iter().enumerate();
        named.map(|(ix, (name, kind))| notices::unit(&format!("u{ix}"), name, *kind)).collect()
    });
    let maybe = || option::of(texts.clone());
    let incident = maybe().prop_map(|id| id.map(|id| IncidentId::from_stored(&id)));
    let storm = (texts.clone(), texts.clone(), texts.clone(), (time(), time()));
    let storm = (storm, any::<(u32, u32, bool)>()).prop_map(
        |((name, by, note, (since, until)), (folded, open, is_gone))| StormNote {
            unit: UnitId::new("cai-be").unwrap(),
            name,
            since,
            until,
            by,
            note,
            folded,
            open,
            is_gone,
        },
    );
    let head = (
        prop::sample::select(&TOPICS[..]),
        prop::sample::select(&Severity::ALL[..]),
        incident,
        (time(), time(), option::of(time())),
        storm,
    );
    let tail = (option::of(guess), option::of(ack), maybe(), maybe(), any::<(u32, u32)>());
    (head, option::of(subject(texts.clone())), units, vec(texts.clone(), 0..14), tail).prop_map(
        |(
            (topic, severity, incident, (at, since, until), storm),
            subject,
            units,
            services,
            (guess, ack, through, reason, (unreachable, units_count)),
        )| Notice {
            topic,
            severity,
            merged_into: incident.clone(),
            incident,
            at,
            since,
            until,
            subject,
            through,
            unreachable,
            units,
            units_count: if units_count.is_multiple_of(2) {
                units_count % 100
            } else {
                units_count
            },
            services,
            guess,
            ack,
            reason,
            // What tells of a storm has one; a digest may.
            storm: (units_count.is_multiple_of(3) || is_of_storm(topic)).then_some(storm),
            parts: Vec::new(),
        },
    )
}

const fn is_of_storm(topic: Topic) -> bool {
    matches!(topic, Topic::StormBegan | Topic::StormEnded)
}

fn any_text() -> Texts {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z<>*_@`|{}%\\[\\]()\\n\\r\\t -]{0,30}",
        Just("{{ 1 // 0 }}{% include 'facts.txt' %}".to_owned()),
        Just("\u{202e}\u{200b}\u{1b}[2J\n@everyone".to_owned()),
        Just("Ả".repeat(2_000)),
    ]
    .boxed()
}

/// Values that would break a line wherever one could.
fn breaking_text() -> Texts {
    let breaks = "[\\n\\r\\t\u{b}\u{c}\u{85}\u{2028}\u{2029}Ѫ ]{0,8}";
    breaks.prop_map(|tail: String| format!("{MARK}{}", tail.replace(['\n', '\r'], "\nѪ"))).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn words_are_bounded_and_hold_nothing_that_hides(
        notice in notice(any_text()), now in time(),
    ) {
        for lang in Lang::ALL {
            let said = words(&notice, lang, now);
            prop_assert!(!said.title.trim().is_empty());
            prop_assert!(said.title.chars().count() <= TITLE_CHARS_MAX);
            prop_assert!(said.title.len() + said.body.len() <= WORDS_BYTES_MAX);
            prop_assert!(!said.title.chars().any(is_hidden), "{:?}", said.title);
            let body = said.body.replace('\n', "");
            prop_assert!(!body.chars().any(is_hidden), "{:?}", said.body);
            prop_assert!(said.body.is_empty() || said.body.split('\n').all(|l| !l.trim().is_empty()));
        }
    }

    #[test]
    fn no_value_begins_a_line(notice in notice(breaking_text()), now in time()) {
        for lang in Lang::ALL {
            let said = words(&notice, lang, now);
            for line in said.title.lines().chain(said.body.lines()) {
                prop_assert!(!line.trim_start().starts_with(MARK), "{line:?}");
            }
        }
    }
}
