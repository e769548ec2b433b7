//! What is the seeder's goes, exactly; nothing is ever flushed or listed whole.

use redis::AsyncCommands as _;

use super::{Site, WORLD, sum, tally};

const LIST: &str = "wwmaa_seed:owned";

#[tokio::test]
async fn destroying_leaves_what_was_there_before() {
    let mut site = Site::filled().await;
    let _: () = site.redis.set("events:list:limit=20&page=1", "the platform's").await.expect("set");
    let _: () = site.redis.set("session:1", "somebody's").await.expect("set");
    let before = site.keys().await;
    let created = sum(&site.apply().await).created;
    assert!(created > 100, "{created}");

    let lines = site.store.destroy().await.expect("destroyed");
    assert_eq!((sum(&lines).deleted, sum(&lines).unchanged), (created, 0));
    assert_eq!(site.keys().await, before);
    assert_eq!(sum(&site.store.destroy().await.expect("nothing to do")).total(), 0);
}

#[tokio::test]
async fn what_the_platform_wrote_anew_is_not_destroyed() {
    let mut site = Site::filled().await;
    let created = sum(&site.apply().await).created;
    let _: () = site.redis.set("subscriptions:plans", "the platform's").await.expect("set");
    let _: () = site.redis.del("events:detail:evt_load_test_001").await.expect("expired");
    let lines = site.store.destroy().await.expect("destroyed");
    assert_eq!(sum(&lines).deleted, created - 2);
    assert_eq!(tally(&lines, "the platform's own").unchanged, 1);
    assert_eq!(site.keys().await, ["subscriptions:plans"]);
}

#[tokio::test]
async fn the_list_outlives_what_is_on_it() {
    let mut site = Site::filled().await;
    let created = sum(&site.apply().await).created;
    assert_eq!(site.redis.hlen::<_, u64>(LIST).await.expect("a hash"), created);
    let ttl: i64 = site.redis.ttl(LIST).await.expect("a time to live");
    assert!((86_401..=90_000).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn nothing_is_flushed_and_the_keyspace_is_never_listed() {
    let mut site = Site::filled().await;
    let _: () = site.redis.set("rate_limit:search:1.2.3.4:202701010000", 1).await.expect("set");
    site.plan().await;
    site.apply().await;
    site.verify().await;
    site.store.reset_load(*WORLD).await.expect("reset");
    site.store.destroy().await.expect("destroyed");
    let stats: String =
        redis::cmd("INFO").arg("commandstats").query_async(&mut site.redis).await.expect("statistics");
    assert!(stats.contains("cmdstat_evalsha:") && stats.contains("cmdstat_scan:"), "{stats}");
    for command in ["keys", "flushall", "flushdb", "script|flush", "function|flush", "swapdb", "debug"] {
        assert!(!stats.contains(&format!("cmdstat_{command}:")), "{command}: {stats}");
    }
}
