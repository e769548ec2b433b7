//! The media plane of a build without it: there is none, so nobody is ever a peer of it. The types have no values;
//! what is asked of them is never run.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::books::{Book, Figures};
use super::sfu::{Flow, Quality, Sdp, Section};
use crate::app::{MediaListen, Settings};

/// A media plane, of which there is none.
#[derive(Debug)]
pub(crate) enum Plane {}

/// A peer of it, of which there is none.
#[derive(Debug)]
pub(crate) enum Peering {}

/// Says that no packets will flow, if any were asked for.
#[expect(clippy::unnecessary_wraps, reason = "a build with media may fail here")]
pub(crate) fn carry_media(
    _: &Arc<Settings>,
    media: MediaListen,
    _: IpAddr,
    _: u64,
    _: &mut JoinSet<()>,
) -> io::Result<()> {
    if media.listen.is_some() || media.advertise.is_some() {
        tracing::warn!("this build carries no media: build it with the feature `media`");
    }
    Ok(())
}

impl Plane {
    pub(crate) fn peer(&self, _: &str, _: Arc<Book>, _: &Arc<Notify>) -> Peering {
        match *self {}
    }

    pub(crate) fn figures(&self) -> Figures {
        match *self {}
    }

    pub(crate) fn peers(&self) -> u64 {
        match *self {}
    }
}

impl Peering {
    pub(crate) const CODECS: [&'static str; 0] = [];

    pub(crate) fn is_connected(&self) -> bool {
        match *self {}
    }

    pub(crate) fn answer(&self, _: &str) -> Result<String, String> {
        match *self {}
    }

    pub(crate) fn offer(&self, _: &mut [Section]) -> Result<String, String> {
        match *self {}
    }

    pub(crate) fn accept(&self, _: &str, _: &Sdp) -> Result<(), String> {
        match *self {}
    }

    pub(crate) fn withdraw(&self) {
        match *self {}
    }

    pub(crate) fn publish(&self, _: &str) {
        match *self {}
    }

    pub(crate) fn subscribe(&self, _: &str, _: &Self, _: &str) {
        match *self {}
    }

    pub(crate) fn close_section(&self, _: &str) {
        match *self {}
    }

    pub(crate) fn flow(&self, _: &str) -> Flow {
        match *self {}
    }

    pub(crate) fn quality(&self) -> Option<Quality> {
        match *self {}
    }
}
