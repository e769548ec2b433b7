//! What members and visitors see: plans, subscriptions, instructors, the dashboard.

use contract::auth::{load_instructor_email, load_user_email};
use serde_json::{Value, json};

use crate::rig::{Rig, small_world};

#[tokio::test]
async fn there_are_four_plans() {
    let rig = Rig::start().await;
    let (status, answer) = rig.sends("GET", "/api/subscriptions/plans", None, None).await;
    assert_eq!(status, 200);
    let plans = answer["plans"].as_array().expect("a list");
    let sold: Vec<(&Value, &Value)> = plans.iter().map(|plan| (&plan["id"], &plan["price_usd"])).collect();
    assert_eq!(json!(sold), json!([["free", 0.0], ["basic", 29.0], ["premium", 79.0], ["lifetime", 149.0]]));
    assert!(plans.iter().all(|plan| !plan["features"].as_array().expect("a list").is_empty()));
}

#[tokio::test]
async fn everybody_sees_their_own_subscription_or_none() {
    let rig = Rig::start().await;
    let world = small_world();
    let (mut paying, mut free) = (0, 0);
    for n in 0..20 {
        let member = world.load_user(n);
        let token = rig.token(&load_user_email(n)).await;
        let (status, answer) =
            rig.sends("GET", "/api/subscriptions/my-subscription", None, Some(&token)).await;
        if let Some(subscription) = world.subscription_of(member.index) {
            paying += 1;
            assert_eq!(status, 200);
            assert_eq!(answer["user_id"], member.id);
            assert_eq!(answer["tier"], subscription.tier.as_str());
        } else {
            free += 1;
            assert_eq!(status, 404);
            assert!(answer["detail"].is_string());
        }
    }
    assert!(paying > 0 && free > 0, "the world has both");
    assert_eq!(rig.sends("GET", "/api/subscriptions/my-subscription", None, None).await.0, 403);
}

#[tokio::test]
async fn instructors_are_listed_filtered_and_paged() {
    let rig = Rig::start().await;
    let (_, all) = rig.sends("GET", "/api/instructors?limit=100", None, None).await;
    assert_eq!(all["total"], 20);
    assert_eq!(all["has_more"], false);
    let all = all["instructors"].as_array().expect("a list");
    let mut paged = Vec::new();
    for page in 1..=3 {
        let (status, answer) =
            rig.sends("GET", &format!("/api/instructors?limit=7&page={page}"), None, None).await;
        assert_eq!(status, 200);
        assert_eq!(answer["has_more"], page < 3);
        paged.extend(answer["instructors"].as_array().expect("a list").clone());
    }
    assert_eq!(&paged, all, "pages together are the whole list, in its order");
    let style = all[0]["style"].as_str().expect("text");
    let (_, filtered) =
        rig.sends("GET", &format!("/api/instructors?style={}", style.replace(' ', "%20")), None, None).await;
    let expected = all.iter().filter(|row| row["style"] == style).count();
    assert_eq!(filtered["total"], expected);
    let (_, beyond) = rig.sends("GET", "/api/instructors?page=4294967295", None, None).await;
    assert_eq!(beyond["instructors"], json!([]));
}

#[tokio::test]
async fn the_dashboard_knows_its_bearer() {
    let rig = Rig::start().await;
    let token = rig.token(&load_user_email(0)).await;
    let (status, dashboard) = rig.sends("GET", "/api/users/me/dashboard", None, Some(&token)).await;
    assert_eq!(status, 200);
    assert_eq!(dashboard["user"]["email"], load_user_email(0));
    assert!(dashboard["stats"]["next_grading"].is_string());
    let activities = dashboard["recent_activity"].as_array().expect("a list");
    assert_eq!(activities.last().expect("they joined once")["type"].as_str().map(str::is_empty), Some(false));
    let token = rig.token(&load_instructor_email(0)).await;
    let (status, dashboard) = rig.sends("GET", "/api/users/me/dashboard", None, Some(&token)).await;
    assert_eq!(status, 200);
    assert_eq!(dashboard["user"]["role"], "instructor");
    assert_eq!(rig.sends("GET", "/api/users/me/dashboard", None, None).await.0, 403);
}
