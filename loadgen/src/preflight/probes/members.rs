//! What members ask: signing in, and what is theirs. Every token used up here is of a sign-in of the preflight's own.

use contract::{
    Nothing,
    auth::{Login, LoginInput, Me, Refresh, RefreshInput, SEEDED_PASSWORD},
    dashboard::GetDashboard,
    subscriptions::{MySubscription, Tier},
};

use crate::preflight::{
    findings::Trouble,
    kit::{Kit, Thing},
    reply::Reply,
};

async fn sign_in(kit: &Kit) -> Result<Reply<Login>, Trouble> {
    let input = LoginInput { email: kit.member.email.clone(), password: SEEDED_PASSWORD.to_owned() };
    kit.to::<Login>(&Nothing {}).input(&input).send().await
}

pub(in crate::preflight) async fn login(kit: &Kit) -> Result<(), Trouble> {
    let reply = sign_in(kit).await?;
    kit.keep(Thing::MemberToken, reply.text("/access_token"));
    reply.fits()
}

/// Trades in a token that nobody else has: the member's other token goes on.
pub(in crate::preflight) async fn refresh(kit: &Kit) -> Result<(), Trouble> {
    kit.need(Thing::MemberToken)?;
    let refresh_token = sign_in(kit).await?.text("/refresh_token");
    let refresh_token = refresh_token.ok_or(Trouble::NotAsked { needs: Thing::MemberToken.source() })?;
    kit.to::<Refresh>(&Nothing {}).input(&RefreshInput { refresh_token }).send().await?.fits()
}

pub(in crate::preflight) async fn me(kit: &Kit) -> Result<(), Trouble> {
    let token = kit.need(Thing::MemberToken)?;
    kit.to::<Me>(&Nothing {}).bearer(&token).send().await?.fits()
}

/// Whoever pays for nothing has no subscription.
pub(in crate::preflight) async fn my_subscription(kit: &Kit) -> Result<(), Trouble> {
    let token = kit.need(Thing::MemberToken)?;
    let reply = kit.to::<MySubscription>(&Nothing {}).bearer(&token).send().await?;
    reply.fits_or(if kit.member.tier == Tier::Free { &[404] } else { &[] })
}

pub(in crate::preflight) async fn dashboard(kit: &Kit) -> Result<(), Trouble> {
    let token = kit.need(Thing::MemberToken)?;
    kit.to::<GetDashboard>(&Nothing {}).bearer(&token).send().await?.fits()
}
