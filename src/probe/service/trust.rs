//! What is believed of certificates: the machine's authorities and those that are named besides; or
//! any chain, where a check says so, but never another's name or a certificate out of its time.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};

use super::certificate::validity;
use crate::model::TlsAsk;

/// Why the authorities that are named besides could not be had.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file.
    #[error("read the authorities of {file}: {reason}")]
    File {
        /// Which.
        file: String,
        /// Why not.
        reason: String,
    },
    /// The cryptography that is built in does not go with the versions of TLS.
    #[error("set up TLS: {0}")]
    Tls(#[from] Error),
}

/// The configurations of TLS, made once: they hold the authorities.
#[derive(Debug)]
pub struct Trust {
    /// By whether a chain is needed and whether TLS 1.3 is.
    configs: [[Arc<ClientConfig>; 2]; 2],
}

impl Trust {
    /// The machine's authorities and those of a PEM file besides.
    ///
    /// # Errors
    /// [`TrustError`] when the file cannot be read or holds none.
    pub fn load(file: Option<&Path>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        // A machine without any has no chain that is trusted, which each check then says.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = file {
            let failed =
                |reason: String| TrustError::File { file: path.display().to_string(), reason };
            let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect)
                .map_err(|error| failed(error.to_string()))?;
            let (added, _) = roots.add_parsable_certificates(certificates);
            if added == 0 {
                return Err(failed("it holds no certificate".to_owned()));
            }
        }
        Self::of(roots)
    }

    /// These authorities and no others.
    ///
    /// # Errors
    /// [`TrustError::Tls`].
    pub fn of(roots: RootCertStore) -> Result<Self, TrustError> {
        let roots = Arc::new(roots);
        let both = |is_chain_needed| -> Result<_, TrustError> {
            Ok([
                config(&roots, is_chain_needed, &[&TLS13, &TLS12])?,
                config(&roots, is_chain_needed, &[&TLS13])?,
            ])
        };
        Ok(Self { configs: [both(false)?, both(true)?] })
    }

    pub(super) fn config(&self, ask: &TlsAsk) -> Arc<ClientConfig> {
        let [by_version, chained] = &self.configs;
        let [any, newest] = if ask.is_chain_needed { chained } else { by_version };
        Arc::clone(if ask.is_13_needed { newest } else { any })
    }
}

fn config(
    roots: &Arc<RootCertStore>,
    is_chain_needed: bool,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Arc<ClientConfig>, TrustError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(versions)?;
    let mut config = match is_chain_needed {
        true => builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth(),
        false => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyChain(provider)))
            .with_no_client_auth(),
    };
    // A resumed session shows no certificate.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Believes any chain; the name, the time and the signatures must be right all the same.
#[derive(Debug)]
struct AnyChain(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyChain {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        let (from, to) =
            validity(end_entity).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let now_ms = i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000);
        if now_ms > to.0 {
            return Err(Error::InvalidCertificate(CertificateError::Expired));
        }
        if now_ms < from.0 {
            return Err(Error::InvalidCertificate(CertificateError::NotValidYet));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
