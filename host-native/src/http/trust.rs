//! Whom a TLS client trusts, and who it says it is.

use std::{
    env,
    fmt::Display,
    sync::{Arc, OnceLock},
};

use lugger_core::effect::{
    http::{NetError, NetErrorKind},
    route::{Identity, Tls},
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        ResolvesClientCert, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
    sign::CertifiedKey,
};

/// Both say where OpenSSL, and whatever follows it, looks for authorities, instead of the system's places.
const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What rustls needs for connections of this trust and identity. Reads files.
pub(super) fn client_config(tls: &Tls) -> Result<ClientConfig, NetError> {
    let provider = Arc::new(ring::default_provider());
    let bug = |error: &dyn Display| NetError::new(NetErrorKind::Tls, error.to_string());
    let verifier: Arc<dyn ServerCertVerifier> = if tls.unverified {
        Arc::new(Anyone(Arc::clone(&provider)))
    } else {
        let (roots, named) = roots(&tls.roots)?;
        let chain = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
        Arc::new(Trusted { chain: chain.map_err(|error| bug(&error))?, named })
    };
    let identities: Result<Vec<_>, _> = tls.identities.iter().map(|own| identity(own, &provider)).collect();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bug(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(builder.with_client_cert_resolver(Arc::new(Identities(identities?))))
}

/// The system's authorities and those of these files, and once more the latter.
fn roots(files: &[String]) -> Result<(Arc<RootCertStore>, Vec<CertificateDer<'static>>), NetError> {
    let system = system_roots()?;
    if files.is_empty() {
        return Ok((system, Vec::new()));
    }
    let (mut roots, mut named) = (RootCertStore::clone(&system), Vec::new());
    for path in files {
        let found = certificates(path)?;
        if roots.add_parsable_certificates(found.iter().cloned()).0 == 0 {
            return Err(unusable(path, "no certificate of an authority in it"));
        }
        named.extend(found);
    }
    Ok((Arc::new(roots), named))
}

/// The authorities of this system, read once in the life of the process, and only if TLS is spoken.
fn system_roots() -> Result<Arc<RootCertStore>, NetError> {
    static ROOTS: OnceLock<Result<Arc<RootCertStore>, NetError>> = OnceLock::new();
    let read = || {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            // Who names a file means that one: a mistake in it must not widen the trust.
            if let Some(variable) = VARIABLES.into_iter().find(|variable| env::var_os(variable).is_some()) {
                let why = found.errors.first().map_or("no certificate in it".to_owned(), ToString::to_string);
                return Err(unusable(variable, why));
            }
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Ok(Arc::new(roots))
    };
    ROOTS.get_or_init(read).clone()
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(unusable(path, "no PEM certificate in it")),
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(path, error)),
    }
}

fn identity(own: &Identity, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, NetError> {
    let chain = certificates(&own.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&own.key).map_err(|error| unusable(&own.key, error))?;
    let made = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        Error::InconsistentKeys(_) => unusable(&own.key, format!("not the key of {}", own.certificate)),
        other => unusable(&own.key, other),
    });
    made.map(Arc::new)
}

fn unusable(path: &str, why: impl Display) -> NetError {
    NetError::new(NetErrorKind::File, format!("{path}: {why}"))
}

/// Several client certificates, of which the server gets one.
#[derive(Debug)]
struct Identities(Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for Identities {
    /// The first whose chain names an authority that the server names; if none does, the first whose key it can use.
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut usable = self.0.iter().filter(|own| own.key.choose_scheme(schemes).is_some()).peekable();
        let first = usable.peek().copied().cloned();
        usable.find(|own| authorities.iter().any(|name| names(own, name))).cloned().or(first)
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Whether a name stands in the chain. A certificate holds its issuer's name in the same encoding as the server sends it, so
/// that nothing needs to be parsed; that it may stand there as the subject, too, does no harm.
fn names(own: &CertifiedKey, name: &[u8]) -> bool {
    !name.is_empty() && own.cert.iter().any(|der| der.windows(name.len()).any(|part| part == name))
}

/// Chains that end at an authority, and certificates that were named themselves.
#[derive(Debug)]
struct Trusted {
    chain: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

/// Whether a server showed the certificate of an authority as its own.
pub(super) fn is_authority_itself(why: &CertificateError) -> bool {
    // webpki's error has no variant of its own in rustls.
    matches!(why, CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity"))
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.chain.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // `openssl req -x509` makes an authority that is its own server, and every guide to private registries uses it.
            // That it is valid now was seen before this error.
            Err(Error::InvalidCertificate(why))
                if is_authority_itself(&why) && self.named.contains(end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// Any certificate will do: the user's word.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
