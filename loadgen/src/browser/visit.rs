//! One visit as it goes: a tab of its own, made to be what is asked for; a page, followed until it is done; the end.

mod camera;
mod console;
mod tab;
mod watch;

use crate::run::{Film, PageView};

use self::{tab::Tab, watch::Watch};
use super::{Grounds, Order, Trouble, cdp::Cdp};

/// Opens one page in a context and follows it until it is done. `attached` is whether the browser is somebody else's:
/// it finds every host then, so that requests to hosts that are not of `grounds` are stopped one by one.
///
/// Dropped half-way, its tab stays until its context is disposed of.
pub(super) async fn visit(
    cdp: &Cdp,
    context: &str,
    order: &Order,
    grounds: &Grounds,
    attached: bool,
) -> Result<(PageView, Film), Trouble> {
    let mut tab = Tab::open(cdp, context).await?;
    let seen = match tab.prepare(cdp, order, grounds, attached).await {
        Ok(()) => Watch::new(order, grounds).follow(&mut tab).await,
        Err(trouble) => Err(trouble),
    };
    tab.close(cdp).await;
    seen
}
