//! Starts the box: database, media engine, sockets, call control, web server, in this order; and ends it in the other.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use crossbeam_channel::{Sender, bounded};
use offhook_api::services::{Services, SimulatedLines};
use offhook_api::{Api, SOCKET_FILE};
use offhook_lines::country::Country;
use offhook_media::engine::{Engine, EngineConfig, EngineHandle};
use offhook_sip::endpoint::{EndpointConfig, Transport};
use offhook_store::{Listen, Store};
use offhook_switch::config::Config;
use offhook_switch::exchange::{Exchange, PortOpening};
use rand_core::{OsRng, TryRngCore};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use crate::args::Args;
use crate::core_loop::{self, Control, Shell};
use crate::handle::Handle;
use crate::lines::LineBank;
use crate::sip::{self, Certificate, Transports};
use crate::web;

/// Batches of SIP messages that wait for the core thread. Each holds up to 64: beyond, datagrams are dropped and phones send again.
const SIP_QUEUE: usize = 256;
/// SIP transactions at once. Most only wait out their 32 s for a copy of their request (RFC 3261 §17.2, RFC 6026): a call leaves
/// about five, so this is what 600 calls a second need. Beyond, new requests get 503.
const MAX_TRANSACTIONS: usize = 150_000;
/// Requests of the API and events of lines that wait.
const CONTROL_QUEUE: usize = 4096;
/// Events of the media engine that wait.
const MEDIA_QUEUE: usize = 8192;
/// Live events a slow page may be behind.
const LIVE_EVENTS: usize = 1024;

/// A running box.
pub struct Running {
    runtime: Runtime,
    controls: Sender<Control>,
    core: Option<JoinHandle<()>>,
    engine: Arc<EngineHandle>,
    store: Store,
    /// Addresses of the web page.
    pub http: Vec<SocketAddr>,
    /// Addresses of SIP.
    pub sip: Vec<(Transport, SocketAddr)>,
}

/// Starts the box.
///
/// # Errors
/// When the directory, the site file, the database or a socket cannot be used; the message says which and why.
pub fn start(args: &Args) -> Result<Running> {
    let started = Instant::now();
    let wall = core_loop::now().wall;
    for part in ["", "sounds", "recordings"] {
        let path = args.data.join(part);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make the directory {}", path.display()))?;
    }
    // Passwords, recordings and the administrators' socket are in it.
    std::fs::set_permissions(&args.data, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("cannot close {} to others", args.data.display()))?;
    raise_file_limit();
    let store = Store::open(&args.data).context("the database cannot be opened")?;
    if let Some(file) = &args.site {
        import_site(&store, file)?;
    }
    if args.simulated_lines {
        crate::demo::give_lines(&store).context("the simulated lines cannot be set up")?;
    }
    let interrupted = store.close_interrupted(wall).context("calls of the last run cannot be closed")?;
    if interrupted > 0 {
        tracing::warn!(calls = interrupted, "the box was stopped in the middle of calls: they are closed and marked");
    }
    let config = Arc::new(store.load_config().context("the configuration cannot be read")?);
    let mut listen = store.listen().context("the listening addresses cannot be read")?;
    if let Some(http) = args.http {
        listen.http = vec![http];
    }

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("edge")
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let (media_events_in, media_events) = bounded(MEDIA_QUEUE);
    let defaults = EngineConfig::default();
    let media_timeout = config.sip.rtp_timeout.unwrap_or(defaults.media_timeout);
    let engine = EngineConfig { threads: args.media_threads.max(1), media_timeout, ..defaults };
    let engine = Arc::new(Engine::start(engine, media_events_in).context("the media engine cannot be started")?);
    let (sip_inputs_in, sip_inputs) = bounded(SIP_QUEUE);
    let transports = Transports::start(transport_config(&listen, &config, &args.data), runtime.handle(), sip_inputs_in)
        .context("SIP cannot be started")?;
    let sip = transports.local_addresses().to_vec();
    let (controls, controls_out) = bounded(CONTROL_QUEUE);
    let lines = Arc::new(LineBank::start(Arc::clone(&engine), controls.clone())?);
    lines.configure(Arc::clone(&config));

    let (live, _) = broadcast::channel(LIVE_EVENTS);
    let line_states = Arc::new(Mutex::new(BTreeMap::new()));
    let mut exchange = exchange(&store, &config, &sip, &args.data)?;
    let opener = Arc::clone(&engine);
    exchange.set_port_opener(Box::new(move |local| open_port(&opener, local)));
    let shell = Shell {
        transports,
        engine: Arc::clone(&engine),
        store: store.writer().clone(),
        lines: Arc::clone(&lines),
        line_states: Arc::clone(&line_states),
        live: live.clone(),
    };
    let core = std::thread::Builder::new()
        .name("core".into())
        .spawn(move || core_loop::run(exchange, shell, &sip_inputs, &media_events, &controls_out))?;

    let services = Services {
        store: store.clone(),
        exchange: Arc::new(Handle { controls: controls.clone(), lines: Arc::clone(&lines), line_states }),
        live,
        simulated: Some(lines as Arc<dyn SimulatedLines>),
        data: args.data.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        countries: Country::codes().into_iter().map(String::from).collect(),
        listening: sip.iter().map(|(transport, address)| format!("{} {address}", name(*transport))).collect(),
        started,
    };
    let api = Api::new(services);
    let http = runtime.block_on(web::serve(&api, &listen.http, &args.data.join(SOCKET_FILE)))?;
    tracing::info!(milliseconds = started.elapsed().as_millis(), "the box is up");
    Ok(Running { runtime, controls, core: Some(core), engine, store, http, sip })
}

