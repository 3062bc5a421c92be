//! Whom a client trusts, and what a server shows it.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::NotStarted;
use crate::unix::place::Place;

/// The settings of a server that shows a certificate for 127.0.0.1 and `localhost`, made for it alone. Whom its clients
/// have to trust is in the file `ca.pem`.
pub(super) fn settings(place: &Place) -> Result<&'static str, NotStarted> {
    let (authority, certificate, key) = made().map_err(NotStarted::failed)?;
    place.write("ca.pem", &authority)?;
    place.write("server.pem", &certificate)?;
    place.write("server.key", &key)?;
    Ok("tls-cert-file server.pem\ntls-key-file server.key\ntls-ca-cert-file ca.pem\ntls-auth-clients no\n")
}

/// The authority's certificate, the server's, and its key.
fn made() -> Result<(String, String, String), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "test servers");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);

    let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "127.0.0.1");
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok((authority, params.signed_by(&key, &issuer)?.pem(), key.serialize_pem()))
}
