//! Answers that are too long, wrong or no answers at all. Nothing panics, nothing is dialled beyond the bounds, and the next
//! lookup works.

use futures_util::future::join_all;
use hickory_resolver::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{DNSClass, Name},
};

use super::{FetchError, HASTY, NameServer, PATIENT, Question, Refusal, Reply, asking, builder, fetch, look_up};

/// As many addresses as fit into an answer over TCP: 16 bytes each.
const HUGE: u16 = 4_000;

/// Written by hand: the library compresses only some names of a message, and so many would not fit.
fn huge(question: &Question) -> Vec<u8> {
    let mut bytes = question.message().to_vec().expect("can be written");
    if question.is_for_ipv4() {
        bytes[6..8].copy_from_slice(&HUGE.to_be_bytes());
        for number in 0..HUGE {
            // The name of the question, type A, class IN, for a minute, four bytes.
            bytes.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 8, 8]);
            bytes.extend(number.to_be_bytes());
        }
    }
    bytes
}

#[tokio::test]
async fn a_huge_answer_comes_over_tcp_and_few_of_its_addresses_are_dialled() {
    let server = NameServer::start(|question| match question.over_tcp {
        true => Reply::Bytes(huge(question)),
        false => question.truncated().into(),
    })
    .await;
    assert_eq!(look_up(&asking(&[&server], PATIENT), "a.example.com").await.expect("is resolved").len(), 64);
    let refusal = Refusal::default();
    let client = builder().resolver(asking(&[&server], PATIENT)).dial(refusal.clone()).build();
    assert!(matches!(fetch(&client, "a.example.com").await, FetchError::Connect(_)));
    assert_eq!(refusal.take().len(), 8);
}

#[tokio::test]
async fn a_huge_answer_over_udp_is_no_answer() {
    let server = NameServer::start(|question| match question.name().as_str() {
        "good.example.com" => question.addresses(&["1.1.1.1"]).into(),
        _ => Reply::Bytes(huge(question).into_iter().take(60_000).collect()),
    })
    .await;
    let resolver = asking(&[&server], HASTY);
    assert!(look_up(&resolver, "a.example.com").await.is_err());
    assert_eq!(look_up(&resolver, "good.example.com").await, Ok(vec!["1.1.1.1".into()]));
}

#[tokio::test]
async fn endless_aliases_lead_nowhere() {
    let server = NameServer::start(|question| match question.name().as_str() {
        "loop.example.com" => question.alias("loop.example.com.").into(),
        name => question.alias(&format!("{}.example.com.", name.len() * 7 % 1_000)).into(),
    })
    .await;
    for host in ["loop.example.com", "chain.example.com"] {
        assert!(look_up(&asking(&[&server], HASTY), host).await.is_err(), "{host}");
    }
    assert!(server.asked().len() < 100, "{} questions", server.asked().len());
}

/// Lies that a server tells, by the first label of the name that it is asked for.
fn lie(question: &Question) -> Reply {
    let good = || question.addresses(&["1.1.1.1", "2606:4700::1111"]);
    let name = |text: &str| Name::from_ascii(text).expect("is a name");
    let mut message = good();
    match question.name().split('.').next().unwrap_or_default() {
        "empty" => return Reply::Bytes(Vec::new()),
        "short" => return Reply::Bytes(question.id.to_be_bytes().to_vec()),
        "zeros" => return Reply::Bytes(vec![0; 512]),
        "ones" => return Reply::Bytes([&question.id.to_be_bytes()[..], &[0xff; 500]].concat()),
        "id" => message.metadata.id ^= 1,
        "query" => message = Message::query(),
        "opcode" => message.metadata.op_code = OpCode::Update,
        "unasked" => message.queries.clear(),
        "twice" => message.queries.push(question.query.clone()),
        "other" => message.queries[0].name = name("elsewhere.example.com."),
        "class" => message.answers.iter_mut().for_each(|record| record.dns_class = DNSClass::CH),
        "owner" => message.answers.iter_mut().for_each(|record| record.name = name("elsewhere.example.com.")),
        "code" => message.metadata.response_code = ResponseCode::Unknown(15),
        "codeless" => {
            message.metadata.response_code = ResponseCode::Unknown(15);
            message.queries.clear();
        }
        "additional" => message.additionals = std::mem::take(&mut message.answers),
        "ttl" => message.answers.iter_mut().for_each(|record| record.ttl = u32::MAX),
        "loop" => {
            // The name of the first record points at itself.
            let mut bytes = message.to_vec().expect("can be written");
            let length = question.name().len() + 2;
            let place = 12 + length + 4;
            bytes[place] = 0xc0;
            bytes[place + 1] = u8::try_from(place).expect("the name is short");
            return Reply::Bytes(bytes);
        }
        "counts" => {
            let mut bytes = message.to_vec().expect("can be written");
            bytes[6..12].fill(0xff);
            return Reply::Bytes(bytes);
        }
        _ => {}
    }
    message.into()
}

const LIES: [&str; 18] = [
    "empty",
    "short",
    "zeros",
    "ones",
    "id",
    "query",
    "opcode",
    "unasked",
    "twice",
    "other",
    "class",
    "owner",
    "code",
    "codeless",
    "additional",
    "ttl",
    "loop",
    "counts",
];

#[tokio::test]
async fn lies_are_no_answers_over_udp_and_tcp() {
    for truncated in [false, true] {
        let server = NameServer::start(move |question| match truncated && !question.over_tcp {
            true => question.truncated().into(),
            false => lie(question),
        })
        .await;
        let resolver = asking(&[&server], HASTY);
        let hosts: Vec<String> = LIES.iter().map(|lie| format!("{lie}.example.com")).collect();
        let found = join_all(hosts.iter().map(|host| look_up(&resolver, host))).await;
        for (lie, found) in LIES.iter().zip(found) {
            match *lie {
                // Harmless: who may answer for a name may also name any address.
                "owner" | "ttl" | "opcode" | "additional" => {
                    let found = found.unwrap_or_default();
                    assert!(
                        found.iter().all(|ip| ["1.1.1.1", "2606:4700::1111"].contains(&ip.as_str())),
                        "{lie}: {found:?}"
                    );
                }
                _ => assert!(found.is_err(), "{lie}: {found:?}"),
            }
        }
        let after = look_up(&resolver, "good.example.com").await;
        assert_eq!(after, Ok(vec!["2606:4700::1111".into(), "1.1.1.1".into()]), "truncated: {truncated}");
    }
}

#[tokio::test]
async fn no_flipped_byte_panics() {
    let server = NameServer::start(|question| {
        let mut bytes = question.addresses(&["1.1.1.1", "2606:4700::1111"]).to_vec().expect("can be written");
        // The number in the name says which byte is flipped, after the id.
        let label = question.name().split('.').next().unwrap_or_default().parse::<usize>();
        if let Ok(number) = label {
            let place = 2 + number % (bytes.len() - 2);
            bytes[place] ^= [0xff, 0x80, 0x01][number / 64 % 3];
        }
        Reply::Bytes(bytes)
    })
    .await;
    let resolver = asking(&[&server], HASTY);
    let hosts: Vec<String> = (0..192).map(|number| format!("{number}.example.com")).collect();
    for host in hosts.chunks(64) {
        join_all(host.iter().map(|host| look_up(&resolver, host))).await;
    }
    assert_eq!(look_up(&resolver, "good.example.com").await, Ok(vec!["2606:4700::1111".into(), "1.1.1.1".into()]));
}
