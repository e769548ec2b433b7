//! Rate limits of load users go, before a run and between two; everybody else's stay.

use redis::AsyncCommands as _;

use super::{Site, WORLD, tally};

/// Limits of this user in each of the platform's forms.
fn limits_of(user: &str) -> Vec<String> {
    vec![
        format!("rate_limit:/api/auth/login:user:{user}"),
        format!("rate_limit:search:{user}:202701010000"),
        format!("rate_limit:message:{user}"),
        format!("rate_limit:reaction:{user}"),
    ]
}

async fn limit(site: &mut Site, keys: &[String]) {
    for key in keys {
        let _: () = site.redis.zadd(key, "request", 1).await.expect("set");
    }
}

/// Limits of a load user and an instructor, and those that must stay.
fn theirs_and_others() -> (Vec<String>, Vec<String>) {
    let theirs = [limits_of(&WORLD.load_user(59).id), limits_of(&WORLD.instructor(0).id)].concat();
    let mut others = limits_of(&WORLD.member(10).id);
    others.extend([
        "rate_limit:/api/auth/login:ip:127.0.0.1".to_owned(),
        format!("rate_limit:/api/users/{}:user:somebody", WORLD.load_user(0).id),
        format!("not_a_rate_limit:{}", WORLD.load_user(0).id),
    ]);
    others.sort();
    (theirs, others)
}

#[tokio::test]
async fn resetting_clears_those_of_load_users_only() {
    let mut site = Site::empty().await;
    let (theirs, others) = theirs_and_others();
    limit(&mut site, &[&theirs[..], &others[..]].concat()).await;
    let lines = site.store.reset_load(*WORLD).await.expect("reset");
    assert_eq!(tally(&lines, "rate limits").deleted, theirs.len() as u64);
    assert_eq!(site.keys().await, others);
    let lines = site.store.reset_load(*WORLD).await.expect("reset");
    assert_eq!(tally(&lines, "rate limits").deleted, 0);
}

#[tokio::test]
async fn applying_clears_them_too_and_a_plan_counts_them() {
    let mut site = Site::empty().await;
    let (theirs, others) = theirs_and_others();
    limit(&mut site, &[&theirs[..], &others[..]].concat()).await;
    let count = theirs.len() as u64;
    assert_eq!(tally(&site.plan().await, "rate limits").deleted, count);
    assert_eq!(site.keys().await.len(), theirs.len() + others.len());
    assert_eq!(tally(&site.apply().await, "rate limits").deleted, count);
    assert!(site.keys().await.iter().all(|key| !theirs.contains(key)));
}

#[tokio::test]
async fn many_are_found_a_chunk_at_a_time() {
    let mut site = Site::empty().await;
    let user = WORLD.load_user(7).id;
    let keys: Vec<String> = (0..3_000).map(|n| format!("rate_limit:/api/{n}:user:{user}")).collect();
    let mut pipeline = redis::pipe();
    for key in &keys {
        pipeline.set(key, 1).ignore();
    }
    let _: () = pipeline.query_async(&mut site.redis).await.expect("set");
    let lines = site.store.reset_load(*WORLD).await.expect("reset");
    assert_eq!(tally(&lines, "rate limits").deleted, 3_000);
    assert_eq!(site.keys().await, Vec::<String>::new());
}
