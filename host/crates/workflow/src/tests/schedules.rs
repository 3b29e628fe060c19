//! When schedules fire: across the changes of a time zone's clock, and however the host's own clock is set.

use std::time::Duration;

use proptest::prelude::*;
use workway_model::Timestamp;

use crate::{MISFIRE_GRACE, Misfire, Schedule, SchedulePlan};

fn at(time: &str) -> Timestamp {
    time.parse().expect("a time")
}

fn rome(cron: &str) -> Schedule {
    Schedule::parse(cron, "Europe/Rome").expect(cron)
}

/// The times of a schedule after `from`, up to `until`.
fn times(schedule: &Schedule, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let next = |time: &Timestamp| schedule.next_after(*time).filter(|next| *next <= until);
    std::iter::successors(next(&from), next).collect()
}

fn days_of_august(cron: &str) -> Vec<u32> {
    // August 2026 begins on a Saturday.
    let schedule = Schedule::parse(cron, "UTC").expect(cron);
    let times = times(&schedule, at("2026-07-31T23:59:00Z"), at("2026-08-31T23:59:00Z"));
    times.into_iter().map(|time| time.to_string()[8..10].parse().expect("a day")).collect()
}

#[test]
fn a_schedule_follows_the_clocks_of_its_time_zone() {
    let schedule = rome("30 9 * * 1-5");
    let next = |time: &str| schedule.next_after(at(time)).expect("comes").to_string();
    assert_eq!(next("2026-01-05T00:00:00Z"), "2026-01-05T08:30:00.000Z");
    assert_eq!(next("2026-01-05T08:29:59.999Z"), "2026-01-05T08:30:00.000Z");
    assert_eq!(next("2026-01-05T08:30:00.001Z"), "2026-01-06T08:30:00.000Z");
    assert_eq!(next("2026-07-03T07:30:00Z"), "2026-07-06T07:30:00.000Z", "Friday to Monday, in summer");
}

#[test]
fn a_daily_time_comes_once_on_the_days_when_clocks_change() {
    let schedule = rome("30 2 * * *");
    let spring = times(&schedule, at("2026-03-28T00:00:00Z"), at("2026-03-30T12:00:00Z"));
    // On 29 March there is no 02:30: the first time after the gap is 03:00 in summer time.
    assert_eq!(spring, [at("2026-03-28T01:30:00Z"), at("2026-03-29T01:00:00Z"), at("2026-03-30T00:30:00Z")]);
    let autumn = times(&schedule, at("2026-10-24T00:00:00Z"), at("2026-10-26T12:00:00Z"));
    // On 25 October there are two, of which the first is taken.
    assert_eq!(autumn, [at("2026-10-24T00:30:00Z"), at("2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z")]);
}

#[test]
fn a_frequent_time_is_neither_lost_nor_doubled_when_clocks_change() {
    let schedule = rome("*/30 * * * *");
    for day in ["2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"] {
        let half_hours = (1..=24).map(|count| at(day) + Duration::from_secs(count * 30 * 60));
        assert_eq!(times(&schedule, at(day), at(day) + Duration::from_secs(12 * 60 * 60)), Vec::from_iter(half_hours));
    }
}

#[test]
fn one_of_two_restricted_day_fields_is_enough() {
    for (cron, days) in [
        ("0 0 13 * 5", vec![7, 13, 14, 21, 28]),
        ("0 0 13 * *", vec![13]),
        ("0 0 * * 5", vec![7, 14, 21, 28]),
        ("0 0 13 * ?", vec![13]),
        ("0 0 ? * 5", vec![7, 14, 21, 28]),
        // Only `*` itself does not restrict: in some other programs `*/10` does not either.
        ("0 0 */10 * 5", vec![1, 7, 11, 14, 21, 28, 31]),
        ("0 0 1-31 * 5", (1..=31).collect()),
        ("0 0 14 * +5", vec![14]),
        ("0 0 13 * +5", vec![]),
        ("0 0 * * 7", vec![2, 9, 16, 23, 30]),
        ("0 0 * * 0", vec![2, 9, 16, 23, 30]),
    ] {
        assert_eq!(days_of_august(cron), days, "{cron}");
    }
}

