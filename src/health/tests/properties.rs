//! Properties over random rounds.

use proptest::prelude::*;

use super::*;
use crate::model::{StateInterval, check_partition};

#[derive(Debug, Clone)]
enum Op {
    Round { subject: u32, gap_s: i64, lost: u8, slow: bool },
    Tick { gap_s: i64 },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..4_u32, 0..20_i64, prop_oneof![Just(0_u8), Just(3), 1..3_u8], any::<bool>())
            .prop_map(|(subject, gap_s, lost, slow)| Op::Round { subject, gap_s, lost, slow }),
        1 => (0..200_i64).prop_map(|gap_s| Op::Tick { gap_s }),
    ]
}

proptest! {
    /// Whatever comes in: records partition time, an outage holds no answered round that was
    /// followed by another, unreachable always names a cause, what is calm has to do with no
    /// incident, and the same input gives the same effects.
    #[test]
    fn records_partition_time_and_blame_is_consistent(ops in prop::collection::vec(op(), 1..200)) {
        let vias = || vec![
            Via::none(),
            via(A),
            Via::Any(vec![via(A), via(B)]),
            Via::All(vec![via(B), via(C)]),
        ];
        let run = || {
            let mut b = Bench::new(vias());
            let mut clock = 1_i64;
            for op in &ops {
                match *op {
                    Op::Round { subject, gap_s, lost, slow } => {
                        clock += gap_s + 1;
                        let rtt_us = if slow { 300_000 } else { 4_000 };
                        b.round(SubjectIx(subject), t(clock), lost, rtt_us);
                    }
                    Op::Tick { gap_s } => {
                        clock += gap_s;
                        b.tick(clock);
                    }
                }
                let health = &b.health;
                let all = incident::groups(health.inventory(), t(clock), |s| health.view(s));
                assert_eq!(health.groups(t(clock)), all);
            }
            b
        };
        let b = run();
        for ix in b.health.inventory().subject_ixs() {
            let record = &b.records[&ix];
            let intervals: Vec<StateInterval> = record
                .iter()
                .enumerate()
                .map(|(i, (from, state, cause))| StateInterval {
                    from: *from,
                    to: record.get(i + 1).map(|next| next.0),
                    state: *state,
                    cause: cause.map(|c| b.health.inventory().subject(c).id.clone()),
                })
                .collect();
            prop_assert_eq!(check_partition(&intervals), Ok(()));
            for interval in &intervals {
                prop_assert_eq!(interval.state == State::Unreachable, interval.cause.is_some());
            }
            let view = b.health.view(ix);
            prop_assert_eq!(intervals.last().map(|i| i.state), Some(view.state));
        }
        let again = run();
        prop_assert_eq!(b.records, again.records);
        prop_assert_eq!(b.verdicts, again.verdicts);
    }
}
