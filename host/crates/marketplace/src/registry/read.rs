//! Reads lists and details from the store through the cache.

use std::sync::Arc;

use super::{Actor, WorkflowRegistry};
use crate::{
    bounds::MAX_SLUG_BYTES,
    cache::ListKey,
    error::MarketplaceError,
    listing::{Listing, Review, Stats, Summary, VersionInfo},
    query::{ListFilter, ListPage, SearchText, SearchWord, Sort},
    store::{Sight, StoreError},
    typo,
};

impl WorkflowRegistry {
    /// A listing by id or slug, as this caller may see it: the public ones, and a developer's own in any state.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`] also for what the caller may not see; the store fails.
    pub async fn get_workflow(
        &self,
        id_or_slug: &str,
        actor: Option<&Actor>,
    ) -> Result<Arc<Listing>, MarketplaceError> {
        let store = &self.0.store;
        if id_or_slug.len() > MAX_SLUG_BYTES {
            return Err(unknown(id_or_slug));
        }
        // What a developer sees of it may differ from what all see.
        if let Some(sight) = actor.map(Actor::sight).filter(|sight| *sight != Sight::PUBLIC) {
            let found = store.find(id_or_slug, sight).await?;
            return found.map(Arc::new).ok_or_else(|| unknown(id_or_slug));
        }
        let make = async { Ok(store.find(id_or_slug, Sight::PUBLIC).await?) };
        self.0.cache.detail(id_or_slug, make).await?.ok_or_else(|| unknown(id_or_slug))
    }

    /// All public listings, from the most popular on.
    ///
    /// # Errors
    /// [`MarketplaceError::Starting`], or the store fails; the same for all lists.
    pub async fn get_published_workflows(
        &self,
        limit: usize,
        offset: usize,
    ) -> Result<Arc<ListPage>, MarketplaceError> {
        self.search_workflows(None, ListFilter::all(Sort::Popular, limit, offset)).await
    }

