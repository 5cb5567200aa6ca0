//! Telling a damaged store from a file that never was one, by its bytes alone.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::schema::{APPLICATION_ID, HEADER_LEN, beside};

/// How much of a file is searched for our schema: it is written first and stands near the front.
const SEARCHED_BYTES: u64 = 1 << 20;
/// SQLite keeps the text of every view; nobody else has these.
const OURS: [&[u8]; 2] = [b"CREATE VIEW v_availability_daily", b"CREATE VIEW v_outages"];
/// A log begins with one of these, depending on the byte order of its checksums.
const WAL_MAGIC: [[u8; 4]; 2] = [[0x37, 0x7f, 0x06, 0x82], [0x37, 0x7f, 0x06, 0x83]];
const WAL_HEADER_LEN: u64 = 32;

/// True when the file holds the text of our schema, though its header does not say so.
///
/// # Errors
/// When it cannot be read.
pub(super) fn holds_our_schema(mut file: File) -> io::Result<bool> {
    let mut front = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(SEARCHED_BYTES).read_to_end(&mut front)?;
    Ok(OURS.iter().any(|text| front.windows(text.len()).any(|window| window == *text)))
}

/// True when there is a write-ahead log that does not begin like one. SQLite would take it for
/// empty and say nothing, and what was committed into it would be gone unnoticed.
pub(super) fn wal_is_rotten(store: &Path) -> bool {
    let mut magic = [0; 4];
    let Ok(mut wal) = File::open(beside(store, "-wal")) else { return false };
    wal.metadata().is_ok_and(|m| m.len() >= WAL_HEADER_LEN)
        && wal.read_exact(&mut magic).is_ok()
        && !WAL_MAGIC.contains(&magic)
}

/// Gives a copy of a store whose header is lost the header of a sound one.
///
/// # Errors
/// When either cannot be read or written.
pub(super) fn mend_header(copy: &Path, sound: &Path) -> io::Result<()> {
    let mut header = [0; HEADER_LEN];
    File::open(sound)?.read_exact(&mut header)?;
    let mut file = File::options().read(true).write(true).open(copy)?;
    // Fields of SQLite's file format, section 1.3: the length in pages, which is valid as long as
    // the two change counters agree; no list of free pages.
    let page_bytes = u64::from(u16::from_be_bytes([header[16], header[17]]));
    let pages = file.metadata()?.len() / page_bytes.max(1);
    let pages = u32::try_from(pages).unwrap_or(u32::MAX).to_be_bytes();
    header[28..32].copy_from_slice(&pages);
    header[32..40].fill(0);
    let counter: [u8; 4] = [header[24], header[25], header[26], header[27]];
    header[92..96].copy_from_slice(&counter);
    // As a store in use: with a write-ahead log.
    header[18..20].fill(2);
    debug_assert_eq!(header[68..72], APPLICATION_ID.to_be_bytes());
    file.write_all(&header)?;
    file.sync_all()
}
