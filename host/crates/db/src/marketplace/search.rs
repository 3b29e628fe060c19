//! Reads lists of public listings. Lists of all, of a category and of a developer come from an index of the table; everything
//! else is matched by `marketplace_search`.
//!
//! With a text, the order of popularity is that of rowids, so that a page costs no more than what it shows. Other orders sort
//! all matches by what `listings_facts` has of them, which is linear in their number. Searches have connections of their own.

use sqlx::{QueryBuilder, Sqlite};
use workway_marketplace::{
    Doc, ListFilter, ListPage, SearchText, SearchWord, Sort,
    bounds::{MAX_COMPARED_NAMES, MAX_TOTAL},
};

use super::{
    SqliteListings,
    expression::{self, Facet},
};
use crate::pool::from_stored;

/// The condition of the partial indexes, word for word.
const PUBLIC: &str = "l.status = 'published' AND l.visibility = 'public'";
/// Not `average_rating`: a generated column would have the whole row read. Null without a review.
const RATING: &str = "CAST(l.rating_sum AS REAL) / l.review_count";
/// How many listings are counted: one more than a total says.
const COUNTED: u32 = MAX_TOTAL + 1;
/// The table by its narrow index, beside a match.
const WITH_FACTS: &str = " CROSS JOIN marketplace_integrations l INDEXED BY listings_facts \
    ON l.doc = marketplace_search.rowid & 4294967295";

/// Which listings a list has.
struct Selection<'a> {
    /// None where an index of the table has the list.
    expression: Option<String>,
    facets: Vec<(Facet, &'a str)>,
    min_rating: Option<f64>,
}

impl<'a> Selection<'a> {
    /// None if no listing can be selected.
    fn new(text: Option<&SearchText>, filter: &'a ListFilter) -> Option<Self> {
        let (facets, min_rating) = (expression::facets(filter), filter.min_rating());
        let is_popular = matches!(filter.sort, Sort::Popular | Sort::Relevance);
        let is_indexed = match facets.as_slice() {
            [] => true,
            [(Facet::Category | Facet::Developer, _)] => is_popular && min_rating.is_none(),
            _ => false,
        };
        let expression = if text.is_none() && is_indexed { None } else { Some(expression::matching(text, &facets)?) };
        Some(Self { expression, facets, min_rating })
    }

    /// Appends tables and conditions, with an expression in the place of the selection's own.
    fn push_from(&self, statement: &mut QueryBuilder<Sqlite>, expression: Option<&str>, with_facts: bool) {
        let with_facts = with_facts || self.min_rating.is_some();
        match expression {
            Some(expression) => {
                statement.push(" FROM marketplace_search");
                if with_facts {
                    statement.push(WITH_FACTS);
                }
                statement.push(" WHERE marketplace_search MATCH ").push_bind(expression.to_owned());
                if with_facts {
                    statement.push(" AND ").push(PUBLIC);
                }
            }
            None => {
                statement.push(" FROM marketplace_integrations l");
                if self.min_rating.is_some() {
                    statement.push(" INDEXED BY listings_facts");
                }
                statement.push(" WHERE ").push(PUBLIC);
                for (facet, value) in &self.facets {
                    let column = if *facet == Facet::Category { "category" } else { "developer_id" };
                    statement.push(" AND l.").push(column).push(" = ").push_bind((*value).to_owned());
                }
            }
        }
        if let Some(rating) = self.min_rating {
            statement.push(" AND ").push(RATING).push(" >= ").push_bind(rating);
        }
    }

    /// Counts up to one more than totals say.
    fn count(&self) -> QueryBuilder<Sqlite> {
        let mut statement = QueryBuilder::new("SELECT count(*) FROM (SELECT 1");
        self.push_from(&mut statement, self.expression.as_deref(), false);
        statement.push(" LIMIT ").push_bind(COUNTED).push(")");
        statement
    }

    /// The page in the order of a column.
    fn sorted(&self, filter: &ListFilter) -> QueryBuilder<Sqlite> {
        let mut statement = QueryBuilder::new("SELECT l.doc");
        self.push_from(&mut statement, self.expression.as_deref(), true);
        statement.push(" ORDER BY ").push(order(filter));
        push_page(&mut statement, filter);
        statement
    }

    /// The page in the order of popularity buckets.
    fn ranked(&self, filter: &ListFilter) -> QueryBuilder<Sqlite> {
        let mut statement = QueryBuilder::new("SELECT marketplace_search.rowid & 4294967295");
        self.push_from(&mut statement, self.expression.as_deref(), false);
        statement.push(" ORDER BY marketplace_search.rowid");
        if filter.is_reversed() {
            statement.push(" DESC");
        }
        push_page(&mut statement, filter);
        statement
    }

