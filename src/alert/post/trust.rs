//! Whom TLS trusts: the machine's list of authorities, and a file of one's own beside it.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::PostError;
use crate::locale::visible;

/// The certificates of authorities. A machine without a list has none: what is called without TLS
/// works all the same, the rest says that nobody vouches.
pub(super) fn roots(own: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, PostError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        let error = visible(&error.to_string());
        tracing::warn!(%error, "part of the machine's list of authorities cannot be read");
    }
    let mut roots = found.certs;
    if let Some(path) = own {
        let file = visible(&path.display().to_string());
        let unreadable = |reason: String| PostError::CaUnreadable {
            file: file.clone(),
            reason: visible(&reason),
        };
        let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.push(certificate.map_err(|error| unreadable(error.to_string()))?);
        }
        if roots.len() == before {
            return Err(PostError::CaEmpty(file));
        }
    }
    Ok(roots)
}
