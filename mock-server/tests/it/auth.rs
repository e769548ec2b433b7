//! Signing in, staying so, signing out, joining.

use contract::auth::load_user_email;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::rig::Rig;

async fn login(rig: &Rig, email: &str, password: &str) -> (StatusCode, Value) {
    rig.sends("POST", "/api/auth/login", Some(json!({ "email": email, "password": password })), None).await
}

async fn me(rig: &Rig, token: &Value) -> (StatusCode, Value) {
    rig.sends("GET", "/api/auth/me", None, token.as_str()).await
}

async fn refresh(rig: &Rig, token: &Value) -> (StatusCode, Value) {
    rig.sends("POST", "/api/auth/refresh", Some(json!({ "refresh_token": token })), None).await
}

#[tokio::test]
async fn a_load_user_signs_in_and_sees_themselves() {
    let rig = Rig::start().await;
    let (status, session) = login(&rig, "LoadTest_User_7@wwmaa.com", "test_password_123").await;
    assert_eq!(status, 200);
    assert_eq!(session["token_type"], "bearer");
    assert_eq!(session["expires_in"], 1800);
    assert_eq!(session["user"]["email"], load_user_email(7));
    let (status, me) = me(&rig, &session["access_token"]).await;
    assert_eq!(status, 200);
    assert_eq!(me["id"], session["user"]["id"]);
    assert_eq!(me["role"], "member");
    assert_eq!(me["email"], load_user_email(7));
}

#[tokio::test]
async fn tokens_say_who_and_how_long() {
    use base64::Engine as _;
    let rig = Rig::start().await;
    let (_, session) = login(&rig, &load_user_email(0), "test_password_123").await;
    let lives = |token: &Value| {
        let part = token.as_str().and_then(|token| token.split('.').nth(1)).expect("a JWT has three parts");
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64");
        let claims: Value = serde_json::from_slice(&bytes).expect("claims are JSON");
        assert_eq!(claims["sub"], session["user"]["id"]);
        assert_eq!(claims["user_id"], claims["sub"]);
        assert_eq!(claims["role"], "member");
        (
            claims["type"].clone(),
            claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat),
        )
    };
    assert_eq!(lives(&session["access_token"]), (json!("access"), Some(1_800)));
    assert_eq!(lives(&session["refresh_token"]), (json!("refresh"), Some(604_800)));
}

#[tokio::test]
async fn wrong_and_unknown_are_told_alike() {
    let rig = Rig::start().await;
    let wrong = login(&rig, &load_user_email(1), "nope").await;
    let unknown = login(&rig, "nobody@example.com", "nope").await;
    assert_eq!(wrong, (StatusCode::BAD_REQUEST, json!({ "detail": "Invalid email or password" })));
    assert_eq!(wrong, unknown);
}

#[tokio::test]
async fn five_wrong_in_a_row_lock_the_account_even_for_the_right_password() {
    let rig = Rig::start().await;
    let email = load_user_email(2);
    for _ in 0..5 {
        assert_eq!(login(&rig, &email, "nope").await.0, 400);
    }
    let (status, refusal) = login(&rig, &email, "test_password_123").await;
    assert_eq!(status, 400);
    assert_eq!(
        refusal["detail"],
        "Account locked due to multiple failed login attempts. Try again in 15 minutes."
    );
    assert_eq!(login(&rig, &load_user_email(3), "test_password_123").await.0, 200, "others are not");
}

#[tokio::test]
async fn calls_without_a_good_token_are_refused() {
    let rig = Rig::start().await;
    let (status, refusal) = rig.sends("GET", "/api/auth/me", None, None).await;
    assert_eq!((status.as_u16(), &refusal["detail"]), (403, &json!("Not authenticated")));
    let (status, refusal) = rig.sends("GET", "/api/auth/me", None, Some("garbage")).await;
    assert_eq!((status.as_u16(), &refusal["detail"]), (401, &json!("Could not validate credentials")));
    let basic =
        rig.get("/api/auth/me").header("authorization", "Basic eA==").send().await.expect("an answer");
    assert_eq!(basic.status(), 403);
    let (_, session) = login(&rig, &load_user_email(0), "test_password_123").await;
    let (status, refusal) = me(&rig, &session["refresh_token"]).await;
    assert_eq!((status.as_u16(), &refusal["detail"]), (401, &json!("Invalid token type")));
}

