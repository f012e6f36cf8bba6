//! Authorities, and what they sign.

use std::{fs, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tempfile::TempDir;

use lugger_core::effect::route::Identity;

/// An authority and a directory for its PEM files.
pub(super) struct Authority {
    name: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

pub(super) struct Signed {
    pub(super) certificate: rcgen::Certificate,
    pub(super) key: KeyPair,
}

pub(super) fn params(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

pub(super) fn authority_params(name: &str, hosts: &[&str]) -> CertificateParams {
    let mut params = params(name, hosts);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub(super) fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let issuer = CertifiedIssuer::self_signed(authority_params(name, &[]), key()).unwrap();
        let (name, dir) = (name.to_owned(), tempfile::tempdir().unwrap());
        fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { name, issuer, dir }
    }

    /// The path of a file of this directory, with what is in it.
    pub(super) fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.dir.path().join(name), text).unwrap();
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// The PEM file of its own certificate.
    pub(super) fn pem(&self) -> String {
        self.path("ca.pem")
    }

    pub(super) fn sign(&self, params: &CertificateParams) -> Signed {
        let key = key();
        Signed { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }

    /// A client certificate in two files.
    pub(super) fn identity(&self) -> Identity {
        let Signed { certificate, key } = self.sign(&params(&format!("client of {}", self.name), &[]));
        Identity {
            certificate: self.file("client.cert", &certificate.pem()),
            key: self.file("client.key", &key.serialize_pem()),
        }
    }

    /// What a server of a host needs; with an authority it asks for client certificates of that one, too.
    pub(super) fn server(&self, params: &CertificateParams, clients: Option<&Self>) -> ServerConfig {
        server(&self.sign(params), clients)
    }
}

pub(super) fn server(own: &Signed, clients: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                .allow_unauthenticated()
                .build();
            builder.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let key = PrivateKeyDer::from_pem_slice(own.key.serialize_pem().as_bytes()).unwrap();
    builder.with_single_cert(vec![own.certificate.der().clone()], key).unwrap()
}
