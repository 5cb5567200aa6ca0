//! A report of any kind, computed once and written in any format.

use super::slow::Slow;
use super::{Args, Format, Kind};
use crate::model::CarrierIx;
use crate::report::document::Document;
use crate::report::{
    self, Against, AvailabilityReport, Before, CoverageReport, Page, Records, ReportError, Scope,
    Sheet, kinds,
};
use crate::store::{Reader, Rollup};
use crate::t;

/// What a report is made of.
pub(super) struct Source<'a> {
    pub(super) args: &'a Args,
    pub(super) store: &'a Reader,
    pub(super) scope: &'a Scope<'a>,
    pub(super) page: &'a Page<'a>,
    pub(super) carrier: Option<CarrierIx>,
    pub(super) slow: &'a Slow,
}

/// The figures of a report.
pub(super) enum Made {
    Coverage(CoverageReport),
    /// With the times of the answers, where the format has a place for them.
    Availability(AvailabilityReport, Option<Box<Rollup>>),
    Other(Sheet),
}

impl Made {
    pub(super) fn of(kind: Kind, source: &Source<'_>) -> Result<Self, ReportError> {
        let Source { args, store, scope, page, carrier, slow } = *source;
        slow.now(t!(page.lang, "report.slow.making", kind = kind.word()), 0);
        let sheet = match kind {
            // `all` is each of the others, one after another.
            Kind::Coverage | Kind::All => return Ok(Self::Coverage(coverage(source)?)),
            Kind::Availability => {
                let found = availability(source)?;
                let has_times = matches!(args.format, Format::Html | Format::Xlsx | Format::Json)
                    || args.kind == Kind::All;
                let times = has_times.then(|| report::round_trips(store, scope, args.devices));
                return Ok(Self::Availability(found, times.transpose()?.map(Box::new)));
            }
            Kind::Carrier => {
                let said = kinds::said(store, scope.window())?;
                let failed = kinds::failed_rounds(store, scope, &said, carrier)?;
                kinds::carrier(scope, page, &said, carrier, &failed)
            }
            Kind::Capacity => {
                let circuits = kinds::circuits(store, scope, carrier)?;
                kinds::capacity(scope, page, &circuits)
            }
            Kind::Outages => {
                let said = kinds::said(store, scope.window())?;
                kinds::outages_by(scope, page, &said, args.devices, args.by.of_outages())
            }
            Kind::Inventory => kinds::devices(scope, page, &store.newest_sightings()?),
            Kind::Plan => kinds::plan(scope, page),
        };
        Ok(Self::Other(sheet))
    }

    pub(super) fn verdict(&self) -> crate::coverage::Verdict {
        match self {
            Self::Coverage(found) => found.verdict(),
            Self::Availability(found, _) => found.verdict(),
            Self::Other(sheet) => sheet.verdict,
        }
    }

    /// For people.
    pub(super) fn document(&self, scope: &Scope<'_>, page: &Page<'_>) -> Document {
        match self {
            Self::Coverage(found) => {
                let mut document = report::coverage_document(found, scope, page);
                report::with_coverage_figures(&mut document, found, scope, page);
                document
            }
            Self::Availability(found, times) => {
                let mut document = report::availability_document(found, scope, page);
                if let Some(times) = times {
                    report::with_round_trips(&mut document, times, page);
                }
                document
            }
            Self::Other(sheet) => sheet.document(page),
        }
    }

    /// In the format asked for; `document` is its own.
    pub(super) fn written(
        &self,
        format: Format,
        document: &Document,
        scope: &Scope<'_>,
        page: &Page<'_>,
    ) -> Result<Vec<u8>, ReportError> {
        let inventory = scope.inventory;
        match (format, self) {
            (Format::Csv, Self::Coverage(found)) => Ok(found.csv(inventory, page).into_bytes()),
            (Format::Csv, Self::Availability(found, _)) => {
                Ok(found.csv(inventory, page).into_bytes())
            }
            (Format::Csv, Self::Other(sheet)) => Ok(sheet.csv(page).into_bytes()),
            (Format::Json, Self::Coverage(found)) => Ok(found.json(inventory).into_bytes()),
            (Format::Json, Self::Availability(found, times)) => {
                Ok(found.json(inventory, page, times.as_deref()).into_bytes())
            }
            (Format::Json, Self::Other(sheet)) => Ok(sheet.json(page).into_bytes()),
            (Format::Text | Format::Xlsx | Format::Html, _) => for_people(format, document, page),
        }
    }
}

/// A report of tables in the format asked for.
pub(in crate::cli) fn as_asked(
    sheet: &Sheet,
    format: Format,
    page: &Page<'_>,
) -> Result<Vec<u8>, ReportError> {
    match format {
        Format::Csv => Ok(sheet.csv(page).into_bytes()),
        Format::Json => Ok(sheet.json(page).into_bytes()),
        Format::Text | Format::Xlsx | Format::Html => {
            for_people(format, &sheet.document(page), page)
        }
    }
}

fn for_people(
    format: Format,
    document: &Document,
    page: &Page<'_>,
) -> Result<Vec<u8>, ReportError> {
    Ok(match format {
        Format::Xlsx => report::write::xlsx(document, page)?,
        Format::Html => report::write::html(document, page)?.into_bytes(),
        _ => report::write::text(document, page).into_bytes(),
    })
}

fn coverage(source: &Source<'_>) -> Result<CoverageReport, ReportError> {
    let Source { store, scope, .. } = *source;
    let mut found = report::coverage(scope);
    found.before = before(
        source,
        |period| report::load(store, scope.inventory, period, scope.now),
        |scope| Ok(report::coverage(scope)),
    )?;
    Ok(found)
}

fn availability(source: &Source<'_>) -> Result<AvailabilityReport, ReportError> {
    let Source { args, store, scope, page, slow, .. } = *source;
    let read = |scope: &Scope<'_>| {
        slow.now(t!(page.lang, "report.slow.reading"), scope.inventory.subjects.len());
        let done = &mut |count| slow.done(count);
        report::read_availability_telling(store, scope, args.by.into(), args.devices, done)
    };
    let mut found = read(scope)?;
    found.before =
        before(source, |period| report::load_without_intervals(store, period, scope.now), read)?;
    Ok(found)
}

/// The same report of the period compared with, where one is asked for and the calendar has it.
fn before<R>(
    source: &Source<'_>,
    load: impl FnOnce(crate::model::Span) -> Result<Records, ReportError>,
    make: impl FnOnce(&Scope<'_>) -> Result<R, ReportError>,
) -> Result<Option<Before<R>>, ReportError> {
    let Source { args, scope, page, .. } = *source;
    let Some(against) = args.compare.map(Against::from) else { return Ok(None) };
    let Some(period) = against.span(scope, page.zone) else { return Ok(None) };
    let records = load(period)?;
    // Of whatever tree is reported by, its rows are looked for in the other period, too.
    let as_of = Some(scope.as_of.unwrap_or(scope.window().to - 1));
    let report = make(&Scope { records: &records, period, as_of, ..*scope })?;
    Ok(Some(Before { against, report: Box::new(report) }))
}
