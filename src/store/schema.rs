//! Opening the file: who made it, which version it has, migrations.
//!
//! Closing any descriptor of a file drops every POSIX lock that the process holds on it, SQLite's
//! among them; an outsider would then take itself for the last and the log away. So while this
//! process has a connection ([`super::here`]) the file is looked at through SQLite only; before,
//! the writer reads the application id (bytes 68–71 of the header) itself, so that a foreign file
//! is never touched. A new store is made whole under another name and moved into place, so that
//! a crash leaves either none or a complete one. Before an old one is migrated, a copy of it is
//! made beside it in the same way.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::StoreError;
use super::damage::{self, wal_is_rotten};
use super::here::Here;

/// "TTRA"
pub(super) const APPLICATION_ID: u32 = 0x5454_5241;
pub(super) const HEADER_LEN: usize = 100;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const NO_DATABASE: &str = "it is no SQLite database";
const OTHER_DATABASE: &str = "it is another program's SQLite database";
/// What a migration does that its statements cannot.
type Then = fn(&Transaction<'_>) -> Result<(), rusqlite::Error>;
/// Step `n` takes a file of `user_version` n to n + 1.
const MIGRATIONS: [(&str, Then); 8] = [
    (include_str!("schema/v1.sql"), |_| Ok(())),
    (include_str!("schema/v2.sql"), |_| Ok(())),
    (include_str!("schema/v3.sql"), super::upgrade::samples_into_journal),
    (include_str!("schema/v4.sql"), |_| Ok(())),
    (include_str!("schema/v5.sql"), |_| Ok(())),
    (include_str!("schema/v6.sql"), |_| Ok(())),
    (include_str!("schema/v7.sql"), |_| Ok(())),
    (include_str!("schema/v8.sql"), |_| Ok(())),
];
/// Pages copied at a time into the copy that is made before a migration.
const PAGES_PER_STEP: i32 = 4096;
/// How long a statement waits for another process's lock: it only blocks the writer's thread.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// Newest version this binary knows.
pub(super) fn known_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Turns a SQLite error into ours. Copies the path only then: readers ask for this at every column.
pub(super) fn sql(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |source| StoreError::Sql { operation, path: path.to_owned(), source }
}

/// A connection, counted among those of this process for as long as it is open.
#[derive(Debug)]
pub(super) struct Link {
    // Before `_here`: closed first.
    pub(super) conn: Connection,
    _here: Here,
}

impl Link {
    /// Closes the connection and says how that went.
    pub(super) fn close(self, path: &Path) -> Result<(), StoreError> {
        self.conn.close().map_err(|(_, e)| sql("close", path)(e))
    }
}

/// What a look at the files, without SQLite, has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing speaks against opening it.
    Sound,
    /// It is ours, but its header or its write-ahead log is not as it was written.
    Damaged,
}

/// Refuses a file that is something else without opening it as a database. While this process
/// has a connection to the file, it is left alone: the connection's own check has to do.
///
/// # Errors
/// [`StoreError::Foreign`]; [`StoreError::Io`] when it cannot be read.
pub(super) fn refuse_foreign_header(path: &Path) -> Result<Look, StoreError> {
    Here::unless_open(path, || {
        let io = |source| StoreError::Io { operation: "read", path: path.to_owned(), source };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Look::Sound),
            Err(e) => return Err(io(e)),
        };
        let mut header = Vec::with_capacity(HEADER_LEN);
        (&file).take(HEADER_LEN as u64).read_to_end(&mut header).map_err(io)?;
        if header.is_empty() {
            return Ok(Look::Sound);
        }
        let is_database = header.len() == HEADER_LEN && header.starts_with(MAGIC);
        let is_marked = header.get(68..72) == Some(&APPLICATION_ID.to_be_bytes()[..]);
        match (is_database, is_marked) {
            (true, true) if wal_is_rotten(path) => Ok(Look::Damaged),
            (true, true) => Ok(Look::Sound),
            _ if is_marked || damage::holds_our_schema(file).map_err(io)? => Ok(Look::Damaged),
            (false, _) => Err(foreign(path, NO_DATABASE)),
            (true, false) => Err(foreign(path, OTHER_DATABASE)),
        }
    })
    .unwrap_or(Ok(Look::Sound))
}

fn foreign(path: &Path, why: &'static str) -> StoreError {
    StoreError::Foreign { path: path.to_owned(), why }
}

/// No file, or an empty one; asks for the name's data only.
fn is_absent(path: &Path) -> Result<bool, StoreError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.len() == 0),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(true),
        Err(source) => Err(StoreError::Io { operation: "look at", path: path.to_owned(), source }),
    }
}

