//! Targets that are broken, hostile or gone: what is counted as what, and that nothing grows or hangs.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use contract::{Endpoint, Nothing, operations::Health};
use engine::{
    curve::Curve,
    driver::{self, Turn, VirtualUser},
    ends::Ends,
    load::{Flow, Load, Shard},
    record::FaultKind,
};
use loadgen::{
    context::Context,
    http::{Exchange, Limits, Tls},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    calls::{HEALTHY, recorded},
    servers::{answer, client, get, listen, local, request, send, serve, within},
};

/// One request to a server that reads it, says this, and closes the connection.
fn told(what: impl AsRef<[u8]> + 'static) -> Exchange {
    local(async {
        let what = Rc::new(what);
        let origin = serve(move |_, mut stream| {
            let what = what.clone();
            async move {
                request(&mut stream).await;
                send(&mut stream, what.as_ref().as_ref()).await;
                closed_in_order(stream).await;
            }
        })
        .await;
        client(&origin, Limits::default(), None).exchange(&get("/")).await
    })
}

/// Says that nothing more comes and waits for the other side to leave, so that what was sent arrives.
async fn closed_in_order(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

fn kind(exchange: &Exchange) -> FaultKind {
    exchange.answer.as_ref().expect_err("no good answer came").kind.clone()
}

#[test]
fn an_answer_that_breaks_off_is_a_broken_connection() {
    for (what, said) in [
        ("half a head", "HTTP/1.1 200 OK\r\ncontent-le"),
        ("half a body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"),
        ("half a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"),
        ("no last chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"),
        ("nothing", ""),
    ] {
        let exchange = told(said);
        assert_eq!(kind(&exchange), FaultKind::Reset, "{what}: {:?}", exchange.answer);
    }
}

#[test]
fn garbage_is_no_protocol() {
    for (what, said) in [
        ("another protocol", "220 mail.example ESMTP\r\n"),
        ("bytes", "\x00\x01\x02\x03\x04\r\n\r\n"),
        ("a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"),
        ("a chunk whose length is none", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"),
    ] {
        let exchange = told(said);
        let kind = kind(&exchange);
        assert!(matches!(kind, FaultKind::Protocol | FaultKind::Reset), "{what}: {:?}", exchange.answer);
    }
}

#[test]
fn a_head_of_a_megabyte_is_not_kept() {
    let head = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\ncontent-length: 0\r\n\r\n", "a".repeat(1 << 20));
    let exchange = told(head);
    let kind = kind(&exchange);
    let named = matches!(&kind, FaultKind::Protocol) || kind == FaultKind::Other("answer too large".into());
    assert!(named, "{:?}", exchange.answer);
    assert!(exchange.bytes.1 < 1 << 20, "{} bytes of it were read", exchange.bytes.1);
}

/// Sends a body of 100 MB as far as it is taken; gives how many bytes that was.
async fn flood(mut stream: TcpStream, head: &[u8], chunk: &[u8]) -> usize {
    request(&mut stream).await;
    send(&mut stream, head).await;
    let mut taken = 0;
    while taken < 100_000_000 && stream.write_all(chunk).await.is_ok() {
        taken += chunk.len();
    }
    taken
}

#[test]
fn a_hundred_megabytes_are_refused_at_the_limit_and_the_connection_is_closed() {
    let chunk = [b"10000\r\n".as_slice(), &vec![b'a'; 0x10000], b"\r\n"].concat();
    for (head, chunk) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n", vec![b'a'; 0x10000]),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunk),
    ] {
        local(async {
            let (listener, origin) = listen().await;
            let flooding = tokio::task::spawn_local(async move {
                let (stream, _) = listener.accept().await.expect("somebody connects");
                flood(stream, head.as_bytes(), &chunk).await
            });
            let limits = Limits { body_bytes: 1 << 20, ..Limits::default() };
            let mut client = client(&origin, limits, None);
            let exchange = client.exchange(&get("/")).await;
            assert_eq!(kind(&exchange), FaultKind::Other("answer too large".into()));
            assert!(exchange.bytes.1 < 4 << 20, "{} bytes were read", exchange.bytes.1);
            // The client is still there, its connection is not: the server cannot go on.
            let taken = flooding.await.expect("it does not panic");
            assert!(taken < 100_000_000, "all of it was taken");
            drop(client);
        });
    }
}

#[test]
fn a_redirect_is_an_unexpected_status_and_never_followed() {
    local(async {
        let (asked, counting) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let seen = asked.clone();
        let origin = serve(move |_, mut stream| {
            let seen = seen.clone();
            async move {
                while request(&mut stream).await {
                    seen.set(seen.get() + 1);
                    let to_itself = b"HTTP/1.1 302 Found\r\nlocation: /health\r\ncontent-length: 0\r\n\r\n";
                    send(&mut stream, to_itself).await;
                }
            }
        })
        .await;
        let run = recorded(&origin, async |context| {
            for _ in 0..3 {
                let fault = context.call::<Health>(&Nothing {}).send().await.expect_err("it is no answer");
                counting.set(counting.get() + 1);
                assert_eq!(fault.kind, FaultKind::Status(302));
            }
        })
        .await;
        assert_eq!((asked.get(), counting.get()), (3, 3));
        let health = run.timing_named(Health::ROUTE).expect("it is declared");
        assert_eq!(
            health.faults.iter().map(|fault| (&fault.kind, fault.count)).collect::<Vec<_>>(),
            [(&FaultKind::Status(302), 3)]
        );
    });
}

/// A server whose certificate was good until 1975.
async fn expired() -> (String, tempfile::NamedTempFile) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec!["localhost".into()]).expect("a name");
    params.not_before = rcgen::date_time_ymd(1975, 1, 1);
    params.not_after = rcgen::date_time_ymd(1975, 12, 31);
    let certificate = params.self_signed(&key).expect("a certificate");
    let secret = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)
        .expect("certificate and key fit");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let origin = serve(move |_, stream| {
        let acceptor = acceptor.clone();
        async move { drop(acceptor.accept(stream).await) }
    })
    .await;
    let pem = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(pem.path(), certificate.pem()).expect("it can be written");
    (origin.replace("http://127.0.0.1", "https://localhost"), pem)
}