    /// The most popular of a category first.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownCategory`]; see [`Self::get_published_workflows`].
    pub async fn get_workflows_by_category(
        &self,
        category: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Arc<ListPage>, MarketplaceError> {
        if category.len() > MAX_SLUG_BYTES {
            return Err(MarketplaceError::UnknownCategory(clipped(category)));
        }
        let filter =
            ListFilter { category: Some(category.to_owned()), ..ListFilter::all(Sort::Popular, limit, offset) };
        let page = self.search_workflows(None, filter).await?;
        // An empty list may be of a category that exists.
        if page.total == 0 && !self.0.store.categories().await?.iter().any(|known| known.id == category) {
            return Err(MarketplaceError::UnknownCategory(clipped(category)));
        }
        Ok(page)
    }

    /// The most popular public ones of a developer, by the developer's id, first.
    ///
    /// # Errors
    /// See [`Self::get_published_workflows`].
    pub async fn get_workflows_by_developer(
        &self,
        developer: &str,
        limit: usize,
        offset: usize,
    ) -> Result<Arc<ListPage>, MarketplaceError> {
        let filter =
            ListFilter { developer: Some(developer.to_owned()), ..ListFilter::all(Sort::Popular, limit, offset) };
        self.search_workflows(None, filter).await
    }

    /// Everything that the calling developer has, drafts included, newest first.
    ///
    /// # Errors
    /// [`MarketplaceError::NotDeveloper`]; the store fails.
    pub async fn get_own_workflows(
        &self,
        actor: &Actor,
        limit: usize,
        offset: usize,
    ) -> Result<ListPage, MarketplaceError> {
        let developer = actor.developer.as_ref().ok_or(MarketplaceError::NotDeveloper)?;
        let (items, total) = self.0.store.summaries_of_developer(&developer.id, limit, offset).await?;
        Ok(ListPage { items, total, total_is_lower_bound: false })
    }

    /// The listings that the operator features, in the operator's order.
    ///
    /// # Errors
    /// See [`Self::get_published_workflows`].
    pub async fn get_featured_workflows(&self, limit: usize, offset: usize) -> Result<Arc<ListPage>, MarketplaceError> {
        let make = async {
            self.check_searchable()?;
            Ok(self.0.store.featured(limit, offset).await?)
        };
        self.0.cache.list(ListKey::Featured { limit, offset }, make).await
    }

    /// # Errors
    /// See [`Self::get_published_workflows`].
    pub async fn get_popular_workflows(&self, limit: usize, offset: usize) -> Result<Arc<ListPage>, MarketplaceError> {
        self.get_published_workflows(limit, offset).await
    }

    /// From the last published one on.
    ///
    /// # Errors
    /// See [`Self::get_published_workflows`].
    pub async fn get_recent_workflows(&self, limit: usize, offset: usize) -> Result<Arc<ListPage>, MarketplaceError> {
        self.search_workflows(None, ListFilter::all(Sort::Recent, limit, offset)).await
    }

    /// Public listings that have every word of the text and pass the filter. No text is ever an error: blank text is no
    /// condition, and text without a word finds nothing.
    ///
    /// # Errors
    /// See [`Self::get_published_workflows`].
    pub async fn search_workflows(
        &self,
        text: Option<&str>,
        filter: ListFilter,
    ) -> Result<Arc<ListPage>, MarketplaceError> {
        let text = text.filter(|text| !text.trim().is_empty());
        let make = async {
            self.check_searchable()?;
            Ok(match text {
                Some(text) => self.search_text(text, &filter).await?,
                None => self.0.store.search(None, &filter).await?,
            })
        };
        let key = ListKey::Search { text: text.map(str::to_owned), filter: filter.clone() };
        self.0.cache.list(key, make).await
    }

    async fn search_text(&self, text: &str, filter: &ListFilter) -> Result<ListPage, StoreError> {
        let Some(mut text) = SearchText::parse(text) else { return Ok(ListPage::default()) };
        let page = self.0.store.search(Some(&text), filter).await?;
        if page.total == 0 && self.correct_typos(&mut text).await? {
            return self.0.store.search(Some(&text), filter).await;
        }
        Ok(page)
    }

    /// Replaces words that no listing has by the words of names that they may have meant. Returns whether that can find
    /// anything.
    async fn correct_typos(&self, text: &mut SearchText) -> Result<bool, StoreError> {
        let mut is_corrected = false;
        for word in &mut text.words {
            let SearchWord::Prefix(typed) = &*word else { continue };
            if self.0.store.has_word(word).await? {
                continue;
            }
            let Some(parts) = typo::parts(typed) else { return Ok(false) };
            let names = self.0.store.names_with(&parts).await?;
            let meant = typo::corrections(typed, names.iter().map(String::as_str));
            if meant.is_empty() {
                return Ok(false);
            }
            *word = SearchWord::Corrected(meant);
            is_corrected = true;
        }
        Ok(is_corrected)
    }

    /// Totals of all public listings.
    ///
    /// # Errors
    /// The store fails.
    pub async fn get_stats(&self) -> Result<Stats, MarketplaceError> {
        Ok(self.0.store.stats().await?)
    }

    /// The workflow versions of a listing, newest first, and how many there are.
    ///
    /// # Errors
    /// See [`Self::get_workflow`].
    pub async fn get_versions(
        &self,
        id_or_slug: &str,
        actor: Option<&Actor>,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<VersionInfo>, u64), MarketplaceError> {
        let listing = self.get_workflow(id_or_slug, actor).await?;
        Ok(self.0.store.versions(listing.summary.doc, limit, offset).await?)
    }

    /// Reviews of a listing, newest first, and how many there are.
    ///
    /// # Errors
    /// See [`Self::get_workflow`].
    pub async fn get_reviews(
        &self,
        id_or_slug: &str,
        actor: Option<&Actor>,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<Review>, u64), MarketplaceError> {
        let listing = self.get_workflow(id_or_slug, actor).await?;
        Ok(self.0.store.reviews(listing.summary.doc, limit, offset).await?)
    }
}

impl Actor {
    /// Whether it is the actor's own.
    pub(super) fn owns(&self, listing: &Summary) -> bool {
        self.developer.as_ref().is_some_and(|developer| developer.id == listing.developer.id)
    }

    pub(super) fn sight(&self) -> Sight<'_> {
        let developer = self.developer.as_ref().map(|developer| developer.id.as_str());
        Sight { developer, everything: self.is_admin }
    }
}

pub(super) fn unknown(id_or_slug: &str) -> MarketplaceError {
    MarketplaceError::UnknownListing(clipped(id_or_slug))
}

/// A caller's own text, as much of it as an error repeats.
pub(super) fn clipped(text: &str) -> String {
    text.chars().take(crate::bounds::MAX_QUOTED_CHARS).collect()
}