/// Opens the file for the writer, making or migrating it. The caller holds the lock.
///
/// # Errors
/// [`StoreError::Foreign`] and [`StoreError::Newer`] leave the file as it was.
pub(super) fn open_for_writing(path: &Path) -> Result<Link, StoreError> {
    if is_absent(path)? {
        create(path)?;
    }
    let here = Here::new(path);
    let mut conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(sql("open", path))?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(sql("open", path))?;
    // SQLite opens what it may not write for reading, and says so at the first write only.
    if conn.is_readonly(rusqlite::MAIN_DB).map_err(sql("open", path))? {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
        return Err(sql("open for writing", path)(rusqlite::Error::SqliteFailure(code, None)));
    }
    // Its header was looked at: what SQLite takes for no database now is a damaged one.
    let own = own_version(path, &conn).map_err(|error| match error {
        StoreError::Foreign { why: NO_DATABASE, .. } => damaged(path),
        other => other,
    });
    refuse_newer(path, own?)?;
    // FULL: in simulated power cuts NORMAL lost acknowledged rows, FULL none. What is written is mostly
    // written behind what was: two mebibytes of cache do as well as eight (decision 15).
    conn.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;
         PRAGMA trusted_schema=OFF; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY;
         PRAGMA journal_size_limit=16777216; PRAGMA wal_autocheckpoint=1000;",
    )
    .map_err(sql("configure", path))?;
    keep_plans(&conn).map_err(sql("configure", path))?;
    conn.set_prepared_statement_cache_capacity(64);
    let found = version(path, &conn)?;
    // What SQLite itself calls 0 holds nothing yet.
    if (1..known_version()).contains(&found) {
        let copy = keep_copy(path, &conn, found)?;
        migrate(path, &mut conn)?;
        let (from, to) = (found, known_version());
        tracing::info!(store = %path.display(), from, to, copy = %copy.display(), "store migrated");
    } else {
        migrate(path, &mut conn)?;
    }
    Ok(Link { conn, _here: here })
}

/// Without this SQLite compiles a statement anew whenever a limit of a range of keys that is bound to
/// it changes, to look for a better plan in statistics that we do not keep.
fn keep_plans(conn: &Connection) -> Result<(), rusqlite::Error> {
    let stable = rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
    conn.set_db_config(stable, true).map(|_| ())
}

/// Tables that are read through when a store is opened: small, and needed by whatever comes.
const NEEDED: [&str; 8] =
    ["meta", "subject", "series", "run", "maintenance", "blind", "incident", "outbox"];

/// Reads through the tables without which nothing goes on; the others are found damaged when they
/// are read.
///
/// # Errors
/// SQLite's, or as [`damaged`].
pub(super) fn look_through(path: &Path, link: &Link) -> Result<(), StoreError> {
    for table in NEEDED {
        let verdict: String = link
            .conn
            .query_row(&format!("PRAGMA quick_check('{table}')"), [], |row| row.get(0))
            .map_err(sql("check", path))?;
        if verdict != "ok" {
            return Err(rot(path, Some(format!("{table}: {verdict}"))));
        }
    }
    Ok(())
}

/// What a look at the bytes has found.
pub(super) fn damaged(path: &Path) -> StoreError {
    rot(path, Some("its header or its write-ahead log is not as it was written".to_owned()))
}

fn rot(path: &Path, why: Option<String>) -> StoreError {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    sql("check", path)(rusqlite::Error::SqliteFailure(code, why))
}