    /// The page in the order of relevance: of each tier only as many listings are read as the page can show.
    fn relevant(&self, tiers: &[String], filter: &ListFilter) -> QueryBuilder<Sqlite> {
        let (direction, most) =
            if filter.is_reversed() { (" DESC", -1) } else { ("", stored(filter.offset.saturating_add(filter.limit))) };
        let mut statement = QueryBuilder::new("SELECT found & 4294967295 FROM (");
        for (tier, expression) in tiers.iter().enumerate() {
            let union = if tier == 0 { "" } else { " UNION ALL " };
            statement.push(format!("{union}SELECT * FROM (SELECT marketplace_search.rowid AS found, {tier} AS tier"));
            self.push_from(&mut statement, Some(expression), false);
            statement.push(" ORDER BY marketplace_search.rowid LIMIT ").push_bind(most).push(")");
        }
        statement.push(format!(") GROUP BY found ORDER BY min(tier){direction}, found{direction}"));
        push_page(&mut statement, filter);
        statement
    }
}

impl SqliteListings {
    pub(super) async fn matching_page(
        &self,
        text: Option<&SearchText>,
        filter: &ListFilter,
    ) -> Result<ListPage, sqlx::Error> {
        let Some(selection) = Selection::new(text, filter) else { return Ok(ListPage::default()) };
        let mut page = match (text, &selection.expression, filter.sort) {
            (Some(_), Some(_), Sort::Popular) => selection.ranked(filter),
            (Some(text), Some(matching), Sort::Relevance) => {
                let Some(tiers) = expression::tiers(text, matching, &selection.facets) else {
                    return Ok(ListPage::default());
                };
                selection.relevant(&tiers, filter)
            }
            _ => selection.sorted(filter),
        };
        let mut searcher = self.database.searcher.acquire().await?;
        let counted: i64 = selection.count().build_query_scalar().fetch_one(&mut *searcher).await?;
        let is_beyond = counted < i64::from(COUNTED) && counted <= stored(filter.offset);
        let docs: Vec<Doc> =
            if is_beyond { Vec::new() } else { page.build_query_scalar().fetch_all(&mut *searcher).await? };
        drop(searcher);
        Ok(ListPage::new(self.public_rows(&docs).await?, from_stored(counted)?))
    }

    pub(super) async fn is_word_known(&self, word: &SearchWord) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM marketplace_search WHERE marketplace_search MATCH ?)")
            .bind(expression::word(word, false))
            .fetch_one(&self.database.searcher)
            .await
    }

    pub(super) async fn names_containing(&self, parts: &[String]) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT l.name_key FROM (SELECT rowid AS found FROM marketplace_names WHERE marketplace_names MATCH ? \
             ORDER BY rowid LIMIT ?) CROSS JOIN marketplace_integrations l INDEXED BY listings_facts \
             ON l.doc = found & 4294967295 WHERE l.status = 'published' AND l.visibility = 'public'",
        )
        .bind(format!("\"{}\"", parts.join("\" OR \"")))
        .bind(MAX_COMPARED_NAMES)
        .fetch_all(&self.database.searcher)
        .await
    }

    pub(super) async fn featured_page(&self, limit: usize, offset: usize) -> Result<ListPage, sqlx::Error> {
        let mut reader = self.database.reader.acquire().await?;
        let docs: Vec<Doc> = sqlx::query_scalar(
            "SELECT f.listing FROM featured f CROSS JOIN marketplace_integrations l ON l.doc = f.listing \
             WHERE l.status = 'published' AND l.visibility = 'public' ORDER BY f.position, f.listing LIMIT ? OFFSET ?",
        )
        .bind(stored(limit))
        .bind(stored(offset))
        .fetch_all(&mut *reader)
        .await?;
        let counted = sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM featured f CROSS JOIN marketplace_integrations l ON l.doc = f.listing \
             WHERE l.status = 'published' AND l.visibility = 'public' LIMIT ?)",
        )
        .bind(COUNTED)
        .fetch_one(&mut *reader)
        .await?;
        drop(reader);
        Ok(ListPage::new(self.public_rows(&docs).await?, from_stored(counted)?))
    }
}

/// The columns of an order; the reverse of one is the exact opposite.
fn order(filter: &ListFilter) -> String {
    match (filter.sort, filter.is_reversed()) {
        (Sort::Popular | Sort::Relevance, false) => "l.install_count DESC, l.doc".to_owned(),
        (Sort::Popular | Sort::Relevance, true) => "l.install_count, l.doc DESC".to_owned(),
        (Sort::Recent, false) => "l.published_at DESC, l.doc".to_owned(),
        (Sort::Recent, true) => "l.published_at, l.doc DESC".to_owned(),
        (Sort::Rating, false) => format!("{RATING} DESC, l.review_count DESC, l.doc"),
        (Sort::Rating, true) => format!("{RATING}, l.review_count, l.doc DESC"),
        (Sort::Name, false) => "l.name_key".to_owned(),
        (Sort::Name, true) => "l.name_key DESC".to_owned(),
    }
}

fn push_page(statement: &mut QueryBuilder<Sqlite>, filter: &ListFilter) {
    statement.push(" LIMIT ").push_bind(stored(filter.limit)).push(" OFFSET ").push_bind(stored(filter.offset));
}

fn stored(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
