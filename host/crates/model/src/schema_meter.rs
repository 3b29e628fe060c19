//! A JSON value for a validator, which counts how often the validator looks at it. A schema comes from a stranger: what a check
//! may cost is bounded by the work that is really done, and the check ends when the bound is reached.
//!
//! Never judges a value itself, except for `uniqueItems`: the validator's own way hashes nested lists without their brackets, so
//! that a stranger can choose values that all collide.

use std::{
    borrow::Cow,
    cell::Cell,
    cmp::Ordering,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    slice,
    time::Duration,
};

use jsonschema::{
    JsonType,
    json::{Array, Json, Node, NodeIdentity, Object, SerdeJson},
};
use serde_json::{Map, Number, Value, map};

/// How many bytes of a text are one step.
const BYTES_PER_STEP: usize = 64;
/// Problems after which the validator sees lists and objects end, so that it stops collecting more. Some of them are dropped
/// again, inside `anyOf` for example.
const MAX_REPORTED: u32 = 40;
/// What a pattern may cost on one text: states of its automaton times bytes. The worst patterns take 5 ns for each, and nothing ends
/// them in the middle.
const MAX_STATE_BYTES: u64 = 6_000_000;
/// The CPU time of a check, for what its steps misjudge. A debug build is slower.
pub(super) const MAX_TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 25 });
/// How much of a thread's stack a check may use, in bytes: the smallest threads have 2 MiB. A check recurses as deep as the value nests,
/// times as deep as the schema does.
const MAX_STACK: usize = 768 << 10;
/// Looking at the clock takes as long as some steps.
const STEPS_PER_LOOK: u64 = 250;

thread_local! {
    // The validator builds some values itself (names of properties), so that a count inside the values would be lost.
    static STEPS_LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    static NEXT_LOOK: Cell<u64> = const { Cell::new(0) };
    // The time begins with the first look at the clock: most checks need none.
    static ENDS: Cell<Option<Duration>> = const { Cell::new(None) };
    static STACK_FROM: Cell<Option<usize>> = const { Cell::new(None) };
    static REPORTED: Cell<u32> = const { Cell::new(0) };
    static WEIGHT: Cell<Weight> = const { Cell::new(Weight { part: 1, text: 1, states: 1 }) };
}

/// The steps or the time were not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfSteps;

/// What a schema makes more expensive than one look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight {
    /// Steps for each item of a list and each member of an object: some subschemas are evaluated for it without a look at it.
    pub(super) part: u64,
    /// Steps for each text that the validator reads, and for each [`BYTES_PER_STEP`] of it: patterns are slower than a copy.
    pub(super) text: u64,
    /// The states of the largest pattern.
    pub(super) states: u64,
}

/// The check of one value, from its first look to its last. A thread has one at a time.
pub(super) struct Meter(());

impl Meter {
    /// A check that may look at values as often as `steps` says.
    pub(super) fn start(steps: u64, weight: Weight) -> Self {
        STEPS_LEFT.set(steps);
        NEXT_LOOK.set(steps.saturating_sub(STEPS_PER_LOOK));
        ENDS.set(None);
        STACK_FROM.set(Some(stack_place()));
        REPORTED.set(0);
        WEIGHT.set(weight);
        Self(())
    }

    /// How many steps are left.
    pub(super) fn left(&self) -> u64 {
        STEPS_LEFT.get()
    }

    /// Leaves at most so many steps.
    pub(super) fn leave(&self, most: u64) {
        STEPS_LEFT.set(STEPS_LEFT.get().min(most));
    }

    /// Runs a part of the check. It ends in the middle when the steps are spent.
    pub(super) fn run<T>(&self, check: impl FnOnce() -> T) -> Result<T, OutOfSteps> {
        match catch_unwind(AssertUnwindSafe(check)) {
            Ok(result) => Ok(result),
            Err(reason) if reason.is::<OutOfSteps>() => Err(OutOfSteps),
            Err(reason) => resume_unwind(reason),
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        STEPS_LEFT.set(u64::MAX);
        NEXT_LOOK.set(0);
        STACK_FROM.set(None);
    }
}

/// Where on its stack this thread is, about.
#[inline(always)]
fn stack_place() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

/// The CPU time of this thread: other work on the machine does not count.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

fn text_steps(text: &str) -> u64 {
    u64::try_from(text.len() / BYTES_PER_STEP).unwrap_or(u64::MAX)
}

/// Charges for reading a text, whatever reads it.
pub(super) fn charge_text(text: &str) {
    let weight = WEIGHT.get();
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if length.saturating_mul(weight.states) > MAX_STATE_BYTES {
        end();
    }
    charge((1 + text_steps(text)).saturating_mul(weight.text));
}

fn charge(steps: u64) {
    let Some(left) = STEPS_LEFT.get().checked_sub(steps) else { end() };
    STEPS_LEFT.set(left);
    if STACK_FROM.get().is_some_and(|from| from.abs_diff(stack_place()) > MAX_STACK) {
        end();
    }
    if left < NEXT_LOOK.get() {
        NEXT_LOOK.set(left.saturating_sub(STEPS_PER_LOOK));
        let now = cpu_time();
        match ENDS.get() {
            None => ENDS.set(Some(now.saturating_add(MAX_TIME))),
            Some(ends) if now > ends => end(),
            Some(_) => {}
        }
    }
}

/// Unlike a panic it is no error of this program, and no hook reports it.
fn end() -> ! {
    resume_unwind(Box::new(OutOfSteps))
}

fn is_collecting() -> bool {
    REPORTED.get() < MAX_REPORTED
}

/// The representation of JSON that validators are built for.
pub(super) struct MeteredJson;

#[derive(Clone, Copy)]
pub(super) struct Metered<'a>(pub(super) &'a Value);

