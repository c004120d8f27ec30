//! The web server: the page and the API on the network, the API with an administrator's rights on a local socket.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use offhook_api::Api;
use tokio::net::{TcpListener, UnixListener};

/// Opens the sockets and serves in the background. Returns the addresses with the ports the kernel chose.
///
/// # Errors
/// When an address is in use or the socket's file cannot be made.
pub async fn serve(api: &Api, addresses: &[SocketAddr], socket: &Path) -> Result<Vec<SocketAddr>> {
    let mut bound = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("the web page cannot be served on {address}: choose another with --http"))?;
        bound.push(listener.local_addr()?);
        let router = api.network().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the web server ended");
            }
        });
    }
    // A socket left by a run that was killed.
    let _ = std::fs::remove_file(socket);
    let local = UnixListener::bind(socket).with_context(|| format!("cannot make {}", socket.display()))?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    let router = api.local();
    tokio::spawn(async move {
        if let Err(error) = axum::serve(local, router).await {
            tracing::error!(%error, "the local server ended");
        }
    });
    Ok(bound)
}
