//! Pictures of a page as its largest content is painted.

use std::{future::pending, time::Duration};

use engine::clock;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::sleep_until;

use crate::{
    browser::{Order, cdp::Session},
    run::{Film, Frame},
};

use super::tab::size;

/// Width of a picture, pixels; JPEG quality, percent.
const WIDTH: u32 = 360;
const QUALITY: u32 = 50;
/// How long the last picture is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes pictures, one at a time, while the page is listened to.
pub(super) struct Camera<'a> {
    page: &'a Session,
    /// What is painted by then is not filmed, milliseconds; `None` films nothing.
    later_than: Option<f64>,
    /// How a picture is asked for.
    asked: Value,
    taking: Option<BoxFuture<'a, Option<Frame>>>,
    /// A candidate that was painted meanwhile.
    next: Option<f64>,
    frames: Vec<Frame>,
}

impl<'a> Camera<'a> {
    pub(super) fn new(page: &'a Session, order: &Order) -> Self {
        let (width, height) = size(order.device);
        let clip = json!({
            "x": 0, "y": 0, "width": width, "height": height, "scale": f64::from(WIDTH) / f64::from(width),
        });
        let asked = json!({
            "format": "jpeg", "quality": QUALITY, "clip": clip, "optimizeForSpeed": true,
            "captureBeyondViewport": false,
        });
        let later_than = order.film_later_than.map(|later| later.as_secs_f64() * 1_000.0);
        Self { page, later_than, asked, taking: None, next: None, frames: Vec::new() }
    }

    /// A candidate has been painted.
    pub(super) fn candidate(&mut self, at_ms: f64) {
        if self.later_than.is_none_or(|later| at_ms <= later) {
            return;
        }
        if self.taking.is_some() {
            self.next = Some(at_ms);
        } else {
            self.take(at_ms);
        }
    }

    fn take(&mut self, at_ms: f64) {
        let (page, asked) = (self.page, self.asked.clone());
        self.taking = Some(Box::pin(async move {
            // What cannot be filmed is not in the film: a page has other things to do than that.
            let mut answer = page.call("Page.captureScreenshot", asked).await.ok()?;
            let Value::String(jpeg) = answer["data"].take() else { return None };
            Some(Frame { at_ms, jpeg })
        }));
    }

    /// Waits until the picture being taken is there; for ever, where none is.
    pub(super) async fn taken(&mut self) {
        let Some(taking) = &mut self.taking else { return pending().await };
        let frame = taking.await;
        self.taking = None;
        if let Some(frame) = frame {
            keep(&mut self.frames, frame);
        }
        if let Some(at_ms) = self.next.take() {
            self.take(at_ms);
        }
    }

    /// The page has gone to another: what was filmed is not of that.
    pub(super) fn forget(&mut self) {
        (self.taking, self.next) = (None, None);
        self.frames.clear();
    }

    /// The page was given up: what it had come to by then is filmed, where nothing was.
    pub(super) fn given_up(&mut self, at_ms: f64) {
        if self.later_than.is_some() && self.frames.is_empty() && self.taking.is_none() {
            self.take(at_ms);
        }
    }

    /// The pictures, with the last one if it comes soon.
    pub(super) async fn develop(mut self) -> Vec<Frame> {
        let until = clock::now() + PATIENCE;
        while self.taking.is_some() {
            tokio::select! {
                () = self.taken() => {}
                () = sleep_until(until) => break,
            }
        }
        self.frames
    }
}

/// Keeps the first ones and the last.
fn keep(frames: &mut Vec<Frame>, frame: Frame) {
    frames.truncate(Film::FRAMES_KEPT - 1);
    frames.push(frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_and_the_last_are_kept() {
        let mut frames = Vec::new();
        for number in 0..9_u8 {
            keep(&mut frames, Frame { at_ms: number.into(), jpeg: String::new() });
        }
        let kept: Vec<_> = frames.iter().map(|frame| frame.at_ms).collect();
        assert_eq!(kept, [0.0, 1.0, 2.0, 8.0]);
    }
}
