//! Lives that begin or end at a period's edge, and the smallest losses.

use super::*;
use crate::coverage::Ladder;

/// A commune that is dissolved into another at the end of October, both with a line that stays
/// in operation before and after.
fn reform() -> (Inventory, Records, UnixMs) {
    let november = from() + 31 * DAY;
    let mut units = vec![
        unit("tien-giang", "Tỉnh Tiền Giang", UnitKind::Province, None, &[]),
        unit("my-tho", "Xã Mỹ Tho", UnitKind::Commune, Some(0), &[0]),
        unit("my-phong", "Phường Mỹ Phong", UnitKind::Ward, Some(0), &[0]),
        unit("dao-thanh", "Phường Đạo Thạnh", UnitKind::Ward, Some(0), &[0]),
    ];
    units[1].until = Some(november);
    units[2].since = Some(november);
    let mut subjects = vec![
        line("my-tho/tslcd", 1, 0, None),
        line("my-phong/tslcd", 2, 0, None),
        // The ward keeps its name and changes its line.
        line("dao-thanh/tslcd", 3, 0, None),
        line("dao-thanh/tslcd-2", 3, 0, None),
    ];
    subjects[0].until = Some(november);
    subjects[1].since = Some(november);
    subjects[2].until = Some(november);
    subjects[3].since = Some(november);
    let inventory = Inventory::new(
        units,
        vec![network("tslcd", "Mạng truyền số liệu chuyên dùng", "Data network", Some(990_000))],
        Vec::new(),
        Vec::new(),
        subjects,
    );
    let one = |from, to, state| StateInterval { from, to, state, cause: None };
    let up = |id: &str, from, to| (SubjectId::new(id).unwrap(), vec![one(from, to, State::Up)]);
    let mut intervals = BTreeMap::from([
        up("my-tho/tslcd", from(), Some(november)),
        up("my-phong/tslcd", november, None),
        up("dao-thanh/tslcd", from(), Some(november)),
    ]);
    let down = vec![one(november, None, State::Down)];
    intervals.insert(SubjectId::new("dao-thanh/tslcd-2").unwrap(), down);
    let made = november + 30 * DAY;
    let records = Records::new(&inventory, intervals, Some(made), made);
    (inventory, records, november)
}

fn month<'a>(inventory: &'a Inventory, records: &'a Records, period: Span) -> Scope<'a> {
    Scope {
        inventory,
        records,
        period,
        now: period.to.max(from() + 61 * DAY),
        unit: None,
        clock: Clock::default(),
        as_of: None,
        rule: SlaRule::default(),
        coverage_goal_ppm: 980_000,
        availability_goal_ppm: 995_000,
        floor_ppm: 950_000,
    }
}

#[test]
fn a_month_counts_who_was_there_in_it_and_nobody_of_the_next() {
    let (inventory, records, november) = reform();
    let of = |report: &CoverageReport| {
        let units: Vec<&str> =
            report.rows.iter().map(|r| inventory.unit(r.unit).id.as_str()).collect();
        let top = report.rows.iter().find(|r| r.unit == UnitIx(0)).unwrap();
        (units.join(" "), top.ladder, top.availability.millis.total())
    };
    let report = coverage(&month(&inventory, &records, Span::new(from(), november)));
    assert_eq!(report.at, november);
    let all = Ladder { required: 2, deployed: 2, measured: 2, live: 2, met: 2 };
    assert_eq!(of(&report), ("tien-giang my-tho dao-thanh".to_owned(), all, 62 * DAY));
    assert_eq!(report.verdict(), Verdict::Met);
    assert_eq!(report.not_live, []);

    let period = Span::new(november, november + 30 * DAY);
    let report = coverage(&month(&inventory, &records, period));
    let one_down = Ladder { live: 1, met: 1, ..all };
    assert_eq!(of(&report), ("tien-giang my-phong dao-thanh".to_owned(), one_down, 60 * DAY));
    let missing: Vec<_> = report.not_live.iter().map(|n| (n.unit, n.state)).collect();
    assert_eq!(missing, [(UnitIx(3), Some(State::Down))]);
}

