//! Actions and triggers that no integration offers: what is said of them.

use std::collections::BTreeMap;

use workway_model::{IntegrationId, LocalId};

use super::Checker;
use crate::{CatalogueOffer, suggest::Suggester};

/// Actions or triggers that a message lists.
const MAX_LISTED: usize = 20;

/// What a name was looked up as.
#[derive(Clone, Copy)]
pub(super) enum Sought {
    Action,
    Trigger,
}

impl Sought {
    fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Trigger => "trigger",
        }
    }

    fn of(self, offer: &CatalogueOffer) -> &[LocalId] {
        match self {
            Self::Action => &offer.actions,
            Self::Trigger => &offer.triggers,
        }
    }
}

impl Checker<'_> {
    /// Why `integration.name` is not known, with what was probably meant.
    pub(super) fn unknown(&self, sought: Sought, integration: &IntegrationId, name: &LocalId) -> String {
        let offers = self.offers.get_or_init(|| self.catalogue.offers());
        let why = match offers.get(integration) {
            Some(offer) => unknown_name(sought, integration, name, sought.of(offer), &self.suggester),
            None => unknown_integration(sought, integration, name, offers, &self.suggester),
        };
        format!("unknown {} \"{integration}.{name}\": {why}", sought.name())
    }
}

fn unknown_name(
    sought: Sought,
    integration: &IntegrationId,
    name: &LocalId,
    offered: &[LocalId],
    suggester: &Suggester,
) -> String {
    if let Some(near) = suggester.nearest(name.as_str(), offered.iter().map(LocalId::as_str)) {
        return format!("did you mean \"{integration}.{near}\"?");
    }
    let listed: Vec<&str> = offered.iter().take(MAX_LISTED).map(LocalId::as_str).collect();
    match offered.len() - listed.len() {
        _ if listed.is_empty() => format!("{integration} has no {}s", sought.name()),
        0 => format!("{integration} has {}", listed.join(", ")),
        more => format!("{integration} has {} and {more} more", listed.join(", ")),
    }
}

fn unknown_integration(
    sought: Sought,
    integration: &IntegrationId,
    name: &LocalId,
    offers: &BTreeMap<IntegrationId, CatalogueOffer>,
    suggester: &Suggester,
) -> String {
    let near = suggester.nearest(integration.as_str(), offers.keys().map(IntegrationId::as_str));
    let Some((near, offer)) = near.and_then(|near| offers.get_key_value(near)) else {
        return format!("the integration \"{integration}\" is not installed: check which integrations are");
    };
    let offered = sought.of(offer);
    let found = offered.iter().map(LocalId::as_str).find(|known| *known == name.as_str());
    match found.or_else(|| suggester.nearest(name.as_str(), offered.iter().map(LocalId::as_str))) {
        Some(found) => format!("did you mean \"{near}.{found}\"?"),
        None => format!("the integration \"{integration}\" is not installed: did you mean \"{near}\"?"),
    }
}
