//! A page over HTTP, asked for without a proxy, without following it elsewhere, and read in bounds.

use std::{error::Error, fs, path::Path};

use reqwest::{Certificate, Client, RequestBuilder, redirect::Policy};

use crate::{scrub::scrub, words::innermost};

/// A client that trusts whom this system trusts, and the certificates in a PEM file.
pub(super) fn client(roots: Option<&Path>) -> Result<Client, String> {
    // Whoever was first is as good: there is one library of cryptography here.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = Client::builder().no_proxy().redirect(Policy::none());
    let builder = match roots {
        Some(file) => {
            let said = |e: &dyn Error| format!("{}: {e}", file.display());
            let pem = fs::read(file).map_err(|e| said(&e))?;
            builder.tls_certs_merge(Certificate::from_pem_bundle(&pem).map_err(|e| said(&e))?)
        }
        None => builder,
    };
    builder.build().map_err(|e| innermost(&e))
}

/// The body of what answers, if that is a success and not longer than `most` bytes.
pub(super) async fn text(request: RequestBuilder, most: usize) -> Result<String, String> {
    let mut response = request.send().await.map_err(|e| innermost(&e.without_url()))?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| innermost(&e.without_url()))? {
        if body.len() + chunk.len() > most {
            return Err(format!("its answer is longer than {most} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    // A Prometheus says in the body what is wrong with a query.
    if status.is_success() { Ok(body) } else { Err(format!("it answers {status}{}", excerpt(&body))) }
}

fn excerpt(body: &str) -> String {
    let first: String = body.lines().next().unwrap_or_default().chars().take(200).collect();
    if first.is_empty() { first } else { format!(": {}", scrub(&first)) }
}