pub(super) struct MeteredObject<'a>(&'a Map<String, Value>);

pub(super) struct MeteredArray<'a>(&'a [Value]);

pub(super) struct Members<'a>(map::Iter<'a>);

pub(super) struct Elements<'a>(slice::Iter<'a, Value>);

impl Json for MeteredJson {
    type Node<'a> = Metered<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    const KEYS_PER_LOOKUP: usize = SerdeJson::KEYS_PER_LOOKUP;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Metered<'_>) -> T) -> T {
        charge_text(string);
        f(Metered(&Value::String(string.to_owned())))
    }
}

impl<'a> Node<'a, MeteredJson> for Metered<'a> {
    type Object = MeteredObject<'a>;
    type Array = MeteredArray<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<MeteredObject<'a>> {
        charge(1);
        self.0.as_object().map(MeteredObject)
    }

    fn as_array(&self) -> Option<MeteredArray<'a>> {
        charge(1);
        self.0.as_array().map(|items| MeteredArray(items))
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.0.as_str();
        charge(1);
        text.map(charge_text);
        text.map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        charge(1);
        self.0.as_number()
    }

    fn as_boolean(&self) -> Option<bool> {
        charge(1);
        self.0.as_bool()
    }

    fn is_null(&self) -> bool {
        charge(1);
        self.0.is_null()
    }

    fn json_type(&self) -> JsonType {
        charge(1);
        Node::<SerdeJson>::json_type(&self.0)
    }

    fn string_length(&self) -> Option<u64> {
        charge(1 + self.0.as_str().map_or(0, text_steps));
        Node::<SerdeJson>::string_length(&self.0)
    }

    fn string_length_within(&self, min: u64, max: u64) -> Option<bool> {
        charge(1 + self.0.as_str().map_or(0, text_steps));
        Node::<SerdeJson>::string_length_within(&self.0, min, max)
    }

    fn equals_value(&self, expected: &Value) -> bool {
        compare(self.0, expected) == Ordering::Equal
    }

    fn to_value(&self) -> Cow<'a, Value> {
        // The validator copies it into an error.
        charge(1 + self.0.as_str().map_or(0, text_steps));
        REPORTED.set(REPORTED.get().saturating_add(1));
        Cow::Borrowed(self.0)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Node::<SerdeJson>::identity(&self.0)
    }
}

impl<'a> Object<'a, MeteredJson> for MeteredObject<'a> {
    type Node = Metered<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        charge(1);
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<Metered<'a>> {
        // Names are compared on the way down a tree.
        charge(1 + u64::from(self.0.len().checked_ilog2().unwrap_or(0)));
        self.0.get(key).map(Metered)
    }

    fn members(&self) -> Members<'a> {
        charge(1);
        Members(self.0.iter())
    }
}

impl<'a> Array<'a, MeteredJson> for MeteredArray<'a> {
    type Node = Metered<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        charge(1);
        self.0.len()
    }

    fn elements(&self) -> Elements<'a> {
        charge(1);
        Elements(self.0.iter())
    }

    fn is_unique(&self) -> bool {
        charge(1);
        let mut sorted: Vec<&Value> = self.0.iter().collect();
        sorted.sort_unstable_by(|one, other| compare(one, other));
        sorted.windows(2).all(|pair| compare(pair[0], pair[1]) != Ordering::Equal)
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Metered<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        charge(WEIGHT.get().part);
        let (name, member) = self.0.next().filter(|_| is_collecting())?;
        charge_text(name);
        // The path of every problem below has a copy of it.
        charge(text_steps(name) * u64::from(MAX_REPORTED));
        Some((name, Metered(member)))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Metered<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        charge(WEIGHT.get().part);
        self.0.next().filter(|_| is_collecting()).map(Metered)
    }
}

