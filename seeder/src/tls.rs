//! Which cryptography TLS uses. Clients of several libraries meet in one process, and none of them may choose.

/// Chooses ring for this process, unless something was chosen before. To be called before a client is made.
pub(crate) fn choose_ring() {
    // The error is that there is one already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
}
