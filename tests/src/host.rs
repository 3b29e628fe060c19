//! A host of the test's own, in this process, asked over HTTP like any other.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};
use workway_host::{
    Host, HostError,
    app::App,
    model::IntegrationId,
    sandbox::CompileWorker,
    settings::{ClientVariables, Flags, Mode, Settings},
};

use crate::{Answer, Events, guest, logs, plugin, secrets};

/// The operator's token of every test host.
pub const ADMIN_TOKEN: &str = "test-operator-0123456789abcdef0123456789abcdef";
/// How long anything in a test may take before it counts as hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What a test host is made of.
#[derive(Default)]
pub struct TestHostBuilder {
    production: bool,
    files: Vec<(String, PathBuf)>,
    raw_files: Vec<(String, Vec<u8>)>,
    upstreams: BTreeMap<String, String>,
    clients: ClientVariables,
    watching: bool,
    cranelift: bool,
    worker: Option<CompileWorker>,
    reveals_tokens: bool,
    quiet: bool,
    config: String,
}

/// A running host.
pub struct TestHost {
    app: App,
    address: SocketAddr,
    client: reqwest::Client,
    /// There until it is handed on by `finish_keeping`.
    folder: Option<TempDir>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    serving: Option<JoinHandle<Result<(), HostError>>>,
    reveals_tokens: bool,
}

