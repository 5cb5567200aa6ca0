//! The greetings of mail servers, and a polite farewell.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::outcome::{Detail, Failure, us};
use super::tcp::{GREETING_MAX, connect, read_more};
use crate::model::{ServiceCheck, ServiceTrouble};

/// SMTP (RFC 5321, section 4.2): `220`, on one line or several.
pub(super) async fn smtp(check: &ServiceCheck) -> Result<Detail, Failure> {
    let (mut stream, detail, said) = greeting(check, is_smtp_whole).await?;
    let code = said.get(..3).and_then(|code| code.parse::<u16>().ok());
    let code = code.filter(|code| (200..600).contains(code)).ok_or(ServiceTrouble::Malformed)?;
    farewell(&mut stream, b"QUIT\r\n").await;
    match code {
        220 => Ok(detail),
        code => Err(ServiceTrouble::Status(code).into()),
    }
}

/// IMAP (RFC 3501, section 7.1): `* OK` or `* PREAUTH`.
pub(super) async fn imap(check: &ServiceCheck) -> Result<Detail, Failure> {
    let (mut stream, detail, said) = greeting(check, |said| said.ends_with('\n')).await?;
    let word = said.strip_prefix("* ").and_then(|rest| rest.split_whitespace().next());
    match word.map(str::to_ascii_uppercase).as_deref() {
        Some("OK" | "PREAUTH") => {
            farewell(&mut stream, b"a LOGOUT\r\n").await;
            Ok(detail)
        }
        Some("BYE") => Err(ServiceTrouble::Unexpected.into()),
        _ => Err(ServiceTrouble::Malformed.into()),
    }
}

/// The last line has a space behind its code.
fn is_smtp_whole(said: &str) -> bool {
    said.ends_with('\n')
        && said.lines().last().is_some_and(|line| line.as_bytes().get(3) != Some(&b'-'))
}

async fn greeting(
    check: &ServiceCheck,
    is_whole: impl Fn(&str) -> bool,
) -> Result<(TcpStream, Detail, String), Failure> {
    let began = Instant::now();
    let mut stream = connect((check.address, check.port).into()).await?;
    let connected = began.elapsed();
    let mut said = Vec::new();
    loop {
        let more = read_more(&mut stream, &mut said).await?;
        let text = String::from_utf8_lossy(&said);
        if is_whole(&text) {
            let mut detail = Detail::took(began.elapsed());
            detail.point("mail.connect_us", us(connected));
            return Ok((stream, detail, text.into_owned()));
        }
        if !more {
            let trouble = match said.len() {
                0 => ServiceTrouble::Closed,
                GREETING_MAX => ServiceTrouble::TooLong,
                _ => ServiceTrouble::Malformed,
            };
            return Err(trouble.into());
        }
    }
}

/// A server that is hung up on writes a line about it into its log.
async fn farewell(stream: &mut TcpStream, words: &[u8]) {
    // What was asked is known already.
    let _ = stream.write_all(words).await;
}
