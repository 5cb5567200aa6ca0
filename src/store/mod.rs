//! The only room that speaks SQL: intervals, samples, events, the run record, migrations.
