//! A private authority, and what it signs, as PEM files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    date_time_ymd,
};
use tempfile::TempDir;

/// An authority, with a directory for its files.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Pair {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM, PKCS #8.
    pub key: PathBuf,
}

impl Authority {
    /// One that nobody knows.
    pub fn new(name: &str) -> Self {
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("authorities can be made");
        let dir = TempDir::new().expect("a temporary directory");
        fs::write(dir.path().join("ca.pem"), issuer.pem()).expect("it can be written");
        Self { issuer, dir }
    }

    /// The file of its own certificate.
    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// For a server of these hosts.
    pub fn server(&self, hosts: &[&str]) -> Pair {
        self.sign(&params("server", hosts), hosts.first().unwrap_or(&"server"))
    }

    /// For a server of this machine, until 2020.
    pub fn expired(&self) -> Pair {
        let mut params = params("server", &["127.0.0.1"]);
        (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        self.sign(&params, "expired")
    }

    /// For a client.
    pub fn client(&self) -> Pair {
        self.sign(&params("client", &[]), "client")
    }

    fn sign(&self, params: &CertificateParams, name: &str) -> Pair {
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).expect("certificates can be signed");
        let file = |ending: &str, text: &str| {
            let path = self.dir.path().join(format!("{name}.{ending}"));
            fs::write(&path, text).expect("they can be written");
            path
        };
        Pair { certificate: file("cert", &certificate.pem()), key: file("key", &key.serialize_pem()) }
    }
}

/// What tokens are signed with: a key as PKCS #8, and its own certificate in DER.
pub(super) fn token_signer(bundle: &Path) -> (Vec<u8>, Vec<u8>) {
    let key = key();
    let certificate = params("tokens", &[]).self_signed(&key).expect("certificates can be signed");
    fs::write(bundle, certificate.pem()).expect("it can be written");
    (key.serialize_der(), certificate.der().to_vec())
}

fn params(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("hosts of tests are names or addresses");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("keys can be made")
}
