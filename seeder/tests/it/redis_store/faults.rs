//! Everything that can go wrong with Redis says what it is, and what was and was not done.

use redis::AsyncCommands as _;
use seeder::error::{Fault, StoreError};
use seeder::progress::Progress;
use seeder::stores::redis::Redis;
use seeder::{Environment, SeedError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Site, WORLD, open, sum};
use crate::servers::{RedisServer, free_port};

fn store_error<T>(result: Result<T, SeedError>) -> StoreError {
    match result {
        Err(SeedError::Store(error)) => *error,
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("no error"),
    }
}

/// The kind of failure that opening this address ends in; each says that nothing was written, and no password.
async fn fault_of_opening(url: &str) -> Fault {
    let error = store_error(open(url).await);
    let sentence = error.to_string();
    assert!(
        sentence.contains("connecting to Redis at 127.0.0.1:") && sentence.ends_with("Nothing was written.")
    );
    assert!(!sentence.contains("secret"), "{sentence}");
    error.fault
}

#[tokio::test]
async fn an_address_must_prove_itself_before_anybody_connects() {
    for (url, missing) in [
        ("redis://10.1.2.3/0", "`10.1.2.3` is not on its list"),
        ("rediss://cache.wwmaa.com:6380/0", "`cache.wwmaa.com` is not on its list"),
        ("unix:///var/run/redis.sock", "`/var/run/redis.sock` is not on its list"),
        ("redis://production:secret@127.0.0.1/0", "`production` has `prod` in its name"),
    ] {
        let Err(error) = open(url).await else { panic!("{url} was opened") };
        assert!(matches!(error, SeedError::Unproven { .. }) && error.exit_code() == 3, "{error}");
        assert!(error.to_string().contains(missing) && !error.to_string().contains("secret"), "{error}");
    }
    let Err(error) = open("nonsense").await else { panic!("nonsense was opened") };
    assert_eq!(error.exit_code(), 2, "{error}");
    let Err(error) = Redis::open(Environment::Mock, "redis://127.0.0.1/0").await else {
        panic!("a mock has none")
    };
    assert!(matches!(error, SeedError::Unproven { .. }), "{error}");
}

#[tokio::test]
async fn a_password_does_not_cross_a_network_in_the_clear() {
    for url in ["redis://:secret@cache.staging.wwmaa.com:6379/0", "redis://staging-redis.wwmaa.com"] {
        let Err(error) = Redis::open(Environment::Staging, url).await else { panic!("{url} was opened") };
        assert!(matches!(error, SeedError::Unproven { .. }) && error.exit_code() == 3, "{error}");
        let told = error.to_string();
        assert!(
            told.contains("rediss://") && told.contains("a tunnel") && !told.contains("secret"),
            "{told}"
        );
    }
    // A tunnel's end.
    let server = RedisServer::start(&[]);
    for host in ["localhost", "LOCALHOST", "127.0.0.1"] {
        let url = format!("redis://{host}:{}/0", server.port());
        Redis::open(Environment::Staging, &url).await.expect("it stays on this machine");
    }
}

#[tokio::test]
async fn a_description_names_the_place_and_no_password() {
    let server = RedisServer::start(&["--requirepass", "secret"]);
    let port = server.port();
    let store = open(&format!("redis://:secret@127.0.0.1:{port}/3")).await.expect("the password is right");
    assert_eq!(store.describe(), format!("Redis at 127.0.0.1:{port}, database 3"));
}

#[tokio::test]
async fn nobody_answering_is_unreachable() {
    assert_eq!(fault_of_opening(&format!("redis://127.0.0.1:{}/0", free_port())).await, Fault::Unreachable);
    // TLS is spoken to somebody who does not.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("rediss://{}/0", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let (mut peer, _) = listener.accept().await?;
        peer.write_all(b"-ERR unknown command\r\n").await
    });
    assert_eq!(fault_of_opening(&url).await, Fault::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_waited_for_ten_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}/0", silent.local_addr().expect("it is bound"));
    let error = store_error(open(&url).await);
    assert_eq!((error.fault, error.cause.as_str()), (Fault::Unreachable, "no answer within 10 s"));
}

