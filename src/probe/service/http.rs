//! A request by HTTP/1.1 and what its answer must be. Redirects are followed on the same host alone:
//! it is this service that is asked, and no other name is resolved.

use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, LOCATION, USER_AGENT};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::outcome::{Detail, Failure, us};
use super::tcp::connect;
use super::tls::{handshake, note_expiry};
use super::trust::Trust;
use crate::model::{HttpAsk, ServiceCheck, ServiceTrouble, Threshold, TlsAsk};

/// Where a request goes.
#[derive(Debug, Clone)]
struct Place {
    tls: Option<TlsAsk>,
    port: u16,
    host: String,
    path: String,
}

/// What came back.
struct Answer {
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
    /// There is more of the body than is read.
    is_cut: bool,
}

/// Times of the parts of one request.
#[derive(Debug, Default)]
struct Split {
    connect: Duration,
    tls: Option<Duration>,
    wait: Duration,
    body: Duration,
}

/// Makes the request, follows where it may, and judges the answer.
pub(super) async fn ask(
    check: &ServiceCheck,
    ask: &HttpAsk,
    trust: &Trust,
) -> Result<Detail, Failure> {
    let began = Instant::now();
    let mut place = Place {
        tls: ask.tls.clone(),
        port: check.port,
        host: ask.host.to_string(),
        path: ask.path.to_string(),
    };
    let mut over: Option<Threshold> = None;
    let mut redirects = 0;
    loop {
        let mut detail = Detail::default();
        let mut split = Split::default();
        let answer = once(check, ask, &place, trust, &mut detail, &mut split).await?;
        over = over.or(detail.over);
        let target = answer.location.as_deref().filter(|_| matches!(answer.status, 301..=308));
        if let Some(target) = target.filter(|_| ask.redirects > 0) {
            if redirects == ask.redirects {
                return Err(ServiceTrouble::Redirected.into());
            }
            redirects += 1;
            place = follow(&place, target).ok_or(ServiceTrouble::Redirected)?;
            continue;
        }
        judge(ask, &answer)?;
        let took = Detail::took(began.elapsed());
        detail = Detail { rtt_us: took.rtt_us, over, ..detail };
        detail.point("http.connect_us", us(split.connect));
        if let Some(tls) = split.tls {
            detail.point("http.tls_us", us(tls));
        }
        detail.point("http.wait_us", us(split.wait));
        detail.point("http.body_us", us(split.body));
        return Ok(detail);
    }
}

async fn once(
    check: &ServiceCheck,
    ask: &HttpAsk,
    place: &Place,
    trust: &Trust,
    detail: &mut Detail,
    split: &mut Split,
) -> Result<Answer, Failure> {
    let began = Instant::now();
    let stream = connect((check.address, place.port).into()).await?;
    split.connect = began.elapsed();
    let Some(tls) = &place.tls else { return exchange(stream, ask, place, split).await };
    let began = Instant::now();
    let stream = handshake(stream, tls, trust).await?;
    split.tls = Some(began.elapsed());
    note_expiry(&stream, tls, detail);
    exchange(stream, ask, place, split).await
}

/// The request and its answer over a connection, which is driven here and ends with it.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    ask: &HttpAsk,
    place: &Place,
    split: &mut Split,
) -> Result<Answer, Failure> {
    let request = Request::builder()
        .method(if ask.is_head { Method::HEAD } else { Method::GET })
        .uri(place.path.as_str())
        .header(HOST, place.host.as_str())
        .header(USER_AGENT, concat!("tuantra/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| ServiceTrouble::Malformed)?;
    let began = Instant::now();
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| failure(&error))?;
    let mut talk = pin!(async {
        let response = sender.send_request(request).await.map_err(|error| failure(&error))?;
        split.wait = began.elapsed();
        let began = Instant::now();
        let answer = read(response, ask).await?;
        split.body = began.elapsed();
        Ok(answer)
    });
    let mut connection = pin!(connection);
    let mut is_open = true;
    loop {
        tokio::select! {
            answer = &mut talk => return answer,
            // What it leaves behind is still to be read; what is wrong with it the talk says.
            _ = &mut connection, if is_open => is_open = false,
        }
    }
}

async fn read(response: Response<Incoming>, ask: &HttpAsk) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.map(str::to_owned);
    let mut incoming = response.into_body();
    let mut answer = Answer { status, location, body: Vec::new(), is_cut: false };
    let most = usize::try_from(ask.body_max).unwrap_or(usize::MAX);
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| failure(&error))?;
        let Some(data) = frame.data_ref() else { continue };
        let room = most - answer.body.len();
        answer.body.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            answer.is_cut = true;
            break;
        }
    }
    Ok(answer)
}

fn judge(ask: &HttpAsk, answer: &Answer) -> Result<(), ServiceTrouble> {
    if !ask.status.iter().any(|(from, to)| (*from..=*to).contains(&answer.status)) {
        return Err(ServiceTrouble::Status(answer.status));
    }
    // What is expected may stand in what was not read.
    let missing = match answer.is_cut {
        true => ServiceTrouble::TooLong,
        false => ServiceTrouble::Unexpected,
    };
    if let Some(text) = &ask.text
        && !String::from_utf8_lossy(&answer.body).contains(&**text)
    {
        return Err(missing);
    }
    let Some((at, is)) = &ask.json else { return Ok(()) };
    if answer.is_cut {
        return Err(missing);
    }
    let json = serde_json::from_slice::<serde_json::Value>(&answer.body);
    let json = json.map_err(|_| ServiceTrouble::Malformed)?;
    let found = json.pointer(at).map(|found| match found {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    (found.as_deref() == Some(&**is)).then_some(()).ok_or(ServiceTrouble::Unexpected)
}

/// Where a redirect leads, when that is on the same host.
fn follow(from: &Place, target: &str) -> Option<Place> {
    let uri = target.split('#').next()?.parse::<Uri>().ok()?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let Some(host) = uri.host() else {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        return Some(Place { path, ..from.clone() });
    };
    let name = from.host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let name = name.map_or(from.host.as_str(), |(name, _)| name);
    if !host.eq_ignore_ascii_case(name) {
        return None;
    }
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return None,
    };
    let usual = if is_tls { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(usual);
    let tls = is_tls.then(|| {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        from.tls.clone().unwrap_or_else(|| TlsAsk {
            name: bare.into(),
            expiry_days: TlsAsk::EXPIRY_DAYS_DEFAULT,
            is_13_needed: false,
            is_chain_needed: true,
        })
    });
    let host = if port == usual { name.to_owned() } else { format!("{name}:{port}") };
    Some(Place { tls, port, host, path: path.to_owned() })
}

fn failure(error: &hyper::Error) -> Failure {
    let io = std::error::Error::source(error).and_then(|e| e.downcast_ref::<std::io::Error>());
    if let Some(io) = io {
        return std::io::Error::from(io.kind()).into();
    }
    let trouble = match error.is_incomplete_message() || error.is_closed() {
        true => ServiceTrouble::Closed,
        false => ServiceTrouble::Malformed,
    };
    trouble.into()
}
