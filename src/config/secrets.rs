//! Fetches the secrets of `credentials` from where the file says they are kept. The only place of
//! the room that looks at the environment or at another file, and only when it is asked to.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Config;
use crate::model::{
    Credential, CredentialId, Diagnostic, Message, Place, Secret, Security, Severity,
};

/// Longest file a secret is read from, in bytes.
const FILE_BYTES_MAX: u64 = 4_096;

/// A credential whose secrets are still where they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCredential {
    /// Its name.
    pub id: CredentialId,
    /// Version, user and where the secrets are.
    pub security: Security<SecretSource>,
    /// UDP port asked.
    pub port: u16,
}

/// Where a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSource {
    /// Where.
    pub origin: Origin,
    /// Fewest bytes it may have.
    pub(super) bytes_min: usize,
    /// Its key in `config.yaml`.
    pub(super) key: String,
    /// Where it stands in `config.yaml`.
    pub place: Place,
}

/// What a secret is kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A variable of the environment, `"${NAME}"`.
    Environment(String),
    /// A file, `"file:PATH"`, its path joined to the folder of `config.yaml`.
    File(PathBuf),
    /// A credential that systemd hands over (`LoadCredential=`), `"credential:NAME"`: a file in
    /// `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// `config.yaml` itself.
    Literal(Secret),
}

impl Config {
    /// The credentials with their secrets, by their order in the file; one whose secrets cannot be
    /// had is left out, with a finding of the severity `absent` where a variable is not set or a
    /// file cannot be read, and an error where what is there cannot be one.
    #[must_use]
    pub fn fetch_credentials(&self, absent: Severity) -> (Vec<Credential>, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let mut diagnostics = Vec::new();
        for named in &self.credentials {
            // All secrets of a credential are tried, so that all that is wrong is told at once.
            let mut told = Vec::new();
            let security = named.security.try_map(|source| match fetch(source, absent) {
                Ok(secret) => Ok::<_, std::convert::Infallible>(Some(secret)),
                Err(diagnostic) => {
                    told.push(*diagnostic);
                    Ok(None)
                }
            });
            if told.is_empty() {
                let security = security.ok().and_then(|s| s.try_map(|s| s.clone().ok_or(())).ok());
                found.extend(security.map(|security| Credential {
                    id: named.id.clone(),
                    security,
                    port: named.port,
                }));
            }
            diagnostics.append(&mut told);
        }
        (found, diagnostics)
    }
}

/// The secret that a source names; a finding of the severity `absent` where it cannot be had, an
/// error where what is there cannot be one.
pub(crate) fn fetch(source: &SecretSource, absent: Severity) -> Result<Secret, Box<Diagnostic>> {
    let (severity, message, hint) = match &source.origin {
        Origin::Literal(secret) => return Ok(secret.clone()),
        Origin::Environment(name) => match std::env::var(name) {
            Ok(text) => return checked(source, &text),
            Err(_) => {
                let message = Message::new("config.variable_not_set").with("name", name);
                (absent, message, Message::new("config.variable_not_set_hint").with("name", name))
            }
        },
        Origin::File(path) => return checked(source, &from_file(source, path, absent)?),
        Origin::Credential(name) => match std::env::var_os("CREDENTIALS_DIRECTORY") {
            Some(folder) => {
                let text = from_file(source, &Path::new(&folder).join(name), absent)?;
                return checked(source, &text);
            }
            None => {
                let message = Message::new("config.no_credentials_directory").with("name", name);
                let hint = Message::new("config.no_credentials_directory_hint").with("name", name);
                (absent, message, hint)
            }
        },
    };
    Err(finding(source, severity, message, Some(hint)))
}

/// What a file holds, without the end of its last line.
fn from_file(
    source: &SecretSource,
    path: &Path,
    absent: Severity,
) -> Result<String, Box<Diagnostic>> {
    let text = read_file(path).map_err(|(message, hint)| {
        let named = |m: Message| m.with("file", path.display());
        finding(source, absent, named(message), Some(named(hint)))
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn finding(
    source: &SecretSource,
    severity: Severity,
    message: Message,
    hint: Option<Message>,
) -> Box<Diagnostic> {
    let place = Some(source.place.clone());
    Box::new(Diagnostic { severity, message, place, hint, related: None })
}

fn checked(source: &SecretSource, text: &str) -> Result<Secret, Box<Diagnostic>> {
    let max = Credential::TEXT_BYTES_MAX;
    if (source.bytes_min..=max).contains(&text.len()) {
        return Ok(Secret::new(text));
    }
    let message = Message::new("config.secret_length")
        .with("key", &source.key)
        .with("min", source.bytes_min)
        .with("max", max);
    Err(finding(source, Severity::Error, message, None))
}

/// The text of a file that nobody but its owner and its group may read: a passphrase that every
/// user of the machine can read is none.
fn read_file(path: &Path) -> Result<String, (Message, Message)> {
    let unreadable = |error: std::io::Error| {
        let message = Message::new("config.secret_unreadable").with("reason", error);
        (message, Message::new("config.secret_unreadable_hint"))
    };
    let file = File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        const OTHERS_OR_GROUP_WRITES: u32 = 0o027;
        let is_trusted = meta.uid() == 0 || meta.uid() == rustix::process::geteuid().as_raw();
        if meta.mode() & OTHERS_OR_GROUP_WRITES != 0 || !is_trusted {
            let mode = format!("{:04o}", meta.mode() & 0o7777);
            let message = Message::new("config.secret_open_to_all").with("mode", mode);
            return Err((message, Message::new("config.secret_open_to_all_hint")));
        }
    }
    let mut text = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}
