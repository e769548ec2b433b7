//! Connections from several local addresses.

use std::{cell::RefCell, collections::BTreeMap, net::IpAddr, process::Command, rc::Rc, sync::Arc};

use loadgen::{
    http::{Client, Connector, Limits},
    target::Target,
};

use crate::servers::{answer, get, local, request, send, serve};

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

/// From which addresses a server sees so many clients come.
fn seen(sources: &[&str], clients: usize) -> BTreeMap<IpAddr, usize> {
    local(async {
        let peers: Rc<RefCell<BTreeMap<IpAddr, usize>>> = Rc::default();
        let noted = peers.clone();
        let origin = serve(move |_, mut stream| {
            let peer = stream.peer_addr().expect("it is connected").ip();
            *noted.borrow_mut().entry(peer).or_default() += 1;
            async move {
                while request(&mut stream).await {
                    send(&mut stream, &answer("{}")).await;
                }
            }
        })
        .await;
        let target = Arc::new(Target::parse(&origin).expect("a loopback origin"));
        let connector =
            Connector::new(target, None, Limits::default()).from_sources(addresses(sources).into());
        for _ in 0..clients {
            let exchange = Client::new(connector.clone()).exchange(&get("/")).await;
            assert!(exchange.answer.is_ok(), "{:?}", exchange.answer.err());
        }
        peers.take()
    })
}

#[test]
fn clients_come_from_each_address_in_turn() {
    let peers: Vec<(IpAddr, usize)> = seen(&["127.0.0.2", "127.0.0.3"], 5).into_iter().collect();
    let [two, three] = addresses(&["127.0.0.2", "127.0.0.3"])[..] else { panic!("two") };
    assert_eq!(peers, [(two, 3), (three, 2)]);
}

#[test]
fn an_address_of_another_kind_is_passed_over() {
    let peers: Vec<IpAddr> = seen(&["::1", "127.0.0.4"], 3).into_keys().collect();
    assert_eq!(peers, addresses(&["127.0.0.4"]));
}

#[test]
fn without_any_the_system_chooses() {
    assert_eq!(seen(&[], 2).into_keys().collect::<Vec<_>>(), addresses(&["127.0.0.1"]));
}

#[test]
fn an_address_that_is_not_this_machines_is_named_before_the_run() {
    for (sources, why) in [("127.0.0.1,192.0.2.7", "192.0.2.7"), ("::1", "no address of its kind")] {
        let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args([
                "run",
                "--scenario",
                "search-load",
                "--target",
                "http://127.0.0.1:1",
                "--sources",
                sources,
            ])
            .output()
            .expect("the binary runs");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why) && said.contains("--sources"), "{said}");
    }
}
