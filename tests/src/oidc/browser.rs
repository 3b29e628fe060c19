//! A browser that a user sits at: it keeps cookies, follows the provider's redirects and fills in its forms. It reaches
//! the hosts that a test names and no others, and never a network: their https is http to a loopback port.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use reqwest::{
    Method, RequestBuilder, Url,
    header::{ACCEPT, COOKIE, HOST},
    redirect::Policy,
};

use super::{cookies::Cookies, page::FormPage};
use crate::{Answer, host::PATIENCE};

/// More pages and redirects than any sign-in takes.
const MAX_STEPS: usize = 20;
/// As browsers have it: a page if there is one, anything else if not.
const PAGES: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// One user's browser. Another user, or an attacker, has another one.
///
/// Each host gets its requests as from a proxy that ended TLS: with its own `Host` and `X-Forwarded-Proto: https`.
pub struct Browser {
    client: reqwest::Client,
    ports: BTreeMap<String, u16>,
    cookies: Mutex<Cookies>,
    /// Who signed in last at which provider.
    signed_in: Mutex<BTreeMap<String, String>>,
}

/// What the user does when asked whether they allow it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Allow,
    Deny,
}

impl Browser {
    /// A browser without cookies that knows these hosts, each by the loopback port that serves it.
    pub fn new<'a>(hosts: impl IntoIterator<Item = (&'a str, u16)>) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        let ports = hosts.into_iter().map(|(host, port)| (host.to_owned(), port)).collect();
        Self { client, ports, cookies: Mutex::default(), signed_in: Mutex::default() }
    }

    /// A request to an `https://` URL with the cookies that belong there, for [`Browser::send`].
    ///
    /// # Panics
    /// If the URL is not of one of the browser's hosts.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let url = Url::parse(url).expect("an absolute URL");
        assert!(url.scheme() == "https" && url.port().is_none(), "the browser only goes to https and its port: {url}");
        let host = url.host_str().expect("an https URL has a host");
        let port = self.ports.get(host).unwrap_or_else(|| panic!("the browser does not know the host of {url}"));
        let mut local = url.clone();
        local.set_scheme("http").expect("http for https");
        local.set_host(Some("127.0.0.1")).expect("an address for a name");
        local.set_port(Some(*port)).expect("http has ports");
        local.set_fragment(None);
        let request = self.client.request(method, local).header(HOST, host).header("x-forwarded-proto", "https");
        match lock(&self.cookies).header(host, url.path()) {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        }
    }

    /// Sends what [`Browser::request`] began and keeps the answer's cookies. A redirect is an answer like any other.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let (host, path) = (host.expect("a request of this browser"), request.url().path().to_owned());
        let sent = tokio::time::timeout(PATIENCE, self.client.execute(request)).await;
        let response = sent.expect("the host answers").expect("the host is reached");
        lock(&self.cookies).keep(&host, &path, response.headers());
        tokio::time::timeout(PATIENCE, Answer::read(response)).await.expect("the answer ends")
    }

    /// Opens a URL, such as the callback that [`Browser::sign_in`] ended at. Follows no redirect.
    pub async fn get(&self, url: &str) -> Answer {
        self.send(self.request(Method::GET, url).header(ACCEPT, PAGES)).await
    }

    /// Opens an authorization URL, signs in as `login` if asked, allows what is asked for, and answers with where the
    /// provider sends the browser in the end: the callback, which is not opened. The provider may say there that it
    /// refuses the request. Who signed in once in this browser is not asked who they are again, unless the request has
    /// `prompt=login`.
    ///
    /// # Panics
    /// If the provider shows an error page, or if somebody else is signed in and the provider does not ask.
    pub async fn sign_in(&self, authorization_url: &str, login: &str) -> Url {
        self.authorize(authorization_url, login, Decision::Allow).await
    }

    /// Like [`Browser::sign_in`], but the user cancels when asked for their consent: the callback has
    /// `error=access_denied`.
    pub async fn deny(&self, authorization_url: &str, login: &str) -> Url {
        self.authorize(authorization_url, login, Decision::Deny).await
    }

    async fn authorize(&self, authorization_url: &str, login: &str, decision: Decision) -> Url {
        let mut at = Url::parse(authorization_url).expect("an authorization URL");
        let provider = at.origin();
        let mut answer = self.get(at.as_str()).await;
        for _ in 0..MAX_STEPS {
            if matches!(answer.status, 302 | 303) {
                at = at.join(answer.header("location")).expect("a redirect has a target");
                if at.origin() != provider {
                    self.check_user(&at, &provider.ascii_serialization(), login);
                    return at;
                }
                answer = self.get(at.as_str()).await;
                continue;
            }
            let page = answer.body.as_str().filter(|_| answer.status == 200).and_then(FormPage::parse);
            let page = page.unwrap_or_else(|| panic!("{at} asks the user nothing: {answer:?}"));
            (at, answer) = self.answer(&at, page, login, decision).await;
        }
        panic!("{at}: the provider asks without an end");
    }

    /// A code for another account than the test means would only show much later.
    fn check_user(&self, callback: &Url, provider: &str, login: &str) {
        let has_code = callback.query_pairs().any(|(name, _)| name == "code");
        let signed_in = lock(&self.signed_in).get(provider).cloned();
        let fits = !has_code || signed_in.as_deref() == Some(login);
        assert!(fits, "{login} needs a browser of their own, or prompt=login: {signed_in:?} is signed in");
    }

    /// Does on a page what the user does there. Answers with where that leads.
    async fn answer(&self, at: &Url, page: FormPage, login: &str, decision: Decision) -> (Url, Answer) {
        if let Some(abort) = page.abort.as_deref().filter(|_| decision == Decision::Deny && !page.is_sign_in()) {
            let target = at.join(abort).expect("a link has a target");
            let answer = self.get(target.as_str()).await;
            return (target, answer);
        }
        let target = at.join(&page.action).expect("a form has a target");
        let is_sign_in = page.is_sign_in();
        let mut fields = page.hidden;
        if is_sign_in {
            lock(&self.signed_in).insert(at.origin().ascii_serialization(), login.to_owned());
            fields.extend([("login", login), ("password", "any will do")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        }
        let request = self.request(Method::POST, target.as_str()).header(ACCEPT, PAGES).form(&fields);
        let answer = self.send(request).await;
        (target, answer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