/// Opens the file for reading only, with or without a daemon that writes it.
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::Foreign`], [`StoreError::Newer`],
/// [`StoreError::Older`].
pub(super) fn open_for_reading(path: &Path) -> Result<Link, StoreError> {
    if is_absent(path)? {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let here = Here::new(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let plain = Connection::open_with_flags(path, flags)
        .and_then(|conn| conn.busy_timeout(BUSY_TIMEOUT).map(|()| conn))
        .map_err(sql("open", path))?;
    let (conn, found) = match own_version(path, &plain) {
        Ok(found) => (plain, found),
        // A WAL database needs its shared-memory file even for reading. Where we may not create
        // it and nothing waits in the WAL, nobody is writing: the file itself is all there is.
        Err(error) if is_cannot_open(&error) && !has_content(&beside(path, "-wal")) => {
            let uri = format!("file:{}?immutable=1", escape_uri(path));
            let conn = Connection::open_with_flags(uri, flags).map_err(sql("open", path))?;
            let found = own_version(path, &conn)?;
            (conn, found)
        }
        Err(error) => return Err(error),
    };
    refuse_newer(path, found)?;
    if found < known_version() {
        let path = path.to_owned();
        return Err(StoreError::Older { path, found, known: known_version() });
    }
    conn.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA query_only=ON; PRAGMA cache_size=-8192;")
        .map_err(sql("configure", path))?;
    keep_plans(&conn).map_err(sql("configure", path))?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(Link { conn, _here: here })
}

fn is_cannot_open(error: &StoreError) -> bool {
    let StoreError::Sql { source, .. } = error else { return false };
    matches!(
        source.sqlite_error_code(),
        Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly)
    )
}

fn has_content(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|m| m.len() > 0)
}

pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn escape_uri(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The schema's version of a file that is ours.
fn own_version(path: &Path, conn: &Connection) -> Result<i64, StoreError> {
    let id = conn.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0));
    match id {
        Ok(id) if id == i64::from(APPLICATION_ID) => version(path, conn),
        Ok(_) => Err(foreign(path, OTHER_DATABASE)),
        Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(foreign(path, NO_DATABASE))
        }
        Err(e) => Err(sql("read the application id", path)(e)),
    }
}

fn version(path: &Path, conn: &Connection) -> Result<i64, StoreError> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sql("read the schema version", path))
}

fn refuse_newer(path: &Path, found: i64) -> Result<(), StoreError> {
    let known = known_version();
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

fn create(path: &Path) -> Result<(), StoreError> {
    let unfinished = beside(path, ".new");
    let conn = blank(&unfinished, known_version())?;
    conn.close().map_err(|(_, e)| sql("create", &unfinished)(e))?;
    place(&unfinished, path)
}

/// A new, empty store of some version under a name of its own.
pub(super) fn blank(unfinished: &Path, version: i64) -> Result<Connection, StoreError> {
    remove_if_there(unfinished)?;
    remove_if_there(&beside(unfinished, "-journal"))?;
    let mut conn = Connection::open(unfinished).map_err(sql("create", unfinished))?;
    conn.execute_batch(
        "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA synchronous=FULL;",
    )
    .map_err(sql("create", unfinished))?;
    conn.pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(sql("create", unfinished))?;
    migrate_to(unfinished, &mut conn, version)?;
    Ok(conn)
}

/// Moves a finished store to where it belongs; nothing is there but what a log may have left.
pub(super) fn place(finished: &Path, path: &Path) -> Result<(), StoreError> {
    // SQLite would replay into the new file what a killed daemon left of one that was removed.
    for log in ["-wal", "-shm", "-journal"] {
        remove_if_there(&beside(path, log))?;
    }
    sync_folder(path)?;
    std::fs::rename(finished, path).map_err(|source| StoreError::Io {
        operation: "move into place",
        path: finished.to_owned(),
        source,
    })?;
    sync_folder(path)
}

/// The name must survive a power cut as the content does.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let io =
        |source| StoreError::Io { operation: "sync the folder of", path: path.to_owned(), source };
    File::open(folder).and_then(|f| f.sync_all()).map_err(io)
}

/// Copies the store as it is to `<store>.v<version>.bak`, which an older tuantra opens as it is.
/// One that is there from an attempt before is replaced. Gives the copy's name.
fn keep_copy(path: &Path, conn: &Connection, version: i64) -> Result<PathBuf, StoreError> {
    let copy = beside(path, &format!(".v{version}.bak"));
    let unfinished = beside(&copy, ".new");
    let failed = |source| StoreError::Sql {
        operation: "copy the store before migrating it (is there room for a second one?)",
        path: unfinished.clone(),
        source,
    };
    remove_if_there(&unfinished)?;
    remove_if_there(&beside(&unfinished, "-journal"))?;
    // Whoever may not read the store may not read its copy.
    let permissions = std::fs::metadata(path).map(|found| found.permissions());
    let made = File::create(&unfinished).and_then(|file| file.set_permissions(permissions?));
    made.map_err(|source| StoreError::Io { operation: "make", path: unfinished.clone(), source })?;
    let mut target = Connection::open(&unfinished).map_err(failed)?;
    {
        let backup = rusqlite::backup::Backup::new(conn, &mut target).map_err(failed)?;
        // Nobody else writes, so no step has to begin anew.
        backup.run_to_completion(PAGES_PER_STEP, Duration::ZERO, None).map_err(failed)?;
    }
    target.close().map_err(|(_, source)| failed(source))?;
    std::fs::rename(&unfinished, &copy).map_err(|source| StoreError::Io {
        operation: "move into place",
        path: unfinished.clone(),
        source,
    })?;
    sync_folder(&copy)?;
    Ok(copy)
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(StoreError::Io { operation: "remove", path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

pub(super) fn migrate(path: &Path, conn: &mut Connection) -> Result<(), StoreError> {
    migrate_to(path, conn, known_version())
}

fn migrate_to(path: &Path, conn: &mut Connection, wanted: i64) -> Result<(), StoreError> {
    let found = usize::try_from(version(path, conn)?).unwrap_or(0);
    for (next, (statements, then)) in (1_i64..=wanted).zip(MIGRATIONS).skip(found) {
        let step = conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sql("migrate", path))?;
        step.execute_batch(statements).map_err(sql("migrate", path))?;
        then(&step).map_err(sql("migrate", path))?;
        step.pragma_update(None, "user_version", next).map_err(sql("migrate", path))?;
        step.commit().map_err(sql("migrate", path))?;
    }
    Ok(())
}
