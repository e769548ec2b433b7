//! Signing in: access tokens of 30 minutes, refresh tokens of 7 days that work once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint};
use crate::subscriptions::Tier;

/// Seconds an access token lives.
pub const ACCESS_SECONDS: u64 = 30 * 60;
/// Seconds a refresh token lives.
pub const REFRESH_SECONDS: u64 = 7 * 24 * 3600;
/// Wrong passwords in a row that lock an account.
pub const LOCK_AFTER: u32 = 5;
/// Seconds a locked account stays locked.
pub const LOCK_SECONDS: u64 = 15 * 60;
/// The password of every seeded person.
pub const SEEDED_PASSWORD: &str = "test_password_123";

/// The e-mail address of load user `n`.
pub fn load_user_email(n: u32) -> String {
    format!("loadtest_user_{n}@wwmaa.com")
}

/// The e-mail address of load instructor `n`.
pub fn load_instructor_email(n: u32) -> String {
    format!("loadtest_instructor_{n}@wwmaa.com")
}

endpoint! {
    /// Sign in with e-mail and password.
    Login = "POST /api/auth/login", Open, Json LoginInput => 200 LoginOutput,
    params Nothing, errors [400, 401, 422]
}
endpoint! {
    /// Trade a refresh token for a new pair; a used one revokes its whole family.
    Refresh = "POST /api/auth/refresh", Open, Json RefreshInput => 200 RefreshOutput,
    params Nothing, errors [401, 422]
}
endpoint! {
    /// Who the bearer is.
    Me = "GET /api/auth/me", Bearer, None Nothing => 200 MeOutput,
    params Nothing, errors [401, 403]
}
endpoint! {
    /// Sign out: the access token and its refresh token are dead afterwards.
    Logout = "POST /api/auth/logout", Bearer, Json LogoutInput => 200 LogoutOutput,
    params Nothing, errors [401, 403, 422]
}
endpoint! {
    /// Create an account, to be verified by e-mail.
    Register = "POST /api/auth/register", Open, Json RegisterInput => 201 RegisterOutput,
    params Nothing, errors [400, 422]
}

/// Body of [`Login`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoginInput {
    /// E-mail address, compared without regard to case.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Answer of [`Login`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoginOutput {
    /// `Login successful`.
    pub message: String,
    /// JWT for the `Authorization` header.
    pub access_token: String,
    /// JWT that works once at [`Refresh`].
    pub refresh_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// Seconds the access token lives.
    pub expires_in: u64,
    /// Who signed in.
    pub user: UserSummary,
}

/// A person, as signing in shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserSummary {
    /// The person's id.
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// What they pay for.
    pub tier: Tier,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Whether the e-mail address was confirmed.
    pub is_verified: bool,
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Signed up, not a member.
    Public,
    /// A member.
    Member,
    /// Teaches; may list registrations.
    Instructor,
    /// Sits on the board.
    BoardMember,
    /// May do everything.
    Admin,
}

/// Body of [`Refresh`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefreshInput {
    /// The refresh token to trade in.
    pub refresh_token: String,
}

/// Answer of [`Refresh`]: both tokens are new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefreshOutput {
    /// The new access token.
    pub access_token: String,
    /// The new refresh token; the old one is used up.
    pub refresh_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// Seconds the access token lives.
    pub expires_in: u64,
}

/// Answer of [`Me`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeOutput {
    /// The person's id.
    pub id: String,
    /// Given and family name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// What they pay for.
    pub tier: Tier,
    /// Belt, such as `Brown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub belt_rank: Option<String>,
    /// Home dojo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dojo: Option<String>,
    /// Country, such as `USA`.
    pub country: String,
    /// BCP 47 tag, such as `en-US`.
    pub locale: String,
}

/// Body of [`Logout`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogoutInput {
    /// The refresh token, which dies with the access token; that of another sign-in ends that one too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Answer of [`Logout`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogoutOutput {
    /// `Logout successful`.
    pub message: String,
}

/// Body of [`Register`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisterInput {
    /// E-mail address, free so far.
    #[schemars(email)]
    pub email: String,
    /// At least 8 characters with upper case, lower case, digit and one of ``!@#$%^&*()_+-=[]{}|;:,.<>?``.
    #[schemars(length(min = 8))]
    pub password: String,
    /// Given name, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100), regex(pattern = r"\S"))]
    pub first_name: String,
    /// Family name, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100), regex(pattern = r"\S"))]
    pub last_name: String,
    /// At most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub phone: Option<String>,
    /// Must be true.
    #[schemars(extend("const" = true))]
    pub terms_accepted: bool,
}

/// Answer of [`Register`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisterOutput {
    /// A sentence for the person.
    pub message: String,
    /// The new person's id.
    pub user_id: String,
    /// The e-mail address as stored.
    pub email: String,
    /// Always true: signing in needs a confirmed address.
    pub verification_required: bool,
}
