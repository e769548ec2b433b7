//! Signing in, staying so, signing out.

use contract::auth::{
    ACCESS_SECONDS, LoginInput, LoginOutput, LogoutInput, LogoutOutput, MeOutput, RefreshInput, RefreshOutput,
};
use contract::{ApiError, Nothing};

use super::ledger::Trade;
use super::tokens::{Kind, Unreadable};
use super::{Auth, Person};
use crate::caller::Caller;
use crate::defects::Defect;
use crate::mock::Mock;
use crate::sync::lock;

pub(super) fn login(mock: &Mock, _: &Caller, _: Nothing, input: LoginInput) -> Result<LoginOutput, ApiError> {
    let auth = &mock.auth;
    let person = auth.admit(&input.email.trim().to_lowercase(), &input.password)?;
    let pair = auth.mint.issue(&person, None, Auth::now());
    lock(&auth.ledger).begin(&pair.refresh_claims);
    Ok(LoginOutput {
        message: "Login successful".to_owned(),
        access_token: pair.access,
        refresh_token: pair.refresh,
        token_type: "bearer".to_owned(),
        expires_in: ACCESS_SECONDS,
        user: person.summary(mock.tier_of(&person)),
    })
}

impl Auth {
    /// The person who may sign in with this address and password. Checked in the backend's order: account,
    /// lock, password, verification.
    fn admit(&self, email: &str, password: &str) -> Result<Person, ApiError> {
        let wrong = || ApiError::bad_request("Invalid email or password");
        let Some(person) = self.people().by_email(email).cloned() else { return Err(wrong()) };
        let now = Self::now();
        let mut lockouts = lock(&self.lockouts);
        if let Some(minutes) = lockouts.minutes_left(email, now) {
            let unit = if minutes == 1 { "minute" } else { "minutes" };
            return Err(ApiError::bad_request(format!(
                "Account locked due to multiple failed login attempts. Try again in {minutes} {unit}."
            )));
        }
        if !self.passwords.matches(password, &person.password) {
            lockouts.wrong(email, now);
            return Err(wrong());
        }
        lockouts.right(email);
        if !person.is_verified {
            return Err(ApiError::unauthorized(
                "Email not verified. Please verify your email before logging in.",
            ));
        }
        Ok(person)
    }
}

pub(super) fn refresh(
    mock: &Mock,
    _: &Caller,
    _: Nothing,
    input: RefreshInput,
) -> Result<RefreshOutput, ApiError> {
    let auth = &mock.auth;
    let old = auth.mint.read(&input.refresh_token).map_err(Unreadable::refuse_refresh)?;
    if old.kind != Kind::Refresh {
        return Err(Unreadable::Garbage.refuse_refresh());
    }
    let person = auth.person(&old.sub).ok_or_else(|| ApiError::unauthorized("User not found"))?;
    let pair = auth.mint.issue(&person, Some(&old.family_id), Auth::now());
    let mut ledger = lock(&auth.ledger);
    let trade = if mock.settings.defects.has(Defect::RefreshReusable) && ledger.is_open(&old.family_id) {
        ledger.trade_unchecked(&old, &pair.refresh_claims)
    } else {
        ledger.trade(&old, &pair.refresh_claims)
    };
    drop(ledger);
    match trade {
        Trade::Good => Ok(RefreshOutput {
            access_token: pair.access,
            refresh_token: pair.refresh,
            token_type: "bearer".to_owned(),
            expires_in: ACCESS_SECONDS,
        }),
        Trade::Revoked => Err(ApiError::unauthorized("Refresh token has been revoked. Please log in again.")),
        Trade::Replayed => Err(ApiError::unauthorized(
            "Token reuse detected. All sessions have been invalidated for security. Please log in again.",
        )),
    }
}

pub(super) fn me(mock: &Mock, caller: &Caller, _: Nothing, _: Nothing) -> Result<MeOutput, ApiError> {
    if mock.settings.defects.has(Defect::LoginTokenRefused) {
        return Err(ApiError::unauthorized("Could not validate credentials"));
    }
    let person = mock.person_of(caller)?;
    Ok(person.me(mock.tier_of(&person)))
}

/// The sign-in is over: its access and refresh tokens are dead, whether or not the refresh token was sent along.
/// One of another sign-in of theirs ends that too; one that is no good, or somebody else's, ends nothing.
pub(super) fn logout(
    mock: &Mock,
    caller: &Caller,
    _: Nothing,
    input: LogoutInput,
) -> Result<LogoutOutput, ApiError> {
    let access = caller.claims()?;
    let refresh = input.refresh_token.and_then(|token| mock.auth.mint.read(&token).ok());
    let mut ledger = lock(&mock.auth.ledger);
    ledger.revoke_family(&access.family_id);
    if let Some(refresh) =
        refresh.filter(|claims| claims.sub == access.sub && claims.family_id != access.family_id)
    {
        ledger.revoke_family(&refresh.family_id);
    }
    Ok(LogoutOutput { message: "Logout successful".to_owned() })
}
