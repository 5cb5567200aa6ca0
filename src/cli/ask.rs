//! One question to the daemon, with a bound on the wait, and what it means when there is no answer.

use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::Duration;

use super::{EXIT_NO_DAEMON, context::Told};
use crate::api::{Client, ClientError, Problem};
use crate::config::Config;
use crate::locale::{reason, visible};
use crate::t;

/// Longest wait for an answer. A snapshot takes well under a second, a reload reads every file.
const ANSWER: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// Nobody listens at the socket.
    NotRunning(ClientError),
    /// The daemon said no.
    Refused(Problem),
    /// The user has been told why the daemon cannot be reached; exit code 4 is left.
    Told(Told),
    /// Anything else.
    Other(anyhow::Error),
}

impl Failure {
    /// Tells the user why there is no answer and gives the exit code. `refused` has the sentence
    /// and the code of a refusal that the command expects.
    ///
    /// # Errors
    /// When there is nothing better to say than what happened.
    pub fn end(
        self,
        config: &Config,
        refused: impl FnOnce(&Problem) -> Option<(String, u8)>,
    ) -> anyhow::Result<ExitCode> {
        let (text, code) = match self {
            Self::NotRunning(_) => {
                let socket = config.socket.display();
                (t!(config.language, "daemon.not_running", socket = socket), EXIT_NO_DAEMON)
            }
            Self::Refused(problem) => refused(&problem).ok_or_else(|| said_no(config, &problem))?,
            Self::Told(told) => return Err(told.into()),
            Self::Other(error) => return Err(error),
        };
        super::complain(&text);
        Ok(ExitCode::from(code))
    }
}

/// A refusal that the command does not know, in the user's language.
pub(super) fn said_no(config: &Config, problem: &Problem) -> anyhow::Error {
    let lang = config.language;
    let (said, word) = (reason(lang, &problem.message), visible(&problem.error));
    anyhow::anyhow!(t!(lang, "daemon.said_no", reason = visible(&said), word = word))
}

/// Asks the daemon of `config` and waits for at most ten seconds.
///
/// # Errors
/// [`Failure`].
pub fn ask<T>(
    config: &Config,
    request: impl AsyncFnOnce(Client) -> Result<T, ClientError>,
) -> Result<T, Failure> {
    ask_within(config, ANSWER, request)
}

/// As [`ask`], of what ends by itself within `within`: ten seconds more are waited for it.
///
/// # Errors
/// [`Failure`].
pub fn ask_longer<T>(
    config: &Config,
    within: Duration,
    request: impl AsyncFnOnce(Client) -> Result<T, ClientError>,
) -> Result<T, Failure> {
    ask_within(config, within + ANSWER, request)
}

fn ask_within<T>(
    config: &Config,
    within: Duration,
    request: impl AsyncFnOnce(Client) -> Result<T, ClientError>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(error.into()))?;
    let client = Client::new(config.socket.clone());
    let answer =
        runtime.block_on(async { tokio::time::timeout(within, request(client)).await.ok() });
    judge(config, answer)
}

/// `None` is an answer that did not come in time.
fn judge<T>(config: &Config, answer: Option<Result<T, ClientError>>) -> Result<T, Failure> {
    let tell = |text: String| {
        super::complain(&text);
        Failure::Told(Told(EXIT_NO_DAEMON))
    };
    match answer {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(ClientError::Refused(problem))) => Err(Failure::Refused(problem)),
        Some(Err(error)) => Err(match &error {
            ClientError::Connect { source, .. } => match source.kind() {
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => Failure::NotRunning(error),
                ErrorKind::PermissionDenied => tell(denied(config)),
                _ => Failure::Other(error.into()),
            },
            _ => Failure::Other(error.into()),
        }),
        None => Err(tell(late(config))),
    }
}

fn denied(config: &Config) -> String {
    t!(config.language, "daemon.denied", socket = config.socket.display())
}

fn late(config: &Config) -> String {
    t!(
        config.language,
        "daemon.no_answer",
        socket = config.socket.display(),
        seconds = ANSWER.as_secs()
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::locale::Lang;

    fn judged(answer: Option<Result<(), ClientError>>) -> Result<(), Failure> {
        judge(&Config::defaults(Path::new("/run/t")), answer)
    }

    fn connect(kind: ErrorKind) -> Option<Result<(), ClientError>> {
        Some(Err(ClientError::Connect { path: "/run/t/s".into(), source: kind.into() }))
    }

    #[test]
    fn only_a_socket_without_a_listener_means_that_no_daemon_runs() {
        for kind in [ErrorKind::NotFound, ErrorKind::ConnectionRefused] {
            assert!(matches!(judged(connect(kind)), Err(Failure::NotRunning(_))), "{kind}");
        }
        let told = |answer| matches!(judged(answer), Err(Failure::Told(Told(EXIT_NO_DAEMON))));
        assert!(told(connect(ErrorKind::PermissionDenied)));
        assert!(told(None));
        assert!(matches!(judged(connect(ErrorKind::OutOfMemory)), Err(Failure::Other(_))));
        assert!(judged(Some(Ok(()))).is_ok());
    }

    #[test]
    fn a_refusal_is_said_in_the_users_language_whoever_did_not_expect_it() {
        let problem = Problem::new("forbidden", t!(Lang::En, "reason.administrators_only"));
        for (language, said) in [
            (Lang::Vi, "chỉ root và người dùng chạy tiến trình tuần tra được làm việc này"),
            (Lang::En, "only root and the user that the daemon runs as may do this"),
        ] {
            let config = Config { language, ..Config::defaults(Path::new("/run/t")) };
            let text = said_no(&config, &problem).to_string();
            assert!(text.contains(said) && text.contains("(forbidden)"), "{text}");
            // What another version says is told as it is.
            let strange = said_no(&config, &Problem::new("new", "what\u{1b}[2J ever")).to_string();
            assert!(strange.contains("ever") && !strange.contains('\u{1b}'), "{strange}");
        }
    }

    #[test]
    fn what_is_told_names_the_socket() {
        for language in Lang::ALL {
            let config = Config { language, ..Config::defaults(Path::new("/run/t")) };
            for text in [denied(&config), late(&config)] {
                assert!(text.contains("/run/t/tuantra.sock"), "{text}");
            }
        }
    }

    #[test]
    fn a_missing_socket_is_asked_in_vain() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::defaults(folder.path());
        let answer = ask(&config, async |client| client.snapshot().await);
        assert!(matches!(answer, Err(Failure::NotRunning(_))));
    }
}
