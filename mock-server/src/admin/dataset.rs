//! Taking a world: lines of JSON as they arrive, all of them or nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::{Buf as _, BytesMut};
use contract::ApiError;
use fixtures::Counts;
use fixtures::integrity::Checker;
use fixtures::ndjson::Reader;
use http_body_util::BodyExt as _;
use serde::Serialize;
use tokio::time::timeout;

use crate::api::{internal_error, json, refusal, too_slow};
use crate::app::App;
use crate::dataset::Dataset;
use crate::worlds;

/// Bytes a line may have. A row has a few hundred; a stream without line feeds must not fill the memory.
const LINE_LIMIT_BYTES: usize = 1024 * 1024;

/// What is answered to a world that was taken.
#[derive(Debug, Serialize)]
struct Taken {
    seed: u64,
    counts: Counts,
}

/// `POST /__admin/dataset`: serves the world sent from now on, under the name its header gives, unless something
/// is wrong with any of its lines.
pub(super) async fn take(State(app): State<Arc<App>>, request: Request) -> Response {
    match receive(app, request).await {
        Ok(taken) => json(200, &taken),
        Err(error) => refusal(&error),
    }
}

async fn receive(app: Arc<App>, request: Request) -> Result<Taken, ApiError> {
    let name = worlds::named_in(request.headers())?.unwrap_or(worlds::DEFAULT).to_owned();
    let (dataset, taken) = read(request.into_body(), app.settings.limits.body).await?;
    let replaced = tokio::task::spawn_blocking(move || app.replace(&name, &dataset)).await;
    replaced.unwrap_or_else(|_| Err(internal_error())).map(|()| taken)
}

/// Reads a world to its end, then what is wrong with it as a whole.
async fn read(mut body: Body, patience: Duration) -> Result<(Dataset, Taken), ApiError> {
    let mut intake = Intake::default();
    let mut pending = BytesMut::new();
    while let Some(frame) = timeout(patience, body.frame()).await.map_err(|_| too_slow(patience))? {
        let frame = frame.map_err(|_| {
            ApiError::bad_request(format!("line {}: the stream broke off here", intake.reader.lines() + 1))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        pending.extend_from_slice(&data);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line = pending.split_to(end);
            pending.advance(1);
            intake.line(&line)?;
        }
        if pending.len() > LINE_LIMIT_BYTES {
            return Err(intake.too_long());
        }
    }
    if !pending.is_empty() {
        intake.line(&pending)?;
    }
    intake.finish()
}

/// The rows so far, each checked as it came.
#[derive(Default)]
struct Intake {
    reader: Reader,
    checker: Checker,
    dataset: Dataset,
}

impl Intake {
    fn line(&mut self, line: &[u8]) -> Result<(), ApiError> {
        if line.len() > LINE_LIMIT_BYTES {
            return Err(self.too_long());
        }
        let text = std::str::from_utf8(line).map_err(|_| {
            ApiError::bad_request(format!("line {}: it is not UTF-8", self.reader.lines() + 1))
        })?;
        let record = self.reader.line(text).map_err(|error| ApiError::bad_request(error.to_string()))?;
        if let Some(record) = record {
            let checked = self.checker.check(self.reader.lines(), &record);
            checked.map_err(|error| ApiError::bad_request(error.to_string()))?;
            self.dataset.push(record);
        }
        Ok(())
    }

    fn too_long(&self) -> ApiError {
        let line = self.reader.lines() + 1;
        ApiError::new(413, format!("line {line}: it has more than {LINE_LIMIT_BYTES} bytes"))
    }

    fn finish(self) -> Result<(Dataset, Taken), ApiError> {
        let (header, counts) =
            self.reader.finish().map_err(|error| ApiError::bad_request(error.to_string()))?;
        self.checker.finish().map_err(|error| ApiError::bad_request(error.to_string()))?;
        Ok((self.dataset, Taken { seed: header.seed, counts }))
    }
}