impl Running {
    /// Waits for the signal to end (SIGTERM or interrupt), or for the core thread to be gone.
    ///
    /// # Errors
    /// When the core thread ended by itself: the service manager is to start the box again.
    pub fn wait(&self) -> Result<()> {
        self.runtime.block_on(async {
            let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            let mut watch = tokio::time::interval(std::time::Duration::from_millis(200));
            loop {
                tokio::select! {
                    _ = terminate.recv() => return Ok(()),
                    _ = tokio::signal::ctrl_c() => return Ok(()),
                    _ = watch.tick() => {
                        if self.core.as_ref().is_none_or(JoinHandle::is_finished) {
                            bail!("call control stopped unexpectedly");
                        }
                    }
                }
            }
        })
    }

    /// Ends the box: records and recordings are safe on disk when it returns.
    pub fn stop(mut self) {
        let _ = self.controls.send(Control::Shutdown);
        if let Some(core) = self.core.take() {
            let _ = core.join();
        }
        self.engine.shutdown();
        if let Err(error) = self.store.writer().flush() {
            tracing::error!(%error, "the last records could not be written");
        }
        self.runtime.shutdown_background();
    }
}

/// Every leg of a call takes two sockets: the usual 1024 files would end at 250 calls.
fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised =
        getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the number of open files stays limited: many calls at once may fail");
    }
}

fn import_site(store: &Store, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    if !store.is_empty().context("the configuration cannot be read")? {
        return Ok(());
    }
    if let Err(error) = store.import_site_file(&text) {
        bail!("{}: {error}\nCheck it with `offhookctl check {}`.", file.display(), file.display());
    }
    Ok(())
}

fn transport_config(listen: &Listen, config: &Config, data: &Path) -> sip::Config {
    let mut names = vec!["offhook.local".to_owned(), config.site.realm.clone()];
    names.extend(
        listen.tls.iter().map(|address| address.ip()).filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()),
    );
    names.extend(config.network.advertised.map(|ip| ip.to_string()));
    sip::Config {
        udp: listen.udp.clone(),
        tcp: [listen.tcp.clone(), listen.ws.clone()].concat(),
        tls: [listen.tls.clone(), listen.wss.clone()].concat(),
        certificate: Some(Certificate::SelfSigned { directory: data.join("tls"), names }),
        verify_peers: true,
        ..sip::Config::default()
    }
}

fn exchange(store: &Store, config: &Arc<Config>, sip: &[(Transport, SocketAddr)], data: &Path) -> Result<Exchange> {
    let mut seed = [0; 32];
    OsRng.try_fill_bytes(&mut seed).context("the system gives no random numbers")?;
    let defaults = EndpointConfig::default();
    let endpoint = EndpointConfig {
        ports: sip.iter().map(|(transport, address)| (*transport, address.port())).collect(),
        host: config.network.advertised.map_or(defaults.host.clone(), |address| address.to_string()),
        max_transactions: MAX_TRANSACTIONS,
        ..defaults
    };
    let now = core_loop::now();
    let mut exchange = Exchange::new(Arc::clone(config), endpoint, data.to_path_buf(), seed, now);
    for (aor, bindings) in store.bindings(now.wall).context("the registrations cannot be read")? {
        exchange.restore_bindings(now, &aor, bindings);
    }
    Ok(exchange)
}

/// Opens a pair of RTP ports before it is promised to a phone.
fn open_port(engine: &EngineHandle, local: SocketAddr) -> PortOpening {
    let Err(error) = engine.reserve_rtp(local) else {
        return PortOpening::Opened;
    };
    if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) {
        tracing::warn!(port = local.port(), %error, "another program has an RTP port of the box: the next one is tried");
        PortOpening::Taken
    } else {
        tracing::error!(port = local.port(), %error, "no RTP port can be opened");
        PortOpening::Impossible
    }
}

fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
        Transport::Ws => "ws",
        Transport::Wss => "wss",
    }
}
