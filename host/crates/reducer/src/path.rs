//! Where a step of a run is. The same step of a definition is at several paths if a `for-each` runs it for several items.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use workway_expression::clipped;
use workway_workflow::{
    StepId, WorkflowDefinition,
    bounds::{MAX_DEPTH, MAX_ITEMS},
};

/// Segments of a path: a step for each level, below `on-failure`.
const MAX_SEGMENTS: usize = MAX_DEPTH + 1;

/// The path of a step: `find`, `each[3]/note` (step `note` for the item with index 3), `route/notify` (in a `switch`), `both[0]/tell`
/// (in the first branch of a `parallel`), `on-failure/sorry`. The empty path is the run itself.
///
/// Paths are ordered so that a step comes directly before what is in it, and items come in the order of their indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepPath(Vec<PathSegment>);

/// A step, and which of its lists of steps the path leads into.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathSegment {
    pub id: StepId,
    /// The index of the item or branch, from 0. None for the step itself, and in a `switch`.
    pub index: Option<u32>,
}

/// Why a text is not the path of a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a path must have at most {MAX_SEGMENTS} steps, such as each[3]/note, with indices below {MAX_ITEMS} without leading zeros (got {0:?})"
)]
pub struct StepPathError(String);

impl StepPath {
    /// The path of the run itself.
    pub const RUN: Self = Self(Vec::new());

    /// Whether this is the run itself, not a step.
    pub fn is_run(&self) -> bool {
        self.0.is_empty()
    }

    /// From the step of the workflow's own list to the step itself.
    pub fn segments(&self) -> &[PathSegment] {
        &self.0
    }

    /// The id of the step; none for the run.
    pub fn id(&self) -> Option<&StepId> {
        self.0.last().map(|segment| &segment.id)
    }

    /// Whether it leads to a step of `on-failure`.
    pub fn in_on_failure(&self, definition: &WorkflowDefinition) -> bool {
        let [first, second, ..] = self.0.as_slice() else { return false };
        // A step may have the same id: ids are unique, so that what follows tells them apart.
        first.id.is_on_failure()
            && first.index.is_none()
            && definition.on_failure.iter().any(|step| step.id == second.id)
    }

    pub(super) fn new(segments: Vec<PathSegment>) -> Self {
        Self(segments)
    }
}

impl PathSegment {
    /// The first segment of what is in `on-failure`.
    pub(super) fn on_failure() -> Self {
        Self { id: StepId::on_failure(), index: None }
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            let slash = if place == 0 { "" } else { "/" };
            write!(formatter, "{slash}{}", segment.id)?;
            if let Some(index) = segment.index {
                write!(formatter, "[{index}]")?;
            }
        }
        Ok(())
    }
}

impl FromStr for StepPath {
    type Err = StepPathError;

    fn from_str(text: &str) -> Result<Self, StepPathError> {
        if text.is_empty() {
            return Ok(Self::RUN);
        }
        let segments = text.split('/').take(MAX_SEGMENTS + 1).map(segment).collect::<Option<Vec<_>>>();
        let segments = segments.filter(|segments| segments.len() <= MAX_SEGMENTS);
        segments.map(Self).ok_or_else(|| StepPathError(clipped(text)))
    }
}

fn segment(text: &str) -> Option<PathSegment> {
    let (id, index) = match text.strip_suffix(']') {
        Some(open) => {
            let (id, digits) = open.split_once('[')?;
            let index = digits.parse::<u32>().ok()?;
            // `parse` takes a sign and leading zeros as well: a path has one spelling.
            let is_index = index.to_string() == digits && usize::try_from(index).is_ok_and(|index| index < MAX_ITEMS);
            (id, Some(index).filter(|_| is_index))
        }
        None => (text, None),
    };
    (index.is_some() || !text.ends_with(']')).then_some(())?;
    Some(PathSegment { id: id.parse().ok()?, index })
}

impl Serialize for StepPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
