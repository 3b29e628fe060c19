//! The system's configuration is read as glibc reads it, and again when it changes.

use super::{
    DnsSettings, Etc, FetchError, HASTY, NameServer, ONE_SERVER, PATIENT, Question, Refusal, Reply, ResolveError,
    asking, builder, fetch, look_up,
};

/// Only these names exist.
fn knowing(names: &'static [(&'static str, &'static str)]) -> impl Fn(&Question) -> Reply {
    move |question| match names.iter().find(|(name, _)| *name == question.name()) {
        Some((_, address)) => question.addresses(&[address]).into(),
        None => question.absent().into(),
    }
}

/// The names that were asked for, in order, each once.
fn order(server: &NameServer) -> Vec<String> {
    let mut names: Vec<String> = server.asked().iter().map(Question::name).collect();
    names.dedup();
    names
}

#[tokio::test]
async fn the_hosts_file_comes_first_and_is_the_whole_answer() {
    let server = NameServer::start(|question| question.addresses(&["1.1.1.1", "2606:4700::1111"]).into()).await;
    let hosts =
        "# a comment\n8.8.8.8 A.example.com alias # another\n9.9.9.9 a.example.com\n2620:fe::fe b.example.com\n";
    let etc = Etc::new(ONE_SERVER, hosts);
    let resolver = etc.resolver(&server, PATIENT);
    for (host, addresses) in
        [("a.example.com", &["8.8.8.8", "9.9.9.9"][..]), ("alias", &["8.8.8.8"]), ("b.example.com", &["2620:fe::fe"])]
    {
        assert_eq!(
            look_up(&resolver, host).await.as_deref(),
            Ok(&addresses.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>()[..]),
            "{host}"
        );
    }
    assert_eq!(order(&server), [""; 0], "the servers were asked for a listed name");
    assert_eq!(look_up(&resolver, "c.example.com").await, Ok(vec!["2606:4700::1111".into(), "1.1.1.1".into()]));
}

#[tokio::test]
async fn private_addresses_are_denied_wherever_they_come_from() {
    let server = NameServer::start(|question| {
        let addresses: &[&str] = match question.name().as_str() {
            "private.example.com" => &["10.0.0.1", "192.168.1.1", "fd00::1"],
            "metadata.example.com" => &["169.254.169.254", "::ffff:169.254.169.254"],
            "mixed.example.com" => &["127.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"],
            _ => return question.alias("private.example.com.").into(),
        };
        question.addresses(addresses).into()
    })
    .await;
    let etc = Etc::new(ONE_SERVER, "127.0.0.1 listed.example.com\n");
    let refusal = Refusal::default();
    let client = builder().resolver(etc.resolver(&server, PATIENT)).dial(refusal.clone()).build().for_integration();
    for host in ["private.example.com", "metadata.example.com", "alias.example.com", "listed.example.com"] {
        // The second time from the cache.
        for _ in 0..2 {
            let error = fetch(&client, host).await;
            assert!(matches!(error, FetchError::Denied(_)), "{host}: {error:?}");
            assert_eq!(refusal.take(), [""; 0], "{host}");
        }
    }
    let error = fetch(&client, "mixed.example.com").await;
    assert!(matches!(error, FetchError::Connect(_)), "{error:?}");
    assert_eq!(refusal.take(), ["2606:4700::1111", "1.1.1.1"]);
}

#[tokio::test]
async fn search_domains_come_after_a_name_with_enough_dots() {
    let server =
        NameServer::start(knowing(&[("a.example.com.second.test", "8.8.8.8"), ("b.example.com", "1.1.1.1")])).await;
    let etc = Etc::new("nameserver 127.0.0.1\nsearch first.test second.test\noptions ndots:2 timeout:3600\n", "");
    let resolver = etc.resolver(&server, PATIENT);
    assert_eq!(look_up(&resolver, "b.example.com").await, Ok(vec!["1.1.1.1".into()]));
    assert_eq!(order(&server), ["b.example.com"], "a name that exists is nobody else's");
    assert_eq!(look_up(&resolver, "a.example.com").await, Ok(vec!["8.8.8.8".into()]));
    assert_eq!(order(&server)[1..], ["a.example.com", "a.example.com.first.test", "a.example.com.second.test"]);
}

