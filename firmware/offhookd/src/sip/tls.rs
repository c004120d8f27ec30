//! TLS with rustls: our certificate, and the check of others'.

use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::Certificate;

/// Where Linux distributions keep the authorities.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// For the connections we accept.
pub(crate) fn acceptor(certificate: &Certificate) -> anyhow::Result<TlsAcceptor> {
    let (chain, key) = match certificate {
        Certificate::Files { chain, key } => (chain.clone(), key.clone()),
        Certificate::SelfSigned { directory, names } => self_signed(directory, names)?,
    };
    let certificates = certificates(&chain)?;
    let key = PrivateKeyDer::from_pem_file(&key).with_context(|| format!("private key {}", key.display()))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .context("the certificate and the key do not go together")?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// For the connections we open.
pub(crate) fn connector(roots: Option<&Path>, verify: bool) -> anyhow::Result<TlsConnector> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    if !verify {
        let unchecked = Arc::new(Unchecked(provider()));
        let config = builder.dangerous().with_custom_certificate_verifier(unchecked).with_no_client_auth();
        return Ok(TlsConnector::from(Arc::new(config)));
    }
    let mut store = RootCertStore::empty();
    let system = Path::new(SYSTEM_ROOTS);
    match roots {
        Some(path) => _ = store.add_parsable_certificates(certificates(path)?),
        None if system.exists() => _ = store.add_parsable_certificates(certificates(system)?),
        // Then no peer can be trusted, and connections fail.
        None => {}
    }
    Ok(TlsConnector::from(Arc::new(builder.with_root_certificates(store).with_no_client_auth())))
}

/// What the peer's certificate has to name: the host that was resolved, or the address (RFC 5922 §4).
pub(crate) fn server_name(host: Option<String>, ip: IpAddr) -> Option<ServerName<'static>> {
    match host {
        Some(host) => ServerName::try_from(host.trim_end_matches('.').to_owned()).ok(),
        None => Some(ServerName::IpAddress(ip.into())),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .with_context(|| format!("certificates {}", path.display()))
}

/// The certificate of before, or a new one.
fn self_signed(directory: &Path, names: &[String]) -> anyhow::Result<(PathBuf, PathBuf)> {
    let (chain, key) = (directory.join("sip-certificate.pem"), directory.join("sip-key.pem"));
    if chain.exists() && key.exists() {
        return Ok((chain, key));
    }
    fs::create_dir_all(directory).with_context(|| format!("directory {}", directory.display()))?;
    let made = rcgen::generate_simple_self_signed(names.to_vec()).context("certificate")?;
    // The key is there before the certificate: a power cut between them makes both anew.
    let _ = fs::remove_file(&chain);
    write_whole(&key, &made.signing_key.serialize_pem(), 0o600)?;
    write_whole(&chain, &made.cert.pem(), 0o644)?;
    Ok((chain, key))
}

/// Writes to a temporary name, syncs, renames.
fn write_whole(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let temporary = path.with_extension("new");
    let _ = fs::remove_file(&temporary);
    let written = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    written().with_context(|| format!("writing {}", path.display()))
}

/// Takes any certificate: the connection is private but the peer is not proved. Only where the configuration asks for it.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
