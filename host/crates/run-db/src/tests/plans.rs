//! What is asked often is a search in an index, however many runs wait.

use sqlx::{AssertSqlSafe, QueryBuilder, Row};
use workway_runs::{Place, RunFilter, RunStatus};

use super::*;
use crate::{claim, list, places, triggers};

/// What SQLite does for a statement, a line for each table.
async fn plan(database: &RunDatabase, statement: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")))
        .fetch_all(&database.reader)
        .await
        .unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

/// Fails if the statement looks at all rows of a table that grows, or does not use an index of those.
async fn assert_searches(database: &RunDatabase, statement: &str, indexes: &[&str]) {
    let plan = plan(database, statement).await;
    let scanned: Vec<_> = plan
        .iter()
        .filter(|line| line.starts_with("SCAN"))
        .filter(|line| !["SCAN json_each", "SCAN (subquery", "SCAN w"].iter().any(|small| line.starts_with(small)))
        .collect();
    assert!(scanned.is_empty(), "{statement}\n{plan:#?}");
    for index in indexes {
        assert!(plan.iter().any(|line| line.contains(index)), "{index}: {statement}\n{plan:#?}");
    }
}

#[tokio::test]
async fn claiming_searches_indexes() {
    let (database, _guard) = fresh().await;
    assert_searches(&database, claim::CANDIDATES, &["INDEX runs_due (due", "INDEX runs_leased (worker=?)"]).await;
    assert_searches(&database, claim::LEASED, &["INDEX runs_leased (worker=?)"]).await;
    assert_searches(&database, claim::NEXT_DUE, &["INDEX runs_due (due>?)"]).await;
    let mut admit = QueryBuilder::new("");
    places::push_admit_after(&mut admit, "run");
    assert_searches(&database, admit.sql().as_str(), &["INDEX runs_places (queue=? AND has_place=?)"]).await;
    assert_searches(&database, triggers::DUE_SCHEDULES, &["INDEX triggers_next_at (next_at<?)"]).await;
    assert_searches(&database, triggers::NEXT_SCHEDULE, &["INDEX triggers_next_at"]).await;
}

#[tokio::test]
async fn candidates_come_sorted_out_of_the_index() {
    let (database, _guard) = fresh().await;
    let unheld = "SELECT number, owner, due FROM runs WHERE worker IS NULL AND due <= ?4 AND (due, number) > (?2, ?3) \
                  AND owner NOT IN (SELECT value FROM json_each(?1)) ORDER BY due, number LIMIT ?6";
    assert!(claim::CANDIDATES.contains(unheld), "{}", claim::CANDIDATES);
    let plan = plan(&database, unheld).await;
    assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{plan:#?}");
}

#[tokio::test]
async fn common_lists_search_indexes() {
    let (database, _guard) = fresh().await;
    let owner = Some(user("ann"));
    let place = Place(id("run"));
    let of_owner = RunFilter { owner: owner.clone(), ..RunFilter::default() };
    let of_status = RunFilter { status: Some(RunStatus::Failed), ..of_owner.clone() };
    let of_installation = RunFilter { installation: Some("ins_1".into()), ..of_owner.clone() };
    let of_both = RunFilter { status: Some(RunStatus::Failed), ..of_installation.clone() };
    for (filter, index) in [
        (of_owner, "INDEX runs_owner (owner=?"),
        (of_status, "INDEX runs_owner_status (owner=? AND status=?"),
        (of_installation, "INDEX runs_installation (installation=?"),
        (of_both, "INDEX runs_installation (installation=?"),
    ] {
        for after in [None, Some(&place)] {
            let sql = list::select(&filter, after, 10).sql();
            assert_searches(&database, sql.as_str(), &[index]).await;
            let plan = plan(&database, sql.as_str()).await;
            assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}
