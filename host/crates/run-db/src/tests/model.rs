//! The rules of leases, places and messages as a small model in memory, and a test that the database follows it whatever several
//! workers do in whatever order.

use proptest::{collection::vec, option, prelude::*};
use workway_runs::{
    AppendError, Becomes, Concurrency, OnLimit, RunLimits, RunStatus, RunStore, RunStoreError, Started,
};

use super::*;

const WORKERS: [&str; 3] = ["w0", "w1", "w2"];
const QUEUES: [(&str, &str); 3] = [("ann", "ins_1"), ("ann", "ins_2"), ("bob", "ins_3")];
const LIMITS: RunLimits = RunLimits { running_per_user: 2, running: 3, queued_per_installation: 3, queued: 5 };

struct ModelRun {
    queue: usize,
    limit: u32,
    key: Option<u8>,
    created_at: i64,
    status: RunStatus,
    has_place: bool,
    due: Option<i64>,
    worker: Option<usize>,
    epoch: u64,
    /// Kinds and times of messages that were not read.
    inbox: Vec<(&'static str, i64)>,
    events: u32,
}

#[derive(Default)]
struct Model {
    now: i64,
    runs: Vec<ModelRun>,
    /// When the workers' leases end; none if not registered.
    until: [Option<i64>; 3],
}

#[derive(Clone, Debug)]
enum Step {
    Tick(i64),
    Start {
        queue: usize,
        limit: u32,
        on_limit: OnLimit,
        key: Option<u8>,
    },
    Renew(usize, i64),
    Bury(usize),
    Claim(usize, u32),
    /// With one of the leases that were ever given out.
    Append {
        lease: usize,
        becomes: Option<Becomes>,
        reads: bool,
    },
    Send {
        run: usize,
        is_cancel: bool,
    },
}

impl Model {
    fn is_live(&self, worker: Option<usize>) -> bool {
        worker.is_some_and(|worker| self.until[worker].is_some_and(|until| until >= self.now))
    }

    fn open(&self, queue: usize) -> Vec<usize> {
        (0..self.runs.len()).filter(|&run| self.runs[run].queue == queue && !self.runs[run].status.is_ended()).collect()
    }

    fn queued(&self, queue: Option<usize>) -> usize {
        let is_queued =
            |run: &&ModelRun| run.status == RunStatus::Queued && queue.is_none_or(|queue| run.queue == queue);
        self.runs.iter().filter(is_queued).count()
    }

    /// Places go to the first that waits, while its limit allows one more.
    fn admit(&mut self, queue: usize) {
        let open = self.open(queue);
        let mut taken = open.iter().filter(|&&run| self.runs[run].has_place).count();
        for run in open {
            let run = &mut self.runs[run];
            if run.has_place {
                continue;
            }
            if taken >= run.limit as usize {
                return;
            }
            (run.has_place, run.due) = (true, Some(run.created_at));
            taken += 1;
        }
    }

    fn start(
        &mut self,
        queue: usize,
        limit: u32,
        on_limit: OnLimit,
        key: Option<u8>,
    ) -> Result<Started, RunStoreError> {
        let has_key = |run: &ModelRun| run.queue == queue && run.key == key && key.is_some();
        if let Some(known) = self.runs.iter().position(has_key) {
            return Ok(Started::Known(run_id(known)));
        }
        let open = self.open(queue);
        if on_limit == OnLimit::Skip && open.len() >= limit as usize {
            return Ok(Started::Skipped);
        }
        if self.queued(Some(queue)) >= LIMITS.queued_per_installation as usize
            || self.queued(None) >= LIMITS.queued as usize
        {
            return Err(RunStoreError::QueueFull);
        }
        if on_limit == OnLimit::CancelRunning {
            for &run in open.iter().take((open.len() + 1).saturating_sub(limit as usize)) {
                if self.runs[run].inbox.iter().all(|(kind, _)| *kind != "cancel") {
                    self.put(run, "cancel");
                }
            }
        }
        self.runs.push(ModelRun {
            queue,
            limit,
            key,
            created_at: self.now,
            status: RunStatus::Queued,
            has_place: false,
            due: None,
            worker: None,
            epoch: 0,
            inbox: Vec::new(),
            events: 1,
        });
        self.admit(queue);
        Ok(Started::New)
    }

    fn put(&mut self, run: usize, kind: &'static str) {
        let run = &mut self.runs[run];
        run.inbox.push((kind, self.now));
        run.has_place |= kind == "cancel";
        if run.has_place {
            run.due = Some(run.due.unwrap_or(self.now).min(self.now));
        }
    }

