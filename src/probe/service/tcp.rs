//! A TCP connection, and what is said first on it.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::outcome::{Detail, Failure, us};
use crate::model::{ServiceCheck, ServiceTrouble};

/// Longest greeting read, in bytes.
pub(super) const GREETING_MAX: usize = 4_096;

/// Opens a connection; small messages leave at once.
pub(super) async fn connect(to: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(to).await?;
    // It only costs time where it is refused.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Connects and reads until what is expected has come.
pub(super) async fn ask(check: &ServiceCheck, expect: Option<&str>) -> Result<Detail, Failure> {
    let began = Instant::now();
    let mut stream = connect((check.address, check.port).into()).await?;
    let connected = began.elapsed();
    let Some(expect) = expect else { return Ok(Detail::took(connected)) };
    let mut said = Vec::new();
    loop {
        if contains(&said, expect.as_bytes()) {
            let mut detail = Detail::took(began.elapsed());
            detail.point("tcp.connect_us", us(connected));
            return Ok(detail);
        }
        if said.len() >= GREETING_MAX || !read_more(&mut stream, &mut said).await? {
            let trouble = match said.is_empty() {
                true => ServiceTrouble::Closed,
                false => ServiceTrouble::Unexpected,
            };
            return Err(trouble.into());
        }
    }
}

/// Reads what there is, to [`GREETING_MAX`] bytes in all; false at the end.
pub(super) async fn read_more(
    stream: &mut (impl AsyncRead + Unpin),
    said: &mut Vec<u8>,
) -> Result<bool, Failure> {
    let mut buffer = [0_u8; 512];
    let room = GREETING_MAX.saturating_sub(said.len()).min(buffer.len());
    let read = stream.read(&mut buffer[..room]).await?;
    said.extend_from_slice(&buffer[..read]);
    Ok(read > 0)
}

fn contains(said: &[u8], expect: &[u8]) -> bool {
    expect.is_empty() || said.windows(expect.len()).any(|part| part == expect)
}