#[tokio::test]
async fn a_wrong_password_or_none_is_denied() {
    let server = RedisServer::start(&["--requirepass", "secret"]);
    let port = server.port();
    for user in ["", ":wrong-secret@", "nobody:secret@"] {
        assert_eq!(
            fault_of_opening(&format!("redis://{user}127.0.0.1:{port}/0")).await,
            Fault::Denied,
            "{user}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_busy_or_loading_says_so() {
    let server = RedisServer::start(&["--busy-reply-threshold", "1"]);
    let mut endless = TcpStream::connect(("127.0.0.1", server.port())).await.expect("it listens");
    // Answered once, so that what comes next is read before any newer connection's commands.
    endless.write_all(b"PING\r\n").await.expect("sent");
    endless.read_exact(&mut [0; 7]).await.expect("+PONG");
    endless.write_all(b"EVAL \"while true do end\" 0\r\n").await.expect("sent");
    assert_eq!(fault_of_opening(&server.url()).await, Fault::Busy);

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}/0", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let (mut peer, _) = listener.accept().await?;
        // One answer for each command it has read; a command begins with `*`.
        let mut buffer = [0; 4096];
        loop {
            let read = peer.read(&mut buffer).await?;
            for _ in buffer[..read].iter().filter(|byte| **byte == b'*') {
                peer.write_all(b"-LOADING Redis is loading the dataset in memory\r\n").await?;
            }
            if read == 0 {
                return Ok::<_, std::io::Error>(());
            }
        }
    });
    assert_eq!(fault_of_opening(&url).await, Fault::Busy);
}

/// Applies where no write is taken: nothing was written then, and the error says so.
async fn fault_of_applying(site: &mut Site, store: &mut Redis) -> Fault {
    let error = store_error(store.apply(&mut site.db, *WORLD, &mut Progress::Quiet).await);
    let sentence = error.to_string();
    assert!(
        sentence.contains("warming event lists") && sentence.ends_with("Nothing was written."),
        "{sentence}"
    );
    assert!(!sentence.contains("script:"), "{sentence}");
    error.fault
}

#[tokio::test]
async fn a_replica_takes_no_writes() {
    let mut site = Site::filled().await;
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", "1"]);
    let mut store = open(&replica.url()).await.expect("it can be read");
    assert_eq!(fault_of_applying(&mut site, &mut store).await, Fault::ReadOnly);
    assert!(sum(&store.plan(&mut site.db, *WORLD).await.expect("a plan only reads")).created > 0);
}

#[tokio::test]
async fn a_full_server_takes_no_writes() {
    let mut site = Site::filled().await;
    let server = RedisServer::start(&["--maxmemory", "1kb", "--maxmemory-policy", "noeviction"]);
    let mut store = open(&server.url()).await.expect("it can be read");
    assert_eq!(fault_of_applying(&mut site, &mut store).await, Fault::Full);
}

#[tokio::test]
async fn a_user_without_rights_is_forbidden() {
    let mut site = Site::filled().await;
    for (user, rights) in [
        ("reader", "+@all -@scripting"),
        ("peeker", "+@all -set"),
        ("stranger", "resetkeys ~elsewhere:* +@all"),
    ] {
        let mut acl = redis::cmd("ACL");
        acl.arg("SETUSER").arg(user).arg("on").arg(">secret").arg("~*");
        for right in rights.split(' ') {
            acl.arg(right);
        }
        let _: () = acl.query_async(&mut site.redis).await.expect("a user");
        let url = format!("redis://{user}:secret@127.0.0.1:{}/0", site.server.port());
        let mut store = open(&url).await.expect("the password is right");
        assert_eq!(fault_of_applying(&mut site, &mut store).await, Fault::Forbidden, "{user}");
    }
}

