//! Servers of the tests' own, down to the byte.

use std::{future::Future, sync::Arc, time::Duration};

use loadgen::{
    http::{Client, Connector, Limits, Outgoing, Tls},
    target::Target,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::LocalSet,
};

/// Runs a test as a worker runs users: local tasks on one thread.
pub(crate) fn local<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, work)
}

/// A port nobody has, bound.
pub(crate) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    (listener, origin)
}

/// A server that does this with each connection, one after another.
pub(crate) async fn serve<F: Future<Output = ()> + 'static>(
    each: impl Fn(usize, TcpStream) -> F + 'static,
) -> String {
    let (listener, origin) = listen().await;
    tokio::task::spawn_local(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(each(number, stream));
            number += 1;
        }
    });
    origin
}

/// Reads the head of a request; false when there is none.
pub(crate) async fn request(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

/// Sends bytes; the other side may have gone.
pub(crate) async fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes).await;
}

/// A whole answer.
pub(crate) fn answer(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A client of this origin.
pub(crate) fn client(origin: &str, limits: Limits, tls: Option<Tls>) -> Client {
    let target = Target::parse(origin).expect("a loopback origin");
    Client::new(Connector::new(Arc::new(target), tls, limits))
}

/// A certificate for `localhost`, made now: what speaks TLS with it, and the file to trust.
pub(crate) fn certified(protocols: &[&[u8]]) -> (tokio_rustls::TlsAcceptor, tempfile::NamedTempFile) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("certificate and key fit");
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let pem = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(pem.path(), made.cert.pem()).expect("it can be written");
    (tokio_rustls::TlsAcceptor::from(Arc::new(config)), pem)
}

/// Limits with another time limit.
pub(crate) fn within(timeout: Duration) -> Limits {
    Limits { timeout, ..Limits::default() }
}

/// A GET.
pub(crate) fn get(path: &str) -> Outgoing {
    Outgoing {
        method: http::Method::GET,
        path: path.to_owned(),
        signed: None,
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
        trace: None,
    }
}