    fn send(&mut self, run: usize, kind: &'static str) -> bool {
        if self.runs.get(run).is_none_or(|run| run.status.is_ended()) {
            return false;
        }
        self.put(run, kind);
        self.admit(self.runs[run].queue);
        true
    }

    fn claim(&mut self, worker: usize, most: u32) -> Vec<(usize, u64)> {
        let mut taken = Vec::new();
        while self.is_live(Some(worker)) && taken.len() < most as usize {
            let live: Vec<&ModelRun> = self.runs.iter().filter(|run| self.is_live(run.worker)).collect();
            let of = |owner| live.iter().filter(|run| QUEUES[run.queue].0 == owner).count();
            let next = (0..self.runs.len())
                .filter(|&run| {
                    self.runs[run].due.is_some_and(|due| due <= self.now) && !self.is_live(self.runs[run].worker)
                })
                .filter(|&run| of(QUEUES[self.runs[run].queue].0) < LIMITS.running_per_user as usize)
                .min_by_key(|&run| (self.runs[run].due, run));
            let Some(next) = next.filter(|_| live.len() < LIMITS.running as usize) else { break };
            let run = &mut self.runs[next];
            (run.status, run.worker, run.epoch) = (RunStatus::Running, Some(worker), run.epoch + 1);
            taken.push((next, run.epoch));
        }
        taken
    }

    fn append(
        &mut self,
        (run, worker, epoch): (usize, usize, u64),
        becomes: Option<&Becomes>,
        reads: bool,
    ) -> Option<u32> {
        let row = &mut self.runs[run];
        if (row.worker, row.epoch) != (Some(worker), epoch) {
            return None;
        }
        row.events += 1;
        if reads {
            row.inbox.clear();
        }
        let first = row.inbox.iter().map(|(_, at)| *at).min();
        match becomes {
            None => return Some(row.events),
            Some(Becomes::Waiting { due }) => {
                row.status = RunStatus::Waiting;
                row.due = due.map(Timestamp::as_millis).into_iter().chain(first).min();
            }
            Some(Becomes::Runnable) => {}
            Some(Becomes::OutcomeUnknown) => (row.status, row.due) = (RunStatus::OutcomeUnknown, first),
            Some(Becomes::Ended(status)) => {
                (row.status, row.due) = ((*status).into(), None);
                row.inbox.clear();
            }
        }
        row.worker = None;
        let (queue, events) = (row.queue, row.events);
        self.admit(queue);
        Some(events)
    }