#[test]
fn what_is_no_schedule_is_refused_with_a_reason() {
    for (cron, part) in [
        ("* * * * * *", "five fields"),
        ("*/5 * * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("61 * * * *", "invalid cron pattern"),
        ("a b c d e", "invalid cron pattern"),
        ("0 0 30 2 *", "never matches a date"),
        (&format!("{} * * * *", "1,".repeat(100)), "five fields"),
    ] {
        let error = Schedule::parse(cron, "UTC").expect_err(cron).to_string();
        assert!(error.contains(part), "{cron}: {error}");
    }
    for timezone in ["", "Europe/Atlantis", "+02:00", "europe/rome "] {
        let error = Schedule::parse("0 9 * * *", timezone).expect_err(timezone).to_string();
        assert!(error.contains("unknown time zone"), "{timezone}: {error}");
    }
}

#[test]
fn a_missed_time_is_skipped_or_made_up_for_once() {
    let planned = at("2026-11-29T10:10:00Z");
    let plan = |misfire: Misfire, now: Timestamp| rome("*/10 * * * *").with_misfire(misfire).plan(planned, now);
    let next = |time: &str| Some(at(time));
    for misfire in Misfire::ALL {
        for late in [Duration::ZERO, MISFIRE_GRACE] {
            let expected = SchedulePlan { fire: true, scheduled_at: planned, next_at: next("2026-11-29T10:20:00Z") };
            assert_eq!(plan(misfire, planned + late), expected, "{late:?}");
        }
        let early = plan(misfire, planned - Duration::from_millis(1));
        assert_eq!(early, SchedulePlan { fire: false, scheduled_at: planned, next_at: Some(planned) });
        let too_late = plan(misfire, planned + MISFIRE_GRACE + Duration::from_millis(1));
        assert_eq!((too_late.fire, too_late.next_at), (misfire == Misfire::Once, next("2026-11-29T10:20:00Z")));
        // However long it was: one run, and the next one on the grid.
        let after_days = plan(misfire, at("2026-12-02T17:44:13.250Z"));
        let expected = SchedulePlan {
            fire: misfire == Misfire::Once,
            scheduled_at: planned,
            next_at: next("2026-12-02T17:50:00Z"),
        };
        assert_eq!(after_days, expected);
    }
}

#[test]
fn a_schedule_may_end() {
    let schedule = Schedule::parse("0 0 1 1 *", "UTC").expect("is a schedule");
    let plan = schedule.plan(at("2027-01-01T00:00:00Z"), at("5000-06-01T00:00:00Z"));
    assert_eq!((plan.fire, plan.next_at), (true, None));
}

/// What a host does each time that it looks at its clock.
struct Host {
    schedule: Schedule,
    planned: Option<Timestamp>,
    /// The times that were planned and are no more.
    done: Vec<Timestamp>,
    /// The times that were fired, each with the clock's time.
    fired: Vec<(Timestamp, Timestamp)>,
}

impl Host {
    fn new(schedule: Schedule, now: Timestamp) -> Self {
        Self { planned: schedule.next_after(now), schedule, done: Vec::new(), fired: Vec::new() }
    }

    fn look(&mut self, now: Timestamp) {
        let Some(planned) = self.planned else { return };
        let plan = self.schedule.plan(planned, now);
        self.fired.extend(plan.fire.then_some((plan.scheduled_at, now)));
        if plan.next_at != Some(planned) {
            self.done.push(planned);
        }
        self.planned = plan.next_at;
    }
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let crons = ["* * * * *", "*/10 * * * *", "*/30 * * * *", "0 * * * *", "30 2 * * *", "15 1-3 * * *"];
    let zones = ["Europe/Rome", "UTC", "Australia/Lord_Howe"];
    (prop::sample::select(crons.to_vec()), prop::sample::select(zones.to_vec()))
        .prop_map(|(cron, zone)| Schedule::parse(cron, zone).expect("is a schedule"))
}

/// Evenings before clocks change, in Rome or on Lord Howe Island, and one before an ordinary day.
fn any_start() -> impl Strategy<Value = Timestamp> {
    let evenings = [
        "2026-03-28T22:00:00Z",
        "2026-10-24T22:00:00Z",
        "2026-04-04T12:00:00Z",
        "2026-10-03T12:00:00Z",
        "2026-11-28T22:00:00Z",
    ];
    (prop::sample::select(evenings.to_vec()), 0..7_200_000_u64)
        .prop_map(|(evening, later)| at(evening) + Duration::from_millis(later))
}

/// How far the clock is from where it was, in milliseconds: mostly a little, at times an hour forth or back.
fn any_moves(most: u64) -> impl Strategy<Value = Vec<i64>> {
    let tick = (1..i64::try_from(most).expect("is small")).boxed();
    let jump = prop::sample::select(vec![3_600_000_i64, -3_600_000]).boxed();
    prop::collection::vec(prop_oneof![9 => tick, 1 => jump], 1..150)
}

fn moved(time: Timestamp, by: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis() + by)
}

proptest! {
    #[test]
    fn no_time_is_fired_twice_and_none_lost_wherever_the_clock_goes(
        schedule in any_schedule(), start in any_start(), misfire in prop::sample::select(Misfire::ALL.to_vec()), moves in any_moves(600_000),
    ) {
        let mut host = Host::new(schedule.with_misfire(misfire), start);
        let (mut now, mut latest) = (start, start);
        for by in moves {
            now = moved(now, by);
            latest = latest.max(now);
            host.look(now);
        }
        let scheduled: Vec<Timestamp> = host.fired.iter().map(|(scheduled, _)| *scheduled).collect();
        prop_assert!(scheduled.is_sorted_by(|one, next| one < next), "{:?}", scheduled);
        let due = times(&host.schedule, start, latest);
        prop_assert!(scheduled.iter().all(|time| due.contains(time)));
        prop_assert!(host.planned.is_none_or(|planned| planned > latest), "{:?}", host.planned);
        if misfire == Misfire::Once {
            prop_assert_eq!(&scheduled, &host.done, "what was planned was fired");
            // A time that no run has of its own passed together with the one that a late run has.
            for time in due {
                prop_assert!(host.fired.iter().any(|(scheduled, now)| *scheduled <= time && time <= *now), "{}", time);
            }
        }
    }

    #[test]
    fn a_host_that_looks_often_enough_fires_every_time(
        schedule in any_schedule(), start in any_start(), misfire in prop::sample::select(Misfire::ALL.to_vec()),
        ticks in prop::collection::vec(1..59_000_i64, 1..400),
    ) {
        let mut host = Host::new(schedule.with_misfire(misfire), start);
        let mut now = start;
        for tick in ticks {
            now = moved(now, tick);
            host.look(now);
        }
        let scheduled: Vec<Timestamp> = host.fired.iter().map(|(scheduled, _)| *scheduled).collect();
        prop_assert_eq!(scheduled, times(&host.schedule, start, now));
    }
}