/// A total order in which values are equal that JSON Schema calls equal: numbers by what they are worth, objects whatever the
/// order of their members. A step for every part that is compared.
fn compare(one: &Value, other: &Value) -> Ordering {
    charge(1);
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => compare_numbers(one, other),
        (Value::String(one), Value::String(other)) => {
            charge(text_steps(one).min(text_steps(other)));
            one.cmp(other)
        }
        (Value::Array(one), Value::Array(other)) => {
            let parts = one.iter().zip(other).map(|(one, other)| compare(one, other));
            one.len().cmp(&other.len()).then_with(|| first_difference(parts))
        }
        (Value::Object(one), Value::Object(other)) => {
            let parts = || {
                sorted(one).into_iter().zip(sorted(other)).map(|((name, member), (other_name, other))| {
                    charge(text_steps(name).min(text_steps(other_name)));
                    name.cmp(other_name).then_with(|| compare(member, other))
                })
            };
            one.len().cmp(&other.len()).then_with(|| first_difference(parts()))
        }
        _ => rank(one).cmp(&rank(other)),
    }
}

fn first_difference(mut parts: impl Iterator<Item = Ordering>) -> Ordering {
    parts.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Members by name: a map may keep them in the order in which they were written.
fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    charge(u64::try_from(members.len()).unwrap_or(u64::MAX));
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    sorted
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn compare_numbers(one: &Number, other: &Number) -> Ordering {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        // Whole numbers of 2^53 and more are no neighbours of any fraction: rounding them changes no order.
        _ => float(one).total_cmp(&float(other)),
    }
}

/// The number if it is whole and not larger than 128 bits hold.
fn whole(number: &Number) -> Option<i128> {
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    integer.or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e38)?;
        #[expect(clippy::cast_possible_truncation, reason = "whole, and in the range of the type")]
        let whole = float as i128;
        Some(whole)
    })
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// More than any of these values needs.
    const ENOUGH: u64 = 10_000_000;
    const ONE: Weight = Weight { part: 1, text: 1, states: 1 };

    fn within<T>(steps: u64, weight: Weight, check: impl FnOnce() -> T) -> Result<T, OutOfSteps> {
        Meter::start(steps, weight).run(check)
    }

    fn is_unique(items: &Value) -> bool {
        within(ENOUGH, ONE, || Metered(items).as_array().is_some_and(|items| items.is_unique())).unwrap()
    }

    #[test]
    fn equality_is_that_of_json_schema() {
        let unequal =
            json!([null, false, true, 0, 0.5, 1, "", "1", "a", [], [1], [[1]], [1, 2], [[1], 2], {}, {"a": 1}]);
        assert!(is_unique(&unequal));
        for pair in [
            json!([1, 1.0]),
            json!([0, -0.0]),
            json!([{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}]),
            json!([9_007_199_254_740_993_u64, 9_007_199_254_740_993_u64]),
            json!([[[]], [[]]]),
            json!([1e300, 1e300]),
        ] {
            assert!(!is_unique(&pair), "{pair}");
        }
        assert!(is_unique(&json!([9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64])));
        assert!(is_unique(&json!([u64::MAX, u64::MAX - 1, i64::MIN, 1e300, -1e300])));
    }

    #[test]
    fn a_check_ends_when_its_steps_are_spent() {
        let value = json!([1, 2, 3]);
        let count = || Metered(&value).as_array().map(|items| items.elements().count());
        assert_eq!(within(6, ONE, count), Ok(Some(3)));
        assert_eq!(within(5, ONE, count), Err(OutOfSteps));
        assert_eq!(within(30, Weight { part: 10, ..ONE }, count), Err(OutOfSteps), "each item has a weight");
        assert!(within(ENOUGH, ONE, count).is_ok(), "the next check has steps of its own");
    }

    #[test]
    fn collecting_problems_ends_long_before_the_value_does() {
        let schema = json!({ "items": { "type": "string" } });
        let validator = jsonschema::options_for::<MeteredJson>().build(&schema).unwrap();
        let wrong = json!(vec![1; 100_000]);
        let collected = within(1_000, ONE, || validator.iter_errors(Metered(&wrong)).count());
        assert!(collected.is_ok_and(|count| count >= 20), "{collected:?}");
    }

    #[test]
    fn a_check_ends_when_its_time_is_over_though_steps_are_left() {
        let endless = || {
            loop {
                charge(1);
            }
        };
        assert_eq!(within(u64::MAX, ONE, endless), Err::<(), _>(OutOfSteps));
    }

    #[test]
    fn a_text_that_a_large_pattern_would_read_for_long_is_not_read() {
        let text = json!("x".repeat(10_000));
        let read = || Metered(&text).as_string().map(|text| text.len());
        assert_eq!(within(ENOUGH, Weight { states: 600, ..ONE }, read), Ok(Some(10_000)));
        assert_eq!(within(ENOUGH, Weight { states: 601, ..ONE }, read), Err(OutOfSteps));
    }

    #[test]
    fn a_panic_of_the_validator_stays_one() {
        let panicked = catch_unwind(|| within(1, ONE, || panic!("a fault")));
        assert!(panicked.is_err_and(|reason| !reason.is::<OutOfSteps>()));
    }
}
