//! TLS and the versions of HTTP.

use mock_server::Tls;
use reqwest::{Certificate, Client, Version};

use crate::rig::Rig;

/// A mock that speaks TLS, and its certificate.
async fn secured() -> (Rig, Certificate, Tls) {
    let tls = Tls::made_now(None).expect("a certificate");
    let pem = std::fs::read(tls.certificate()).expect("it was written");
    let rig = Rig::with(|config| config.tls = Some(tls.clone())).await;
    (rig, Certificate::from_pem(&pem).expect("PEM"), tls)
}

#[tokio::test]
async fn whoever_trusts_the_certificate_gets_the_version_they_ask_for() {
    let (rig, certificate, _tls) = secured().await;
    let port = rig.address().port();
    for (client, version) in
        [(Client::builder(), Version::HTTP_2), (Client::builder().http1_only(), Version::HTTP_11)]
    {
        let client = client.tls_certs_only([certificate.clone()]).build().expect("a client");
        for host in ["127.0.0.1", "localhost"] {
            let answer = client.get(format!("https://{host}:{port}/health")).send().await.expect("an answer");
            assert_eq!((answer.status().as_u16(), answer.version()), (200, version), "{host}");
        }
    }
}

#[tokio::test]
async fn whoever_does_not_is_not_served() {
    let (rig, _, _tls) = secured().await;
    let other = Tls::made_now(None).expect("a certificate");
    let pem = std::fs::read(other.certificate()).expect("it was written");
    let other = Certificate::from_pem(&pem).expect("PEM");
    let client = Client::builder().tls_certs_only([other]).build().expect("a client");
    assert!(client.get(format!("https://{}/health", rig.address())).send().await.is_err());
}

#[tokio::test]
async fn the_certificate_goes_where_it_is_asked_to_or_away() {
    let dir = tempfile::tempdir().expect("a directory");
    let named = dir.path().join("tls");
    let tls = Tls::made_now(Some(&named)).expect("a certificate");
    assert_eq!(tls.certificate(), named.join("mock-ca.pem"));
    drop(tls);
    let pem = std::fs::read_to_string(named.join("mock-ca.pem")).expect("it stays");
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----") && !pem.contains("KEY"), "{pem}");

    let private = Tls::made_now(None).expect("a certificate");
    let path = private.certificate().to_owned();
    assert!(path.exists());
    drop(private);
    assert!(!path.exists());
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("it is written");
    let refused = Tls::made_now(Some(&file)).expect_err("a file is no directory").to_string();
    assert!(refused.starts_with(&file.display().to_string()), "{refused}");
}

#[tokio::test]
async fn a_plain_port_speaks_both_versions() {
    let rig = Rig::start().await;
    let newer = Client::builder().http2_prior_knowledge().build().expect("a client");
    let answer = newer.get(format!("{}/health", rig.base)).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    let answer = rig.get("/health").send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));
    // A client that begins a TLS handshake here is told in HTTP that it is wrong, and so ends at once.
    assert!(newer.get(rig.base.replace("http:", "https:")).send().await.is_err());
}
