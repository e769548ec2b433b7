//! What must be proved before anything is sent.

use seeder::Environment;
use seeder::error::{Fault, SeedError};
use seeder::stores::zerodb::{Access, ZeroDb};

use super::place::{Place, fault};
use super::server::API_KEY;

async fn refused(place: &Place, environment: Environment, change: impl FnOnce(&mut Access)) -> String {
    let mut access = place.access();
    change(&mut access);
    place.server.heal();
    let error =
        ZeroDb::open(environment, &access, place.ledger.objects().await).await.expect_err("a refusal");
    assert!(place.server.asked().is_empty(), "it was asked all the same");
    error.to_string()
}

#[tokio::test]
async fn an_address_must_prove_itself_before_anything_is_sent() {
    let place = Place::new().await;
    let elsewhere = |access: &mut Access| access.base_url = "https://api.wwmaa.com".to_owned();
    assert!(
        refused(&place, Environment::Staging, elsewhere)
            .await
            .contains("host `api.wwmaa.com` is not on its list")
    );
    assert!(refused(&place, Environment::Mock, |_| ()).await.contains("not on its list"));
    let hosted = |access: &mut Access| access.base_url = "https://api.ainative.studio".to_owned();
    assert!(refused(&place, Environment::Local, hosted).await.contains("not on its list"));
    let project = |access: &mut Access| access.project = "wwmaa-Production".to_owned();
    assert!(refused(&place, Environment::Local, project).await.contains("`prod` in its name"));
    let none = |access: &mut Access| access.project = String::new();
    assert!(refused(&place, Environment::Local, none).await.contains("ZERODB_PROJECT_ID"));
    let plain = |access: &mut Access| access.base_url = "http://api.ainative.studio".to_owned();
    assert!(refused(&place, Environment::Staging, plain).await.contains("must begin with https://"));
    let password = |access: &mut Access| access.base_url = "http://me:secret@127.0.0.1:1".to_owned();
    let said = refused(&place, Environment::Local, password).await;
    assert!(said.contains("user or password") && !said.contains("secret"), "{said}");
    let odd = |access: &mut Access| access.base_url = "zerodb".to_owned();
    assert!(refused(&place, Environment::Local, odd).await.contains("cannot be read"));
}

#[tokio::test]
async fn an_account_logs_in_and_a_key_is_shown_as_it_is() {
    let place = Place::new().await;
    let zerodb = place.open().await;
    assert_eq!(place.server.logins(), 1);
    assert!(zerodb.describe().contains("ZeroDB at 127.0.0.1, project 6a1d4e52-launch-staging"));
    assert!(!format!("{zerodb:?}").contains(API_KEY));
    place.open_with(&Access { account: None, ..place.access() }).await.expect("the key is good");
    assert_eq!(place.server.logins(), 1);
}

#[tokio::test]
async fn a_wrong_password_key_or_project_is_known_at_once() {
    let place = Place::new().await;
    let account = Some(("seeder@wwmaa.com".to_owned(), "wrong-and-nobody-may-see-it".to_owned()));
    let error = place.open_with(&Access { account, ..place.access() }).await.expect_err("a refusal");
    assert_eq!(fault(&error), Fault::Denied);
    assert!(
        error.to_string().contains("logging in: 401") && error.to_string().contains("Nothing was written")
    );
    let key = "another-nobody-may-see".to_owned();
    let error = place
        .open_with(&Access { account: None, api_key: key, ..place.access() })
        .await
        .expect_err("a refusal");
    assert_eq!(fault(&error), Fault::Denied);
    let project = "another".to_owned();
    let error = place.open_with(&Access { project, ..place.access() }).await.expect_err("a refusal");
    assert_eq!(fault(&error), Fault::Schema);
    assert!(error.to_string().contains("Project not found"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let place = Place::new().await;
    place.server.faults(|_, _| Some(super::server::Fault::Status(307)));
    let error = place.open_with(&place.access()).await.expect_err("a refusal");
    assert!(matches!(&error, SeedError::Store(_)) && error.to_string().contains("307"), "{error}");
    assert_eq!(place.server.asked().len(), 1);
}