#[tokio::test]
async fn what_was_done_before_a_refusal_is_said() {
    let mut site = Site::filled().await;
    let limit = format!("rate_limit:message:{}", WORLD.load_user(0).id);
    let _: () = site.redis.set(&limit, 1).await.expect("set");
    let mut acl = redis::cmd("ACL");
    acl.arg("SETUSER").arg("keeper").arg("on").arg(">secret").arg("~*").arg("+@all").arg("-unlink");
    let _: () = acl.query_async(&mut site.redis).await.expect("a user");
    let url = format!("redis://keeper:secret@127.0.0.1:{}/0", site.server.port());
    let mut store = open(&url).await.expect("the password is right");
    let error = store_error(store.apply(&mut site.db, *WORLD, &mut Progress::Quiet).await);
    assert_eq!(error.fault, Fault::Forbidden, "{error}");
    let written: u64 = site.redis.hlen("wwmaa_seed:owned").await.expect("a hash");
    let said =
        format!("clearing rate limits: NOPERM .+ {written} cache entries were written and 0 keys deleted");
    for part in said.split(".+") {
        assert!(error.to_string().contains(part.trim()), "{error}");
    }
    let error = store_error(store.destroy().await);
    assert_eq!((error.fault, error.done.as_deref()), (Fault::Forbidden, None), "{error}");
    assert_eq!(site.redis.hlen::<_, u64>("wwmaa_seed:owned").await.expect("a hash"), written);
}

#[tokio::test]
async fn somebody_elses_key_under_the_lists_name_is_a_collision() {
    let mut site = Site::filled().await;
    let _: () = site.redis.set("wwmaa_seed:owned", "not a hash").await.expect("set");
    let error = store_error(site.store.apply(&mut site.db, *WORLD, &mut Progress::Quiet).await);
    assert_eq!(error.fault, Fault::Collision, "{error}");
    assert_eq!(site.keys().await, ["wwmaa_seed:owned"]);
}

/// Passes a client on to Redis until the client has sent `most` bytes, then hangs up on both.
async fn hang_up_after(most: u64, port: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}/0", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await?;
        let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
        let ((from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.split(), server.split());
        let mut from_client = from_client.take(most);
        tokio::select! {
            sent = tokio::io::copy(&mut from_client, &mut to_server) => sent,
            answered = tokio::io::copy(&mut from_server, &mut to_client) => answered,
        }
    });
    url
}

#[tokio::test]
async fn a_cut_tells_what_was_done_and_the_next_run_completes_it() {
    let mut site = Site::filled().await;
    let mut whole = Site::filled().await;
    let expected = sum(&whole.apply().await).created;
    // In the first page of events, amid the searches, and further on.
    for most in [2_000, 60_000, 150_000] {
        let mut store = open(&hang_up_after(most, site.server.port()).await).await.expect("it is passed on");
        let error = store_error(store.apply(&mut site.db, *WORLD, &mut Progress::Quiet).await);
        assert_eq!(error.fault, Fault::Cut, "{error}");
        let sentence = error.to_string();
        assert!(sentence.contains("cache entries were written"), "{sentence}");
        assert!(sentence.contains("The step under way may have been taken, whole, or not."), "{sentence}");
        // Whatever arrived is on the list.
        let listed: u64 = site.redis.hlen("wwmaa_seed:owned").await.expect("a hash");
        let keys = site.keys().await;
        assert_eq!(listed, keys.iter().filter(|key| *key != "wwmaa_seed:owned").count() as u64);
    }
    let lines = site.apply().await;
    assert_eq!(sum(&lines).created + sum(&lines).unchanged, expected);
    assert_eq!(sum(&site.store.destroy().await.expect("destroyed")).deleted, expected);
    assert_eq!(site.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_database_without_tables_is_no_reason_to_write() {
    let mut site = Site::empty().await;
    site.sql("DROP TABLE content CASCADE").await;
    let error = store_error(site.store.apply(&mut site.db, *WORLD, &mut Progress::Quiet).await);
    assert_eq!((error.store, error.fault), ("Postgres", Fault::Schema), "{error}");
    assert_eq!(site.keys().await, Vec::<String>::new());
}