#[tokio::test]
async fn a_token_of_an_earlier_dataset_is_not_good() {
    let rig = Rig::start().await;
    let (_, session) = login(&rig, &load_user_email(0), "test_password_123").await;
    assert_eq!(rig.send_world(&crate::rig::small_world()).await.0, 200);
    assert_eq!(me(&rig, &session["access_token"]).await.0, 401);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_replay_ends_the_family() {
    let rig = Rig::start().await;
    let (_, first) = login(&rig, &load_user_email(4), "test_password_123").await;
    let (status, second) = refresh(&rig, &first["refresh_token"]).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(me(&rig, &second["access_token"]).await.0, 200);

    assert_eq!(refresh(&rig, &first["refresh_token"]).await.0, 401, "it was used");
    assert_eq!(refresh(&rig, &second["refresh_token"]).await.0, 401, "the family is over");
    assert_eq!(me(&rig, &second["access_token"]).await.0, 401, "all of it");
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn of_many_who_trade_one_refresh_token_at_once_at_most_one_succeeds() {
    let rig = Rig::start().await;
    let (_, session) = login(&rig, &load_user_email(5), "test_password_123").await;
    let tries = (0..20).map(|_| refresh(&rig, &session["refresh_token"]));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1);
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn an_access_token_is_no_refresh_token() {
    let rig = Rig::start().await;
    let (_, session) = login(&rig, &load_user_email(0), "test_password_123").await;
    let (status, refusal) = refresh(&rig, &session["access_token"]).await;
    assert_eq!((status.as_u16(), &refusal["detail"]), (401, &json!("Invalid refresh token")));
}

#[tokio::test]
async fn signing_out_kills_both_tokens() {
    let rig = Rig::start().await;
    let (_, session) = login(&rig, &load_user_email(6), "test_password_123").await;
    let token = session["access_token"].as_str();
    let body = json!({ "refresh_token": session["refresh_token"] });
    let (status, answer) = rig.sends("POST", "/api/auth/logout", Some(body), token).await;
    assert_eq!((status.as_u16(), &answer["message"]), (200, &json!("Logout successful")));
    assert_eq!(me(&rig, &session["access_token"]).await.0, 401);
    assert_eq!(refresh(&rig, &session["refresh_token"]).await.0, 401);
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn signing_out_kills_the_refresh_token_that_was_not_sent_along() {
    let rig = Rig::start().await;
    let (_, session) = login(&rig, &load_user_email(6), "test_password_123").await;
    let token = session["access_token"].as_str();
    assert_eq!(rig.sends("POST", "/api/auth/logout", None, token).await.0, 200);
    assert_eq!(me(&rig, &session["access_token"]).await.0, 401);
    assert_eq!(refresh(&rig, &session["refresh_token"]).await.0, 401);
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn signing_out_here_leaves_another_device_signed_in_unless_it_is_named() {
    let rig = Rig::start().await;
    let mut devices = Vec::new();
    for _ in 0..3 {
        devices.push(login(&rig, &load_user_email(6), "test_password_123").await.1);
    }
    let (_, stranger) = login(&rig, &load_user_email(7), "test_password_123").await;
    let token = devices[0]["access_token"].as_str();
    let body = json!({ "refresh_token": devices[1]["refresh_token"] });
    assert_eq!(rig.sends("POST", "/api/auth/logout", Some(body), token).await.0, 200);
    assert_eq!(me(&rig, &devices[0]["access_token"]).await.0, 401);
    assert_eq!(me(&rig, &devices[1]["access_token"]).await.0, 401);
    assert_eq!(me(&rig, &devices[2]["access_token"]).await.0, 200);
    let body = json!({ "refresh_token": stranger["refresh_token"] });
    let token = devices[2]["access_token"].as_str();
    assert_eq!(rig.sends("POST", "/api/auth/logout", Some(body), token).await.0, 200);
    assert_eq!(refresh(&rig, &stranger["refresh_token"]).await.0, 200, "somebody else's ends nothing");
}

fn newcomer() -> Value {
    json!({
        "email": "Ana.Lee@Example.com", "password": "Str0ng!pass", "first_name": "Ana", "last_name": "O'Lee",
        "phone": "555-0100", "terms_accepted": true, "unknown_field": 1,
    })
}

#[tokio::test]
async fn a_newcomer_registers_and_must_verify_first() {
    let rig = Rig::start().await;
    let (status, answer) = rig.sends("POST", "/api/auth/register", Some(newcomer()), None).await;
    assert_eq!(status, 201);
    assert_eq!(answer["email"], "ana.lee@example.com");
    assert_eq!(answer["verification_required"], true);
    let (status, refusal) = rig.sends("POST", "/api/auth/register", Some(newcomer()), None).await;
    assert_eq!((status.as_u16(), &refusal["detail"]), (400, &json!("Email address already registered")));
    let (status, refusal) = login(&rig, "ana.lee@example.com", "Str0ng!pass").await;
    assert_eq!(status, 401);
    assert_eq!(refusal["detail"], "Email not verified. Please verify your email before logging in.");
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn a_registration_is_told_everything_that_is_wrong_with_it() {
    let rig = Rig::start().await;
    for (field, value) in [
        ("email", json!("not-an-address")),
        ("email", json!("ana@mail.test")),
        ("email", json!("a b@example.com")),
        ("password", json!("test_password_123")),
        ("password", json!("Sh0rt!")),
        ("first_name", json!("  ")),
        ("last_name", json!("x".repeat(101))),
        ("phone", json!("5".repeat(21))),
        ("terms_accepted", json!(false)),
    ] {
        let mut body = newcomer();
        body[field] = value.clone();
        let (status, refusal) = rig.sends("POST", "/api/auth/register", Some(body), None).await;
        assert_eq!(status, 422, "{field} = {value}");
        assert_eq!(refusal["detail"][0]["loc"], json!(["body", field]), "{refusal}");
        assert!(!refusal.to_string().contains("Str0ng"), "no password travels back");
    }
}

#[tokio::test]
async fn a_malformed_body_is_a_422_that_says_where() {
    let rig = Rig::start().await;
    let (status, missing) =
        rig.sends("POST", "/api/auth/login", Some(json!({ "email": "a@b.c" })), None).await;
    assert_eq!(status, 422);
    assert_eq!(
        missing["detail"][0],
        json!({ "type": "missing", "loc": ["body", "password"], "msg": "Field required", "input": { "email": "a@b.c" } })
    );
    let (status, kind) =
        rig.sends("POST", "/api/auth/login", Some(json!({ "email": 1, "password": "x" })), None).await;
    assert_eq!(status, 422);
    assert_eq!(kind["detail"][0]["loc"], json!(["body", "email"]));
    assert_eq!(kind["detail"][0]["input"], 1);
    for text in ["{", "", "{} trailing", "\u{0}"] {
        let answer = rig.request("POST", "/api/auth/login").body(text).send().await.expect("an answer");
        assert_eq!(answer.status(), 422, "{text:?}");
    }
}