#[test]
fn a_line_is_reported_in_the_months_it_was_in_force() {
    let (inventory, records, november) = reform();
    let lines = |period| {
        let report = availability(&month(&inventory, &records, period), GroupBy::Subject, false);
        let id = |row: &AvailabilityRow| match row.key {
            GroupKey::Subject(s) => inventory.subject(s).id.to_string(),
            _ => String::new(),
        };
        let mut found: Vec<_> = report
            .rows
            .iter()
            .map(|r| (id(r), r.availability.millis.up, r.availability.millis.down))
            .collect();
        found.sort();
        found
    };
    let row = |id: &str, up, down| (id.to_owned(), up, down);
    assert_eq!(
        lines(Span::new(from(), november)),
        [row("dao-thanh/tslcd", 31 * DAY, 0), row("my-tho/tslcd", 31 * DAY, 0)]
    );
    assert_eq!(
        lines(Span::new(november, november + 30 * DAY)),
        [row("dao-thanh/tslcd-2", 0, 30 * DAY), row("my-phong/tslcd", 30 * DAY, 0)]
    );
    // One millisecond over the edge: everybody, each for its own time.
    let over = lines(Span::new(november - 1, november + 1));
    assert_eq!(
        over,
        [
            row("dao-thanh/tslcd", 1, 0),
            row("dao-thanh/tslcd-2", 0, 1),
            row("my-phong/tslcd", 1, 0),
            row("my-tho/tslcd", 1, 0),
        ]
    );
}

#[test]
fn a_second_lost_in_a_month_is_no_hundred_percent() {
    let inventory = province();
    let end = from() + 31 * DAY;
    let id = SubjectId::new("so-y-te/tslcd").unwrap();
    let part = |from, to, state| StateInterval { from, to, state, cause: None };
    for lost in [State::Down, State::Unreachable, State::Unmeasured] {
        let (fault, repair) = (from() + DAY, from() + DAY + 1_000);
        let intervals = vec![
            part(from(), Some(fault), State::Up),
            part(fault, Some(repair), lost),
            part(repair, None, State::Up),
        ];
        let records =
            Records::new(&inventory, BTreeMap::from([(id.clone(), intervals)]), Some(end), end);
        let scope = Scope {
            unit: inventory.find_unit("so-y-te"),
            now: end,
            availability_goal_ppm: 1_000_000,
            ..month(&inventory, &records, Span::new(from(), end))
        };
        let report = availability(&scope, GroupBy::Unit, false);
        let got = &report.rows[0].availability;
        let zone = zone();
        for lang in [Lang::Vi, Lang::En] {
            let text = availability_text(&report, &scope, &page(&zone, lang, false));
            let row = text.lines().find(|l| l.starts_with("Sở Y tế  ")).unwrap();
            let hundreds = row.matches("100").count();
            if lost == State::Unmeasured {
                // Of what was measured nothing was lost: availability, own share, high bound and
                // goal say so, not the measured share and the low bound.
                assert!(got.measured_ppm() < 1_000_000 && got.low_ppm() < Some(1_000_000));
                assert_eq!(hundreds, 4, "{row}");
            } else {
                assert!(got.delivered_ppm() < Some(1_000_000));
                assert_eq!(report.verdict(), Verdict::Missed);
                // The share measured and the goal; and what another's fault took is not its own.
                let own = usize::from(lost == State::Unreachable);
                assert_eq!(hundreds, 2 + own, "{row}");
            }
        }
    }
}

#[test]
fn paper_has_no_line_of_the_annex_that_is_whole_or_named_already_and_says_so() {
    let desk = Desk::new();
    let zone = zone();
    for lang in [Lang::Vi, Lang::En] {
        let (scope, page) = (desk.scope(), page(&zone, lang, false));
        let report = coverage(&scope);
        let document = coverage_document(&report, &scope, &page);
        let annex: Vec<_> = document.sections.iter().filter(|s| s.is_annex).collect();
        let lines = annex.iter().flat_map(|s| &s.blocks).filter_map(|block| match block {
            document::Block::Table(table) => Some(&table.rows),
            _ => None,
        });
        let lines: Vec<&document::Line> = lines.flatten().collect();
        let quiet = lines.iter().filter(|line| line.is_quiet).count();
        assert!(0 < quiet && quiet < lines.len(), "{quiet} of {}", lines.len());
        // Every one is whole, or is among those that are not live.
        let named = report.not_live.len();
        let whole = report
            .rows
            .iter()
            .filter(|row| row.ladder.met == row.ladder.required && row.verdict == Verdict::Met);
        let one = |row: &&CoverageRow| row.ladder.required == 1 && row.ladder.live == 0;
        assert_eq!(quiet, whole.count() + report.rows.iter().filter(one).count());
        assert!(named > 0);
        let html = write::html(&document, &page).unwrap();
        assert_eq!(html.matches("<tr class=\"quiet\">").count(), quiet);
        assert!(
            html.contains("tr.quiet { display: none; }") && html.contains("class=\"unprinted\"")
        );
        // The names of what is missing are in a list that paper has whole.
        let missing = document.sections.iter().filter(|s| !s.is_annex).flat_map(|s| &s.blocks);
        let is_loud = |block: &document::Block| match block {
            document::Block::Table(table) => table.rows.iter().all(|row| !row.is_quiet),
            _ => true,
        };
        assert!(missing.into_iter().all(is_loud));
    }
}
