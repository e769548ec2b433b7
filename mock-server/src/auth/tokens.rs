//! JSON Web Tokens: what they say, how they are signed and read.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use contract::ApiError;
use contract::auth::{ACCESS_SECONDS, REFRESH_SECONDS, Role};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::people::Person;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The person's id.
    pub(crate) sub: String,
    /// The same again, for readers of the backend's own tokens.
    pub(crate) user_id: String,
    /// E-mail address, lower case.
    pub(crate) email: String,
    /// What they may do.
    pub(crate) role: Role,
    /// What the token is good for.
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// The token's own id.
    pub(crate) jti: String,
    /// The sign-in it descends from.
    pub(crate) family_id: String,
    /// When it was issued, Unix seconds.
    pub(crate) iat: i64,
    /// When it ends, Unix seconds.
    pub(crate) exp: i64,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Calling the API.
    Access,
    /// Being traded for a new pair, once.
    Refresh,
}

/// Why a token says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Its time is over.
    Expired,
    /// It is no token of ours.
    Garbage,
}

impl Unreadable {
    /// What is said about an access token.
    pub(super) fn refuse_access(self) -> ApiError {
        ApiError::unauthorized(match self {
            Self::Expired => "Token has expired",
            Self::Garbage => "Could not validate credentials",
        })
    }

    /// What is said about a refresh token.
    pub(super) fn refuse_refresh(self) -> ApiError {
        ApiError::unauthorized(match self {
            Self::Expired => "Refresh token has expired. Please log in again.",
            Self::Garbage => "Invalid refresh token",
        })
    }
}

/// Signs tokens, and reads those it signed.
pub(super) struct Mint {
    signing: EncodingKey,
    reading: DecodingKey,
    validation: Validation,
    next: AtomicU64,
}

/// Two tokens issued together.
pub(super) struct Pair {
    pub(super) access: String,
    pub(super) refresh: String,
    /// The claims of the refresh token.
    pub(super) refresh_claims: Claims,
}

impl Mint {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        Self {
            signing: EncodingKey::from_secret(key),
            reading: DecodingKey::from_secret(key),
            validation,
            next: AtomicU64::new(0),
        }
    }

    fn id(&self) -> String {
        format!("{:016x}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// A pair for this person, of a new family or of the one given.
    pub(super) fn issue(&self, person: &Person, family: Option<&str>, now: DateTime<Utc>) -> Pair {
        let family_id = family.map_or_else(|| self.id(), str::to_owned);
        let claims = |kind, seconds: u64| Claims {
            sub: person.id.clone(),
            user_id: person.id.clone(),
            email: person.email.clone(),
            role: person.role,
            kind,
            jti: self.id(),
            family_id: family_id.clone(),
            iat: now.timestamp(),
            exp: now.timestamp() + seconds.cast_signed(),
        };
        let refresh_claims = claims(Kind::Refresh, REFRESH_SECONDS);
        Pair {
            access: self.sign(&claims(Kind::Access, ACCESS_SECONDS)),
            refresh: self.sign(&refresh_claims),
            refresh_claims,
        }
    }

    fn sign(&self, claims: &Claims) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.signing)
            .expect("claims serialise and the key fits the algorithm")
    }

    /// What a token says, if it is ours and its time is not over.
    pub(super) fn read(&self, token: &str) -> Result<Claims, Unreadable> {
        match jsonwebtoken::decode::<Claims>(token, &self.reading, &self.validation) {
            Ok(data) => Ok(data.claims),
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Err(Unreadable::Expired),
            Err(_) => Err(Unreadable::Garbage),
        }
    }
}
