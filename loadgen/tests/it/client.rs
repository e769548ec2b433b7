//! The client against servers that keep, close, drip, flood and encrypt.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use engine::record::FaultKind;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use loadgen::{
    http::{Connector, Limits, Tls, TlsError},
    target::Target,
    ws::Socket,
};

use crate::servers::{answer, certified, client, get, listen, local, request, send, serve, within};

fn kind(exchange: &loadgen::http::Exchange) -> FaultKind {
    exchange.answer.as_ref().expect_err("it fails").kind.clone()
}

#[test]
fn a_connection_is_kept_and_connecting_is_paid_once() {
    local(async {
        let connections = Rc::new(Cell::new(0));
        let seen = connections.clone();
        let origin = serve(move |number, mut stream| {
            seen.set(number + 1);
            async move {
                while request(&mut stream).await {
                    send(&mut stream, &answer("{}")).await;
                }
            }
        })
        .await;
        let mut client = client(&origin, Limits::default(), None);
        let first = client.exchange(&get("/")).await;
        let second = client.exchange(&get("/")).await;
        assert_eq!(first.answer.expect("an answer").body, "{}");
        assert!(first.phases.connecting.is_some() && first.phases.tls.is_none());
        assert!(second.answer.is_ok() && second.phases.connecting.is_none());
        for phases in [first.phases, second.phases] {
            assert!(phases.blocked.is_some() && phases.sending.is_some());
            assert!(phases.waiting.is_some() && phases.receiving.is_some());
        }
        assert_eq!(second.bytes.1, answer("{}").len() as u64);
        assert_eq!(connections.get(), 1);
    });
}

#[test]
fn phases_after_the_connection_add_up_to_what_the_target_took() {
    local(async {
        let origin = serve(|_, mut stream| async move {
            while request(&mut stream).await {
                send(&mut stream, &answer("{}")).await;
            }
        })
        .await;
        let exchange = client(&origin, Limits::default(), None).exchange(&get("/")).await;
        let phases = exchange.phases;
        let parts = [phases.sending, phases.waiting, phases.receiving];
        assert_eq!(parts.into_iter().flatten().sum::<Duration>(), exchange.done - exchange.sent);
    });
}

#[test]
fn a_connection_closed_while_idle_is_replaced_and_no_error() {
    local(async {
        let origin = serve(|_, mut stream| async move {
            request(&mut stream).await;
            send(&mut stream, &answer("{}")).await;
        })
        .await;
        let mut client = client(&origin, Limits::default(), None);
        for _ in 0..3 {
            assert!(client.exchange(&get("/")).await.answer.is_ok());
        }
    });
}

#[test]
fn a_request_that_went_out_is_never_sent_twice() {
    local(async {
        let requests = Rc::new(Cell::new(0));
        let seen = requests.clone();
        let origin = serve(move |_, mut stream| {
            let seen = seen.clone();
            async move {
                // Answers the first request of each connection and hangs up on the second.
                request(&mut stream).await;
                seen.set(seen.get() + 1);
                send(&mut stream, &answer("{}")).await;
                if request(&mut stream).await {
                    seen.set(seen.get() + 1);
                }
            }
        })
        .await;
        let mut client = client(&origin, Limits::default(), None);
        assert!(client.exchange(&get("/")).await.answer.is_ok());
        assert_eq!(kind(&client.exchange(&get("/")).await), FaultKind::Reset);
        assert_eq!(requests.get(), 2);
        assert!(client.exchange(&get("/")).await.answer.is_ok(), "the next request connects anew");
    });
}

#[test]
fn nobody_listening_is_refused() {
    local(async {
        let (listener, origin) = listen().await;
        drop(listener);
        assert_eq!(
            kind(&client(&origin, Limits::default(), None).exchange(&get("/")).await),
            FaultKind::Refused
        );
    });
}