#[tokio::test]
async fn search_domains_come_before_a_name_with_fewer_dots_than_ndots() {
    let server = NameServer::start(knowing(&[("a.example.com", "1.1.1.1")])).await;
    let etc = Etc::new("nameserver 127.0.0.1\nsearch cluster.test\noptions ndots:5 timeout:3600\n", "");
    assert_eq!(look_up(&etc.resolver(&server, PATIENT), "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
    assert_eq!(order(&server), ["a.example.com.cluster.test", "a.example.com"]);
}

#[tokio::test]
async fn the_last_of_domain_and_search_counts_and_six_domains_of_it() {
    for (lines, domains) in [
        ("domain old.test\nsearch one.test two.test", &["one.test", "two.test"][..]),
        ("search one.test\ndomain new.test", &["new.test"]),
        (
            "search 1.test 2.test 3.test 4.test 5.test 6.test 7.test",
            &["1.test", "2.test", "3.test", "4.test", "5.test", "6.test"],
        ),
        ("search .", &[]),
        ("search -- good.test", &["good.test"]),
    ] {
        let server = NameServer::start(knowing(&[])).await;
        let etc = Etc::new(&format!("nameserver 127.0.0.1\n{lines}\n"), "");
        assert_eq!(look_up(&etc.resolver(&server, PATIENT), "a.b").await, Err(ResolveError::NoAddress));
        let tried: Vec<String> = domains.iter().map(|domain| format!("a.b.{domain}")).collect();
        assert_eq!(order(&server)[1..], tried, "{lines}");
    }
}

#[tokio::test]
async fn without_resolv_conf_the_server_of_this_machine_is_asked() {
    let server = NameServer::start(|question| question.addresses(&["1.1.1.1"]).into()).await;
    for text in [None, Some("# no server\noptions timeout:3600\n"), Some("nameserver not-an-address\n\u{0}\u{1}\n")] {
        let etc = Etc::new(text.unwrap_or_default(), "");
        if text.is_none() {
            etc.remove("resolv.conf");
            etc.remove("hosts");
        }
        assert_eq!(
            look_up(&etc.resolver(&server, PATIENT), "a.example.com").await,
            Ok(vec!["1.1.1.1".into()]),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn options_choose_protocol_and_address_family() {
    let server = NameServer::start(|question| question.addresses(&["1.1.1.1", "2606:4700::1111"]).into()).await;
    let etc = Etc::new("nameserver 127.0.0.1\noptions use-vc no-aaaa timeout:3600\n", "");
    assert_eq!(look_up(&etc.resolver(&server, PATIENT), "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
    let asked = server.asked();
    assert!(asked.len() == 1 && asked[0].over_tcp && asked[0].is_for_ipv4(), "{asked:?}");
}

#[tokio::test]
async fn a_change_of_a_file_is_noticed_by_the_next_lookup() {
    let server =
        NameServer::start(knowing(&[("a.example.com.home.test", "1.1.1.1"), ("a.example.com.office.test", "8.8.8.8")]))
            .await;
    let etc = Etc::new("nameserver 127.0.0.1\nsearch home.test\n", "");
    let resolver = etc.resolver(&server, PATIENT);
    assert_eq!(look_up(&resolver, "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
    etc.replace("resolv.conf", "nameserver 127.0.0.1\nsearch office.test\n");
    assert_eq!(look_up(&resolver, "a.example.com").await, Ok(vec!["8.8.8.8".into()]), "resolv.conf was replaced");
    etc.replace("hosts", "9.9.9.9 a.example.com\n");
    assert_eq!(look_up(&resolver, "a.example.com").await, Ok(vec!["9.9.9.9".into()]), "hosts was replaced");
    std::fs::write(etc.path().join("hosts"), "149.112.112.112 a.example.com\n").expect("can be written");
    assert_eq!(look_up(&resolver, "a.example.com").await, Ok(vec!["149.112.112.112".into()]), "hosts was edited");
    etc.remove("hosts");
    assert_eq!(look_up(&resolver, "a.example.com").await, Ok(vec!["8.8.8.8".into()]), "hosts was removed");
    etc.remove("resolv.conf");
    assert_eq!(look_up(&resolver, "a.example.com").await, Err(ResolveError::NoAddress), "resolv.conf was removed");
}

#[tokio::test]
async fn without_a_change_the_files_are_read_once() {
    let server = NameServer::start(|question| question.addresses(&["1.1.1.1"]).into()).await;
    let etc = Etc::new(ONE_SERVER, "");
    let resolver = etc.resolver(&server, PATIENT);
    for _ in 0..3 {
        assert_eq!(look_up(&resolver, "a.example.com").await, Ok(vec!["1.1.1.1".into()]));
    }
    assert_eq!(server.asked().len(), 2, "the cache was lost");
}

#[tokio::test]
async fn servers_of_the_settings_replace_resolv_conf() {
    let server = NameServer::start(knowing(&[("a.example.com", "1.1.1.1")])).await;
    let refusal = Refusal::default();
    let client =
        builder().dns(DnsSettings { servers: vec![server.address()] }).dial(refusal.clone()).build().for_integration();
    assert!(matches!(fetch(&client, "a.example.com").await, FetchError::Connect(_)));
    assert_eq!(refusal.take(), ["1.1.1.1"]);
    let error = fetch(&client, "b.example.com").await;
    assert!(
        matches!(&error, FetchError::Dns(text) if text.contains("b.example.com") && text.contains("no address")),
        "{error:?}"
    );
    assert_eq!(order(&server), ["a.example.com", "b.example.com"], "a search domain was tried");
}

#[tokio::test]
async fn names_that_no_server_can_be_asked_for_have_no_address() {
    let server = NameServer::start(|question| question.addresses(&["1.1.1.1"]).into()).await;
    let resolver = asking(&[&server], HASTY);
    let (long_label, long_name) = (format!("{}.example.com", "a".repeat(64)), "a.".repeat(150));
    for host in ["a..example.com", &long_label, &long_name, "a b.example.com", "x.invalid"] {
        assert_eq!(look_up(&resolver, host).await, Err(ResolveError::NoAddress), "{host:?}");
    }
    assert_eq!(look_up(&resolver, "under_score.example.com").await, Ok(vec!["1.1.1.1".into()]));
}
