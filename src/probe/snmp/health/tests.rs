use super::*;
use crate::probe::snmp::profile::Profiles;
use crate::probe::snmp::wire::Value;

fn profile(text: &str) -> Profile {
    let (profiles, found) = Profiles::with(&[("own.toml".to_owned(), text.to_owned())]);
    assert_eq!(found, []);
    profiles.named("own").cloned().unwrap()
}

fn answers(values: &[(&str, Value)]) -> Answers {
    let mut answers = Answers::default();
    for (oid, value) in values {
        answers.insert(Oid::parse(oid).unwrap(), value.clone());
    }
    answers
}

fn text(text: &str) -> Value {
    Value::OctetString(text.as_bytes().to_vec().into())
}

/// `kind:label=value/limit` of each gauge.
fn told(profile_text: &str, values: &[(&str, Value)]) -> Vec<String> {
    let gauges = Gauges::default().read(&answers(values), &profile(profile_text), true);
    gauges
        .iter()
        .map(|g| {
            let label = g.label.as_ref().map_or(String::new(), |l| format!(":{l}"));
            let limit = g.limit.map_or(String::new(), |l| format!("/{l}"));
            format!("{}{label}={}{limit}", g.kind.as_str(), g.value)
        })
        .collect()
}

#[test]
fn units_are_made_ours() {
    for (kind, unit, value, ours) in [
        ("cpu", "percent", Value::Gauge32(42), 420),
        ("cpu", "permille", Value::Integer(42), 42),
        ("temperature", "celsius", text("51.569"), 515),
        ("temperature", "millicelsius", Value::Integer(24_550), 246),
        ("temperature", "millicelsius", Value::Integer(-24_550), -246),
        ("voltage", "millivolt", Value::Integer(12_049), 120),
        ("fan_speed", "rpm", Value::Integer(3_969), 3_969),
    ] {
        let profile = format!("[[gauge]]\nkind='{kind}'\nunit='{unit}'\nscalar='1.3.6.9.0'");
        assert_eq!(told(&profile, &[("1.3.6.9.0", value)]), [format!("{kind}={ours}")]);
    }
}

#[test]
fn what_is_no_measurement_is_left_out() {
    let profile =
        "[[gauge]]\nkind='temperature'\ncolumn='1.3.6.9'\nskip=[0, 65535]\nrange=[-10, 900]";
    let values = [
        ("1.3.6.9.1", Value::Integer(0)),
        ("1.3.6.9.2", Value::Integer(65_535)),
        ("1.3.6.9.3", Value::Integer(-11)),
        ("1.3.6.9.4", Value::Integer(300)), // hotter than anything that still answers
        ("1.3.6.9.5", text("warm")),
        ("1.3.6.9.6", Value::Integer(45)),
    ];
    assert_eq!(told(profile, &values), ["temperature:6=450"]);
    assert_eq!(
        told("[[gauge]]\nkind='cpu'\nscalar='1.3.6.9.0'", &[("1.3.6.9.0", Value::Integer(101))]),
        [""; 0]
    );
}

#[test]
fn shares_are_told_in_several_ways() {
    let both = [("1.3.6.8.1", Value::Gauge32(250)), ("1.3.6.9.1", Value::Gauge32(1_000))];
    let of =
        |more: &str| told(&format!("[[gauge]]\nkind='memory'\ncolumn='1.3.6.8'\n{more}"), &both);
    assert_eq!(of("total='1.3.6.9'"), ["memory:1=250"]);
    assert_eq!(of("free='1.3.6.9'"), ["memory:1=200"]);
    assert_eq!(of("total='1.3.6.9'\ninverse=true"), ["memory:1=750"]);
    assert_eq!(of("total='1.3.6.7'"), [""; 0], "of nothing");
}

#[test]
fn rows_are_chosen_named_and_limited() {
    let profile = "[[gauge]]\nkind='temperature'\ncolumn='1.3.6.9'\nindex='9'\nlabel='1.3.6.8'\n\
        limit='1.3.6.7'\nwhere=[{column='1.3.6.6', is=[8, 9]}, {column='1.3.6.5', is=['1.2.3']}]";
    let values = [
        ("1.3.6.9.9.1", Value::Integer(40)),
        ("1.3.6.8.9.1", text("CPU")),
        ("1.3.6.7.9.1", Value::Integer(90)),
        ("1.3.6.6.9.1", Value::Integer(9)),
        ("1.3.6.5.9.1", Value::ObjectIdentifier(Oid::new([1, 2, 3]))),
        ("1.3.6.9.9.2", Value::Integer(41)),
        ("1.3.6.6.9.2", Value::Integer(7)),
        ("1.3.6.9.8.1", Value::Integer(42)),
        ("1.3.6.6.8.1", Value::Integer(8)),
    ];
    assert_eq!(told(profile, &values), ["temperature:CPU=400/900"]);
}

