//! Whom a client trusts, and what a server shows it.

use std::fmt;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use super::place::Place;
use crate::NotStarted;

/// Somebody who certifies servers, and whom nobody trusts who was not told to. Clones are the same authority.
#[derive(Clone)]
pub(crate) struct Authority(Arc<Certified>);

struct Certified {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The authority's certificate, in the directory of a server.
pub(crate) const AUTHORITY: &str = "ca.pem";
/// What the server shows, and its key.
pub(crate) const CERTIFICATE: &str = "server.pem";
pub(crate) const KEY: &str = "server.key";

impl Authority {
    pub(crate) fn new() -> Authority {
        Authority(Arc::new(certified().expect("all of it is made here")))
    }

    /// Gives a server a certificate for 127.0.0.1 and `localhost`, made for it alone, with its key and the authority's.
    pub(crate) fn certify(&self, place: &Place) -> Result<(), NotStarted> {
        let (certificate, key) = self.issue().map_err(NotStarted::failed)?;
        place.write(AUTHORITY, &self.0.certificate)?;
        place.write(CERTIFICATE, &certificate)?;
        place.write_secret(KEY, &key)?;
        Ok(())
    }

    fn issue(&self) -> Result<(String, String), rcgen::Error> {
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, "127.0.0.1");
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.0.issuer)?.pem(), key.serialize_pem()))
    }
}

fn certified() -> Result<Certified, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "test servers");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?.pem();
    Ok(Certified { certificate, issuer: Issuer::new(params, key) })
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}
