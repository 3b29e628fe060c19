//! Writes the schemas of ten types of an API, as schemars 1 does, into the folder that the first argument names.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    net::Ipv4Addr,
    path::Path,
};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Address {
    #[schemars(length(min = 1, max = 200))]
    street: String,
    #[schemars(length(min = 1))]
    city: String,
    #[schemars(regex(pattern = r"^[A-Z0-9][A-Z0-9 -]{2,9}$"))]
    postal_code: String,
    /// ISO 3166-1 alpha-2
    #[schemars(length(equal = 2))]
    country: String,
    region: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Lifecycle {
    /// Has not bought anything.
    Lead,
    Customer,
    Former,
}

/// Somebody in the address book.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Contact {
    id: Uuid,
    #[schemars(email)]
    email: String,
    #[schemars(length(min = 1, max = 120))]
    name: String,
    #[schemars(regex(pattern = r"^\+[1-9]\d{6,14}$"))]
    phone: Option<String>,
    website: Option<Url>,
    birthday: Option<NaiveDate>,
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(min = 1, max = 32)))]
    tags: Vec<String>,
    address: Option<Address>,
    lifecycle: Lifecycle,
    #[schemars(range(min = 0.0, max = 100.0))]
    score: Option<f64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Currency {
    EUR,
    USD,
    GBP,
    JPY,
}