#[test]
fn rows_may_be_told_apart_by_their_names_alone() {
    let values = [
        ("1.3.6.9.1", text("51.5")),
        ("1.3.6.8.1", text("CPU Temperature")),
        ("1.3.6.9.2", text("12.1")),
        ("1.3.6.8.2", text("+12V")),
    ];
    let profile =
        "[[gauge]]\nkind='temperature'\ncolumn='1.3.6.9'\nlabel='1.3.6.8'\nnamed=['TEMP']";
    assert_eq!(told(profile, &values), ["temperature:CPU Temperature=515"]);
}

#[test]
fn sensors_have_a_power_of_ten_each() {
    let profile =
        "[[gauge]]\nkind='temperature'\ncolumn='1.3.6.9'\nscale='1.3.6.8'\nprecision='1.3.6.7'";
    let values = [
        ("1.3.6.9.1", Value::Integer(24_500)),
        ("1.3.6.8.1", Value::Integer(8)), // milli
        ("1.3.6.7.1", Value::Integer(0)),
        ("1.3.6.9.2", Value::Integer(245)),
        ("1.3.6.8.2", Value::Integer(9)),
        ("1.3.6.7.2", Value::Integer(1)),
        ("1.3.6.9.3", Value::Integer(1)),
        ("1.3.6.8.3", Value::Integer(i32::MAX)),
        ("1.3.6.7.3", Value::Integer(i32::MIN)),
    ];
    assert_eq!(told(profile, &values), ["temperature:1=245", "temperature:2=245"]);
}

#[test]
fn rows_stand_together_or_alone() {
    let values = [("1.3.6.9.1", Value::Integer(10)), ("1.3.6.9.2", Value::Integer(21))];
    let take = |take: &str| {
        told(&format!("[[gauge]]\nkind='cpu'\ncolumn='1.3.6.9'\ntake='{take}'"), &values)
    };
    assert_eq!(take("each"), ["cpu:1=100", "cpu:2=210"]);
    assert_eq!(take("max"), ["cpu=210"]);
    assert_eq!(take("mean"), ["cpu=155"]);
}

#[test]
fn states_are_good_or_not() {
    let profile = "[[gauge]]\nkind='fan'\ncolumn='1.3.6.9'\ngood=[1]\nskip=[5]\ntext='fan'";
    let values = [
        ("1.3.6.9.1", Value::Integer(1)),
        ("1.3.6.9.2", Value::Integer(3)),
        ("1.3.6.9.3", Value::Integer(5)),
    ];
    assert_eq!(told(profile, &values), ["fan:fan 1=0", "fan:fan 2=1"]);
}

#[test]
fn a_fallback_gives_way_and_what_did_not_answer_is_not_asked_again() {
    let profile = profile(
        "[[gauge]]\nkind='cpu'\nscalar='1.3.6.1.0'\n\
         [[gauge]]\nkind='cpu'\nscalar='1.3.6.2.0'\nfallback=true\n\
         [[gauge]]\nkind='cpu'\nscalar='1.3.6.3.0'\nfallback=true\n",
    );
    let mut gauges = Gauges::default();
    let said = answers(&[("1.3.6.2.0", Value::Integer(5)), ("1.3.6.3.0", Value::Integer(6))]);
    assert_eq!(gauges.read(&said, &profile, true).len(), 1);
    let mut wanted = Wanted::default();
    gauges.want(&mut wanted, &profile, false);
    assert_eq!(wanted.scalars, [Oid::new([1, 3, 6, 2, 0])]);
    // A pass cut short forgets nothing; another profile is another device.
    assert_eq!(gauges.read(&Answers::default(), &profile, true), []);
    assert_eq!(gauges.read(&said, &profile, false).len(), 1);
    let mut other = profile.clone();
    other.name = "other".to_owned();
    assert_eq!(gauges.read(&said, &other, false), []);
}