    fn bury(&mut self, worker: usize) {
        self.until[worker] = None;
        for run in &mut self.runs {
            run.worker = run.worker.filter(|holder| *holder != worker);
        }
    }
}

fn run_id(run: usize) -> RunId {
    id(&format!("run_{run:03}"))
}

fn step() -> impl Strategy<Value = Step> {
    let on_limit = prop_oneof![3 => Just(OnLimit::Queue), 1 => Just(OnLimit::Skip), 1 => Just(OnLimit::CancelRunning)];
    let becomes = prop_oneof![
        Just(None),
        Just(Some(Becomes::Waiting { due: None })),
        (0_i64..60).prop_map(|due| Some(Becomes::Waiting { due: Some(at(due)) })),
        Just(Some(Becomes::Runnable)),
        Just(Some(Becomes::OutcomeUnknown)),
        Just(Some(Becomes::Ended(EndStatus::Succeeded))),
        Just(Some(Becomes::Ended(EndStatus::Failed))),
    ];
    prop_oneof![
        2 => (1_i64..9).prop_map(Step::Tick),
        5 => (0..QUEUES.len(), 1_u32..4, on_limit, option::weighted(0.3, 0_u8..4))
            .prop_map(|(queue, limit, on_limit, key)| Step::Start { queue, limit, on_limit, key }),
        3 => (0..WORKERS.len(), 0_i64..20).prop_map(|(worker, more)| Step::Renew(worker, more)),
        1 => (0..WORKERS.len()).prop_map(Step::Bury),
        6 => (0..WORKERS.len(), 0_u32..4).prop_map(|(worker, most)| Step::Claim(worker, most)),
        6 => (0_usize..100, becomes, any::<bool>())
            .prop_map(|(lease, becomes, reads)| Step::Append { lease, becomes, reads }),
        2 => (0_usize..12, any::<bool>()).prop_map(|(run, is_cancel)| Step::Send { run, is_cancel }),
    ]
}

/// Carries out a step in both, and compares the answers.
async fn both(
    model: &mut Model,
    database: &RunDatabase,
    leases: &mut Vec<(usize, usize, u64)>,
    step: Step,
) -> Result<(), TestCaseError> {
    let now = at(model.now);
    match step {
        Step::Tick(milliseconds) => model.now += milliseconds,
        Step::Start { queue, limit, on_limit, key } => {
            let (owner, installation) = QUEUES[queue];
            let run = NewRun {
                id: run_id(model.runs.len()),
                owner: user(owner),
                dedupe: key.map(|key| key.to_string()),
                concurrency: Concurrency { limit, on_limit },
                ..of_installation("", installation, limit, model.now)
            };
            prop_assert_eq!(database.start(run, &LIMITS).await, model.start(queue, limit, on_limit, key));
        }
        Step::Renew(index, more) => {
            model.until[index] = Some(model.now + more);
            database.renew(&worker(WORKERS[index]), at(model.now + more)).await.unwrap();
        }
        Step::Bury(index) => {
            model.bury(index);
            database.bury(&worker(WORKERS[index])).await.unwrap();
        }
        Step::Claim(index, most) => {
            let claimed = database.claim(&worker(WORKERS[index]), now, most, &LIMITS).await.unwrap();
            let claimed: Vec<_> = claimed.into_iter().map(|lease| (lease.run, lease.epoch)).collect();
            let wanted = model.claim(index, most);
            leases.extend(wanted.iter().map(|(run, epoch)| (*run, index, *epoch)));
            prop_assert_eq!(claimed, wanted.into_iter().map(|(run, epoch)| (run_id(run), epoch)).collect::<Vec<_>>());
        }
        Step::Append { lease, becomes, reads } => {
            let Some(&(run, index, epoch)) = leases.get(lease % leases.len().max(1)) else { return Ok(()) };
            let lease = Lease { run: run_id(run), worker: worker(WORKERS[index]), epoch };
            let inbox = database.inbox(&lease.run).await.unwrap();
            let read = inbox.iter().filter(|_| reads).map(|message| message.id).collect();
            let attempt = model.runs[run].events;
            let append = Append { read, becomes: becomes.clone(), ..appending(vec![event("a", attempt, "ended")]) };
            let wanted = model.append((run, index, epoch), becomes.as_ref(), reads);
            let wanted = wanted.map(u64::from).ok_or(AppendError::Fenced);
            prop_assert_eq!(database.append(&lease, append).await, wanted);
        }
        Step::Send { run, is_cancel } => {
            let kind = if is_cancel { "cancel" } else { "event" };
            let wanted = model.send(run, kind);
            prop_assert_eq!(database.send(&run_id(run), kind, Vec::new(), now).await, Ok(wanted));
        }
    }
    Ok(())
}

/// Compares all that can be read.
async fn compare(model: &Model, database: &RunDatabase) -> Result<(), TestCaseError> {
    for (number, run) in model.runs.iter().enumerate() {
        let stored = database.run(&run_id(number)).await.unwrap().unwrap();
        let seen = (stored.status, stored.due.map(Timestamp::as_millis), stored.last_seq);
        prop_assert_eq!(seen, (run.status, run.due, u64::from(run.events)), "{}", stored.id);
        let inbox = database.inbox(&stored.id).await.unwrap();
        let inbox: Vec<_> = inbox.iter().map(|message| (&*message.kind, message.at.as_millis())).collect();
        prop_assert_eq!(inbox, &run.inbox[..], "{}", stored.id);
    }
    let later = model.runs.iter().filter(|run| run.worker.is_none()).filter_map(|run| run.due);
    let next = later.filter(|due| *due > model.now).min().map(at);
    prop_assert_eq!(database.next_due(at(model.now)).await, Ok(next));
    let is_expired = |run: &&ModelRun| run.worker.is_some() && !model.is_live(run.worker);
    let expired = model.runs.iter().filter(is_expired).count() as u64;
    prop_assert_eq!(database.counts(at(model.now)).await.unwrap().expired_leases, expired);
    assert_counters_are_right(database).await;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_database_does_what_the_model_says(steps in vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (database, _guard) = fresh().await;
            let (mut model, mut leases) = (Model::default(), Vec::new());
            for step in steps {
                both(&mut model, &database, &mut leases, step).await?;
            }
            compare(&model, &database).await
        })?;
    }
}