impl TestHost {
    pub fn builder() -> TestHostBuilder {
        TestHostBuilder::default()
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The plugins folder.
    pub fn plugins(&self) -> PathBuf {
        self.folder().join("plugins")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    fn folder(&self) -> &Path {
        self.folder.as_ref().expect("the host is not finished").path()
    }

    /// A request with the operator's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(ADMIN_TOKEN)
    }

    /// A request without any token.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let sent = tokio::time::timeout(PATIENCE, request.send()).await.expect("the host answers");
        let answer = Answer::read(sent.expect("the host is reached")).await;
        if !self.reveals_tokens {
            secrets::audit_answer(&answer);
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn execute(&self, action: &str, input: Value) -> Answer {
        self.post(&format!("/registry/actions/{action}/execute"), &json!({ "input": input })).await
    }

    /// Connects the operator's account `someone@example.com` at a provider, by a token that is there already: 201, or
    /// 200 if it was connected before.
    pub async fn connect(&self, provider: &str, token: &str, scopes: &[&str]) -> Answer {
        secrets::keep_secret(token);
        let account = "someone@example.com";
        let body = json!({ "provider": provider, "accessToken": token, "account": account, "scopes": scopes });
        self.post("/oauth/connections", &body).await
    }

    /// Puts a guest into the plugins folder, under a name of the test's choice.
    pub fn drop_in(&self, file: &str, component: &Path) {
        // As a build does it: written beside, then renamed over.
        let (temporary, target) = (self.folder().join("incoming"), self.plugins().join(file));
        std::fs::copy(component, &temporary).expect("the component is copied");
        std::fs::rename(temporary, target).expect("the component is dropped in");
    }

    /// Waits until an integration answers calls.
    pub async fn serves(&self, integration: &str) {
        let id: IntegrationId = integration.parse().expect("an id");
        let registry = self.app.registry();
        let mut follower = registry.follow().expect("one more may follow");
        while registry.snapshot().integrations.get(&id).is_none_or(|entry| entry.active.is_none()) {
            let next = tokio::time::timeout(PATIENCE, follower.next()).await;
            assert!(next.expect("the integration is loaded in time").is_some(), "the host has ended");
        }
    }

    /// Follows what happens to integrations from now on.
    pub async fn events(&self) -> Events {
        let sent = tokio::time::timeout(PATIENCE, self.request(Method::GET, "/registry/events").send()).await;
        Events::new(sent.expect("the host answers").expect("the host is reached"))
    }

    /// Has the host take no more connections. It ends when the calls that run are answered; `finish` waits for that.
    pub fn begin_shutdown(&self) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Ends the host, and fails if a call was left running or the host was to blame for an answer.
    pub async fn finish(self) {
        drop(self.finish_keeping().await);
    }

    /// Ends the host like [`TestHost::finish`] and keeps its folder, for [`TestHostBuilder::start_in`].
    pub async fn finish_keeping(mut self) -> TempDir {
        let (in_flight, _) = self.app.registry().calls_in_flight();
        assert_eq!(in_flight, 0, "calls were left running");
        secrets::audit_log();
        let metrics = self.app.render_metrics().await;
        let faults = metrics.lines().filter(|line| line.contains("outcome=\"host\"") && !line.ends_with(" 0"));
        assert_eq!(faults.collect::<Vec<_>>(), [""; 0], "the host failed");
        self.begin_shutdown();
        let serving = self.serving.take().expect("a host is finished once");
        let served = tokio::time::timeout(PATIENCE, serving).await.expect("the host ends");
        served.expect("the host does not panic").expect("the host ends well");
        self.folder.take().expect("a host is finished once")
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        let finished = self.serving.is_none();
        assert!(finished || std::thread::panicking(), "end a TestHost with finish()");
    }
}

impl TestHostBuilder {
    /// Production instead of development.
    pub fn production(mut self) -> Self {
        self.production = true;
        self
    }

    /// Follows the plugins folder, as development does unless it is told not to.
    pub fn watching(mut self) -> Self {
        self.watching = true;
        self
    }

    /// Compiles as production does, whatever the mode.
    pub fn cranelift(mut self) -> Self {
        self.cranelift = true;
        self
    }

    /// Compiles in a process of another program, which only production does.
    pub fn worker(mut self, worker: CompileWorker) -> Self {
        self.worker = Some(worker);
        self
    }

    /// Drops a guest in before the host starts. A guest in another language must be there.
    pub fn guest(self, name: &str) -> Self {
        let path = guest(name).unwrap_or_else(|| panic!("guest {name} is not built"));
        self.file(&format!("{name}.wasm"), path)
    }

    /// Drops an integration of `plugins/` in before the host starts.
    pub fn plugin(self, name: &str) -> Self {
        self.file(&format!("{name}.wasm"), plugin(name))
    }

    /// Drops any file in before the host starts.
    pub fn file(mut self, name: &str, path: PathBuf) -> Self {
        self.files.push((name.to_owned(), path));
        self
    }

    /// Drops bytes in before the host starts.
    pub fn bytes(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.raw_files.push((name.to_owned(), bytes.into()));
        self
    }

    /// Has a local server play a public host.
    pub fn upstream(mut self, host: &str, origin: &str) -> Self {
        self.upstreams.insert(host.to_owned(), origin.to_owned());
        self
    }

    /// Has the host be a client of a provider, as `WORKWAY_CLIENT_ID_…` and `WORKWAY_CLIENT_SECRET_…` would. `provider`
    /// is spelt as at the end of those names: `IDP`.
    pub fn client(mut self, provider: &str, id: &str, secret: &str) -> Self {
        secrets::keep_secret(secret);
        self.clients.ids.insert(provider.to_owned(), id.to_owned());
        self.clients.secrets.insert(provider.to_owned(), secret.to_owned().into());
        self
    }

    /// Lets answers hold tokens: a guest may read them here, or an upstream repeats what it is sent.
    pub fn reveals_tokens(mut self) -> Self {
        self.reveals_tokens = true;
        self
    }

    /// Keeps no log, as a bench wants it.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Adds lines to the configuration file.
    pub fn config(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self.config.push('\n');
        self
    }

    pub async fn start(self) -> TestHost {
        let folder = tempfile::tempdir().expect("a temporary folder");
        self.start_in(folder).await
    }

    /// Starts in a folder that an earlier host may have used.
    pub async fn start_in(self, folder: TempDir) -> TestHost {
        let (host, loaded) = self.start_loading_in(folder).await;
        tokio::time::timeout(PATIENCE, loaded).await.expect("the host is ready in time").expect("the host loads");
        host
    }

    /// The same without waiting until the host is ready, which the receiver is told.
    pub async fn start_loading_in(self, folder: TempDir) -> (TestHost, oneshot::Receiver<()>) {
        if !self.quiet {
            logs::capture();
        }
        let plugins = folder.path().join("plugins");
        std::fs::create_dir_all(&plugins).expect("a plugins folder");
        for (name, path) in &self.files {
            std::fs::copy(path, plugins.join(name)).expect("the component is copied");
        }
        for (name, bytes) in &self.raw_files {
            std::fs::write(plugins.join(name), bytes).expect("the file is written");
        }
        let config = folder.path().join("workway.toml");
        std::fs::write(&config, self.configuration()).expect("the configuration is written");
        let settings = Settings::load(Flags {
            mode: Some(if self.production { Mode::Production } else { Mode::Development }),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            plugins: Some(plugins),
            data: Some(folder.path().join("data")),
            config: Some(config),
            admin_token: Some(ADMIN_TOKEN.to_owned().into()),
            key: None,
            clients: self.clients.clone(),
            worker: self.worker.clone(),
        });
        let host = Host::start(settings.expect("the settings hold")).await.expect("the host starts");
        let (address, app) = (host.address(), host.app().clone());
        let (ready, loaded) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            // The sender is dropped by `begin_shutdown`.
            let _ = stopped.await;
        };
        let serving = tokio::spawn(host.serve(ready, shutdown));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let (folder, stop) = (Some(folder), Mutex::new(Some(stop)));
        let reveals_tokens = self.reveals_tokens;
        (TestHost { app, address, client, folder, stop, serving: Some(serving), reveals_tokens }, loaded)
    }

    fn configuration(&self) -> String {
        // Most tests say themselves when a file is looked at. Keys of no table come first.
        let mut text = if self.watching || self.production { String::new() } else { "watch = false\n".to_owned() };
        if self.cranelift {
            text.push_str("compiler = \"cranelift\"\n");
        }
        text.push_str(&self.config);
        if !self.upstreams.is_empty() {
            text.push_str("[upstreams]\n");
        }
        for (host, origin) in &self.upstreams {
            text.push_str(&format!("\"{host}\" = \"{origin}\"\n"));
        }
        // The provider of the guests that use connections.
        if !text.contains("[providers.example]") {
            text.push_str("[providers.example]\nhosts = [\"api.example.com\", \"*.example.com\"]\n");
        }
        // All users of a test have one address.
        if !text.contains("[accounts]") {
            text.push_str("[accounts]\nattempts_per_address = 1000000\nattempts_per_email = 1000000\n");
        }
        // Many hosts share a test process: a small pool each.
        if !text.contains("[admission]") {
            text.push_str("[admission]\ncalls = 64\ncalls_per_integration = 48\n");
        }
        text
    }
}