#[test]
fn silence_and_drip_time_out() {
    local(async {
        let silent = serve(|_, mut stream| async move { while request(&mut stream).await {} }).await;
        let limits = within(Duration::from_millis(30));
        assert_eq!(kind(&client(&silent, limits, None).exchange(&get("/")).await), FaultKind::Timeout);

        // A byte of the body at a time, for ever: progress is no excuse.
        let dripping = serve(|_, mut stream| async move {
            request(&mut stream).await;
            send(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").await;
            while tokio::io::AsyncWriteExt::write_all(&mut stream, b"x").await.is_ok() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let limits = within(Duration::from_millis(300));
        let exchange = client(&dripping, limits, None).exchange(&get("/")).await;
        assert_eq!(kind(&exchange), FaultKind::Timeout);
        assert!(exchange.phases.waiting.is_some(), "what there was of it is kept");
    });
}

#[test]
fn an_answer_too_large_is_not_read_to_its_end() {
    local(async {
        let origin = serve(|_, mut stream| async move {
            request(&mut stream).await;
            send(&mut stream, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
            while tokio::io::AsyncWriteExt::write_all(&mut stream, &chunk).await.is_ok() {}
        })
        .await;
        let limits = Limits { body_bytes: 100_000, ..Limits::default() };
        let exchange = client(&origin, limits, None).exchange(&get("/")).await;
        assert_eq!(kind(&exchange), FaultKind::Other("answer too large".into()));
    });
}

#[test]
fn what_is_not_http_is_a_protocol_error() {
    local(async {
        let origin = serve(|_, mut stream| async move {
            request(&mut stream).await;
            send(&mut stream, b"SSH-2.0-OpenSSH_9.2\r\n").await;
        })
        .await;
        assert_eq!(
            kind(&client(&origin, Limits::default(), None).exchange(&get("/")).await),
            FaultKind::Protocol
        );
    });
}

#[test]
fn a_burst_takes_two_more_connections_and_closes_them() {
    local(async {
        let open = Rc::new(Cell::new((0, 0)));
        let seen = open.clone();
        let origin = serve(move |_, mut stream| {
            let seen = seen.clone();
            async move {
                let (all, now) = seen.get();
                seen.set((all + 1, now + 1));
                while request(&mut stream).await {
                    send(&mut stream, &answer("{}")).await;
                }
                let (all, now) = seen.get();
                seen.set((all, now - 1));
            }
        })
        .await;
        let mut client = client(&origin, Limits::default(), None);
        let paths = ["/a", "/b", "/c", "/d"].map(get);
        let answers = client.burst(&paths).await;
        assert!(answers.len() == 4 && answers.iter().all(|exchange| exchange.answer.is_ok()));
        // The server sees the extra connections close before it sees the next request on the kept one.
        assert!(client.exchange(&get("/")).await.answer.is_ok());
        assert!(client.exchange(&get("/")).await.answer.is_ok());
        assert_eq!(open.get(), (3, 1));
    });
}

/// A server behind a certificate for `localhost` that speaks HTTP/2 and HTTP/1.1.
async fn secured(protocols: &[&[u8]]) -> (String, tempfile::NamedTempFile) {
    let (acceptor, pem) = certified(protocols);
    let (listener, origin) = listen().await;
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let hello = service_fn(async |asked: Request<Incoming>| {
                    let said = format!("{:?}", asked.version());
                    Ok::<_, std::convert::Infallible>(Response::new(said))
                });
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), hello).await;
            });
        }
    });
    (origin.replace("http://127.0.0.1", "https://localhost"), pem)
}

#[test]
fn over_tls_the_other_side_chooses_the_version_and_the_handshake_is_timed() {
    local(async {
        for (offered, version) in [(b"h2".as_slice(), "HTTP/2.0"), (b"http/1.1", "HTTP/1.1")] {
            let (origin, pem) = secured(&[offered]).await;
            let tls = Tls::trusting(pem.path()).expect("roots");
            let mut client = client(&origin, Limits::default(), Some(tls));
            let exchange = client.exchange(&get("/")).await;
            assert!(exchange.phases.tls.is_some() && exchange.phases.connecting.is_some());
            assert_eq!(exchange.answer.expect("an answer").body, version);
            let burst = client.burst(&["/a", "/b", "/c"].map(get)).await;
            assert!(burst.iter().all(|exchange| exchange.answer.is_ok()));
            let connected = burst.iter().filter(|exchange| exchange.phases.connecting.is_some()).count();
            assert_eq!(connected, if version == "HTTP/2.0" { 0 } else { 2 });
        }
    });
}

#[test]
fn a_certificate_nobody_trusts_is_a_tls_failure() {
    local(async {
        let (origin, _) = secured(&[b"h2"]).await;
        let (_, other) = secured(&[b"h2"]).await;
        let tls = Tls::trusting(other.path()).expect("roots");
        let exchange = client(&origin, Limits::default(), Some(tls)).exchange(&get("/")).await;
        assert_eq!(kind(&exchange), FaultKind::Tls);
    });
}

#[test]
fn roots_that_are_none_are_named() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error = Tls::trusting(file.path()).expect_err("it is empty");
    assert!(
        matches!(&error, TlsError::Roots { path, .. } if *path == file.path().display().to_string()),
        "{error}"
    );
}

#[test]
fn a_socket_that_does_not_open_is_told_without_its_token() {
    const REFUSED: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
    local(async {
        for (answers, expected) in
            [(0, FaultKind::Status(500)), (1, FaultKind::Timeout), (2, FaultKind::Protocol)]
        {
            let origin = serve(move |_, mut stream| async move {
                request(&mut stream).await;
                match answers {
                    0 => send(&mut stream, REFUSED).await,
                    1 => _ = request(&mut stream).await,
                    _ => send(&mut stream, &answer("{}")[4..]).await,
                }
            })
            .await;
            let target = Arc::new(Target::parse(&origin).expect("a loopback origin"));
            let connector = Connector::new(target, None, within(Duration::from_millis(500)));
            let path = contract::ws::path("s1", "ws_s3cr3t");
            let fault = Socket::open(&connector, &path, None).await.expect_err("it does not open");
            assert_eq!(fault.kind, expected);
            assert!(fault.detail.starts_with("socket /ws/sessions/s1: "), "{fault}");
            assert!(!fault.to_string().contains("s3cr3t") && !fault.to_string().contains("token"), "{fault}");
        }
    });
}
