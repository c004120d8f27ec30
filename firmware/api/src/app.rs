//! What handlers share.

use std::ops::Deref;
use std::sync::Arc;

use offhook_store::{Store, StoreError};
use tokio::sync::{Semaphore, broadcast};

use crate::attempts::Attempts;
use crate::error::Problem;
use crate::services::Services;
use crate::types::Resource;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

/// See [`App`].
pub(crate) struct Inner {
    pub(crate) services: Services,
    /// Changes of the configuration, for the event streams.
    pub(crate) changes: broadcast::Sender<Resource>,
    pub(crate) attempts: Attempts,
    /// Password checks at once: each takes 19 MiB.
    pub(crate) hashing: Semaphore,
    /// Event streams and line sockets at once.
    pub(crate) streams: Arc<Semaphore>,
}

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Password checks at once.
const HASHES: usize = 2;
/// Event streams and line sockets at once.
const STREAMS: usize = 64;

impl App {
    pub(crate) fn new(services: Services) -> Self {
        App(Arc::new(Inner {
            services,
            changes: broadcast::channel(64).0,
            attempts: Attempts::default(),
            hashing: Semaphore::new(HASHES),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }))
    }

    /// Runs something on the database, away from the threads that serve.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = self.services.store.clone();
        blocking(move || work(&store).map_err(Problem::from)).await
    }

    /// The configuration was changed: hands it to the exchange and tells those who watch.
    pub(crate) async fn changed(&self, resource: Resource) -> Result<(), Problem> {
        let config = self.store(Store::load_config).await?;
        self.services.exchange.reload(Arc::new(config));
        // Nobody watching is fine.
        let _ = self.changes.send(resource);
        Ok(())
    }

    /// Hashes or checks a password, a few at a time.
    pub(crate) async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _turn = self.hashing.acquire().await.map_err(|_| Problem::internal("closed"))?;
        blocking(move || Ok(work())).await
    }
}

/// Runs something that waits on the threads made for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!(%error, "a request's work ended early");
            Err(Problem::internal("the work ended early"))
        }
    }
}