fn euro() -> Currency {
    Currency::EUR
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", rename_all = "lowercase")]
enum Payment {
    Card {
        #[schemars(regex(pattern = r"^\d{4}$"))]
        last4: String,
        #[schemars(regex(pattern = r"^(0[1-9]|1[0-2])/\d{2}$"))]
        expires: String,
    },
    Bank {
        #[schemars(regex(pattern = r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$"))]
        iban: String,
    },
    Invoice {
        #[schemars(range(min = 1, max = 90))]
        days: u8,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Line {
    #[schemars(regex(pattern = r"^[A-Z]{3}-\d{4,8}$"))]
    sku: String,
    #[schemars(range(min = 1, max = 999))]
    quantity: u32,
    #[schemars(range(min = 0.0))]
    unit_price: f64,
    #[schemars(length(max = 500))]
    note: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Discount {
    Percent { percent: f64 },
    Amount { amount: f64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Buyer {
    name: String,
    #[schemars(email)]
    email: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Order {
    #[schemars(range(min = 1))]
    number: u64,
    placed_at: DateTime<Utc>,
    #[serde(default = "euro")]
    currency: Currency,
    customer: Buyer,
    ship_to: Address,
    bill_to: Option<Address>,
    #[schemars(length(min = 1, max = 100_000))]
    lines: Vec<Line>,
    payment: Payment,
    discounts: Option<Vec<Discount>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NewUser {
    #[schemars(regex(pattern = r"^[A-Za-z\d][A-Za-z\d-]{0,38}$"))]
    login: String,
    #[serde(default)]
    admin: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct File {
    #[schemars(length(min = 1))]
    name: String,
    bytes: u64,
    #[schemars(regex(pattern = r"^[a-f0-9]{64}$"))]
    sha256: String,
    url: Url,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
enum EventKind {
    #[serde(rename = "user.created")]
    UserCreated { user: NewUser },
    #[serde(rename = "file.uploaded")]
    FileUploaded { file: File },
    #[serde(rename = "metric")]
    Metric { values: BTreeMap<String, f64>, labels: Option<HashMap<String, String>> },
    #[serde(rename = "custom")]
    Custom { payload: serde_json::Value },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Event {
    id: Uuid,
    at: DateTime<Utc>,
    #[serde(flatten)]
    kind: EventKind,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Comment {
    #[schemars(length(min = 1))]
    author: String,
    #[schemars(length(max = 10_000))]
    text: String,
    posted: DateTime<Utc>,
    #[serde(default)]
    votes: i64,
    #[serde(default)]
    replies: Vec<Comment>,
}

#[derive(Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "lowercase")]
enum Theme {
    Light,
    Dark,
    #[default]
    System,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Editor {
    #[serde(default)]
    tab_width: u8,
    rulers: Option<Vec<u16>>,
    wrap: Option<bool>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Proxy {
    #[schemars(length(min = 1))]
    host: String,
    #[schemars(range(min = 1))]
    port: u16,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    theme: Theme,
    #[schemars(regex(pattern = r"^[a-z]{2}(-[A-Z]{2})?$"))]
    language: Option<String>,
    #[schemars(range(min = 8, max = 32))]
    font_size: Option<f32>,
    shortcuts: BTreeMap<String, String>,
    #[serde(default)]
    flags: HashMap<String, bool>,
    editor: Option<Editor>,
    proxy: Option<Proxy>,
}

/// Longitude and latitude.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Position(f64, f64);

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
enum Geometry {
    Point {
        coordinates: Position,
    },
    LineString {
        #[schemars(length(min = 2))]
        coordinates: Vec<Position>,
    },
    Polygon {
        #[schemars(length(min = 1), inner(length(min = 4)))]
        coordinates: Vec<Vec<Position>>,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(f64),
    Flag(bool),
    Nothing(()),
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum FeatureType {
    Feature,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Feature {
    #[serde(rename = "type")]
    kind: FeatureType,
    id: Option<Scalar>,
    bbox: Option<[f64; 4]>,
    geometry: Geometry,
    properties: Option<BTreeMap<String, Scalar>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Person {
    #[schemars(length(min = 1))]
    given_name: String,
    #[schemars(length(min = 1))]
    family_name: String,
    born: NaiveDate,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Department {
    Engineering,
    Sales,
    Support,
    Finance,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Money {
    #[schemars(range(min = 0.01), extend("multipleOf" = 0.01))]
    amount: f64,
    #[schemars(length(equal = 3))]
    currency: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unevaluatedProperties" = false))]
struct Employee {
    #[serde(flatten)]
    person: Person,
    #[schemars(range(min = 1))]
    employee_id: u32,
    department: Department,
    salary: Money,
    #[schemars(range(max = 60.0))]
    hours: Option<f64>,
    manager: Option<u32>,
    skills: Option<BTreeSet<String>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Source {
    ByUrl { url: Url },
    Inline { media_type: MediaType, data: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum MediaType {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Text {
        text: String,
    },
    Image {
        source: Source,
    },
    ToolUse {
        #[schemars(regex(pattern = "^[a-zA-Z0-9_-]{1,64}$"))]
        name: String,
        input: serde_json::Map<String, serde_json::Value>,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(#[schemars(length(min = 1))] Vec<Part>),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    User,
    Assistant,
    Tool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Message {
    role: Role,
    content: Content,
    name: Option<String>,
    metadata: Option<HashMap<String, Scalar>>,
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<f64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Filter {
    And { args: Vec<Filter> },
    Or { args: Vec<Filter> },
    Not { arg: Box<Filter> },
    Eq(Comparison),
    Ne(Comparison),
    Lt(Comparison),
    Gt(Comparison),
    In(Comparison),
    Contains(Comparison),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Comparison {
    #[schemars(regex(pattern = "^[a-z_][a-z0-9_.]*$"))]
    field: String,
    value: Operand,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Operand {
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(Serialize, Deserialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Backoff {
    Exponential,
    Fixed,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Retries {
    #[schemars(range(max = 10))]
    limit: u8,
    backoff: Backoff,
    first: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Schedule {
    #[schemars(length(min = 1))]
    name: String,
    starts: NaiveDate,
    at: NaiveTime,
    #[schemars(extend("format" = "duration"))]
    every: String,
    #[schemars(regex(pattern = r"^(\S+\s+){4}\S+$"))]
    cron: Option<String>,
    #[schemars(regex(pattern = r"^[A-Za-z_]+(/[A-Za-z_+-]+)*$"))]
    zone: String,
    #[schemars(length(min = 1, max = 7))]
    weekdays: BTreeSet<Weekday>,
    retries: Option<Retries>,
    #[schemars(length(max = 10), inner(email))]
    notify: Option<Vec<String>>,
    hosts: Option<Vec<Ipv4Addr>>,
    window: Option<(NaiveTime, NaiveTime)>,
}

fn main() {
    let folder = std::env::args().nth(1).expect("the first argument names a folder");
    let folder = Path::new(&folder).join("schemars");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let write = |name: &str, schema: Schema| {
        let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
        text.push('\n');
        fs::write(folder.join(format!("{name}.json")), text).expect("the file can be written");
    };
    write("contact", schema_for!(Contact));
    write("order", schema_for!(Order));
    write("event", schema_for!(Event));
    write("comment", schema_for!(Comment));
    write("settings", schema_for!(Settings));
    write("feature", schema_for!(Feature));
    write("employee", schema_for!(Employee));
    write("message", schema_for!(Message));
    write("filter", schema_for!(Filter));
    write("schedule", schema_for!(Schedule));
}