#[test]
fn an_expired_certificate_is_a_tls_failure_that_says_so() {
    local(async {
        let (origin, pem) = expired().await;
        let tls = Tls::trusting(pem.path()).expect("roots");
        let exchange = client(&origin, Limits::default(), Some(tls)).exchange(&get("/")).await;
        let fault = exchange.answer.expect_err("nobody speaks to an expired certificate");
        assert_eq!(fault.kind, FaultKind::Tls);
        assert!(fault.detail.to_lowercase().contains("expired"), "{}", fault.detail);
    });
}

/// Somebody who asks once, on a connection of their own.
struct Asker(Context);

impl VirtualUser for Asker {
    async fn turn(&mut self, turn: Turn) {
        // How it went is in the recorder.
        let _ = self.0.call::<Health>(&Nothing {}).due(turn.due).send().await;
    }
}

/// Answers the first so many connections, each on a connection of its own, then keeps one waiting and is gone.
async fn dies_after(answered: usize) -> String {
    let (listener, origin) = listen().await;
    tokio::task::spawn_local(async move {
        for _ in 0..answered {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            request(&mut stream).await;
            send(&mut stream, &answer(HEALTHY)).await;
        }
        let Ok((mut cut_off, _)) = listener.accept().await else { return };
        request(&mut cut_off).await;
    });
    origin
}

#[test]
fn a_target_that_dies_is_counted_by_kind_and_the_run_ends() {
    local(async {
        let origin = dies_after(50).await;
        let tally = Rc::new(Cell::new(None));
        let run = recorded(&origin, async |context| {
            let flow = Flow::new("askers", Load::Arrivals(Curve::flat(200.0, 1.0)));
            let (recorder, maker) = (context.recorder().clone(), context.another());
            let make = move |_| Asker(maker.another());
            let epoch = engine::clock::now();
            let done = driver::drive(&flow, Shard::ALL, epoch, &Ends::new(), &recorder, make).await;
            tally.set(Some(done));
            let fault = context.call::<Health>(&Nothing {}).send().await.expect_err("nobody is there");
            assert_eq!(fault.kind, FaultKind::Refused);
        })
        .await;
        let tally = tally.get().expect("the flow came to its end");
        assert_eq!((tally.planned, tally.started, tally.finished), (200, 200, 200), "{tally:?}");
        let health = run.timing_named(Health::ROUTE).expect("it is declared");
        assert_eq!(health.counts(), (50, 151));
        let counted = |kind: &FaultKind| {
            health.faults.iter().filter(|fault| fault.kind == *kind).map(|fault| fault.count).sum::<u64>()
        };
        let (refused, reset) = (counted(&FaultKind::Refused), counted(&FaultKind::Reset));
        assert!(reset >= 1 && refused >= 1 && refused + reset == 151, "{:?}", health.faults);
    });
}

#[test]
fn a_drip_ends_at_the_time_limit_and_the_connection_with_it() {
    local(async {
        let (listener, origin) = listen().await;
        let dripping = tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody connects");
            request(&mut stream).await;
            send(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
            while stream.write_all(b"a").await.is_ok() {
                tokio::task::yield_now().await;
            }
        });
        let mut client = client(&origin, within(Duration::from_millis(300)), None);
        assert_eq!(kind(&client.exchange(&get("/")).await), FaultKind::Timeout);
        dripping.await.expect("the server finds the connection closed, while the client is still there");
        drop(client);
    });
}
