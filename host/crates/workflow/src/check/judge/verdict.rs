//! What a check of a part of a value gives, and which problems are told where all alternatives of a schema fail.

use serde_json::Value;

use super::super::{kinds::Kinds, shape::NoMember};
use workway_model::Pointer;

use crate::{bounds::MAX_PROBLEMS, suggest::Suggester};

/// Values that a message lists.
const MAX_LISTED: usize = 10;
/// The longest value that a message quotes, in characters.
const MAX_QUOTED_CHARS: usize = 60;

/// Whether a value fits a schema, whatever its expressions give.
#[derive(Debug)]
pub(in crate::check) enum Verdict<'a> {
    /// For certain.
    Holds,
    Maybe,
    /// For certain not. At least one finding.
    Fails(Vec<Finding<'a>>),
}

/// One reason why a value can never fit.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) struct Finding<'a> {
    /// Where, below the value that is checked.
    pub(in crate::check) pointer: String,
    pub(in crate::check) about: About<'a>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) enum About<'a> {
    Kinds {
        wanted: Kinds,
        found: Kinds,
    },
    /// It is none of the values that are allowed. `text` is the literal text.
    Value {
        allowed: Vec<&'a Value>,
        text: Option<&'a str>,
    },
    /// It has none of these members. One may be misspelt as one of `strangers`, which the schema does not know.
    Missing {
        names: Vec<&'a str>,
        strangers: Vec<&'a str>,
    },
    /// The schema has no member of this name.
    Stranger(NoMember<'a>),
    /// A member of what an expression gives.
    Below {
        name: &'a str,
        about: Box<About<'a>>,
    },
    Other(String),
}

impl<'a> Verdict<'a> {
    pub(super) fn fails(place: &Pointer<'_>, about: About<'a>) -> Self {
        Self::Fails(vec![Finding { pointer: place.to_text(), about }])
    }

    /// Both have to hold. Findings are kept up to the number that is told.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fails(mut findings), Self::Fails(more)) => {
                let room = MAX_PROBLEMS.saturating_sub(findings.len());
                findings.extend(more.into_iter().take(room));
                Self::Fails(findings)
            }
            (Self::Fails(findings), _) | (_, Self::Fails(findings)) => Self::Fails(findings),
            (Self::Holds, Self::Holds) => Self::Holds,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
        }
    }

    /// One of them has to hold; that none does is told by the nearest.
    pub(super) fn any(verdicts: Vec<Self>, place: &Pointer<'_>) -> Self {
        let mut failed = Vec::new();
        let mut result = None;
        for verdict in verdicts {
            match verdict {
                Self::Holds => return Self::Holds,
                Self::Maybe => result = Some(Self::Maybe),
                Self::Fails(findings) => failed.push(findings),
            }
        }
        result.unwrap_or_else(|| Self::Fails(nearest(failed, &place.to_text())))
    }
}

/// The findings of the alternative that was probably meant: first those for this type of value, of these the ones whose
/// members with a fixed value have it (`{"type": "image", …}`), of these the one with the fewest findings. If these say the same
/// of one place, what they say is joined.
pub(super) fn nearest<'a>(mut alternatives: Vec<Vec<Finding<'a>>>, pointer: &str) -> Vec<Finding<'a>> {
    let is_other_type =
        |finding: &Finding<'_>| finding.pointer == pointer && matches!(finding.about, About::Kinds { .. });
    let is_other_variant = |finding: &Finding<'_>| {
        let below = finding.pointer.strip_prefix(pointer).unwrap_or_default();
        matches!(finding.about, About::Value { .. }) && below.matches('/').count() <= 1
    };
    keep_least(&mut alternatives, |findings| usize::from(findings.iter().any(is_other_type)));
    keep_least(&mut alternatives, |findings| usize::from(findings.iter().any(is_other_variant)));
    // What decides between them is enough: the rest is about variants that were not meant.
    for findings in &mut alternatives {
        if let Some(decisive) =
            findings.iter().position(is_other_type).or_else(|| findings.iter().position(is_other_variant))
        {
            *findings = vec![findings.swap_remove(decisive)];
        }
    }
    keep_least(&mut alternatives, Vec::len);
    let mut alternatives = alternatives.into_iter();
    let mut told = alternatives.next().unwrap_or_default();
    if let [only] = told.as_mut_slice() {
        for other in alternatives {
            if let [other] = other.as_slice() {
                join(only, other);
            }
        }
    }
    told
}

fn keep_least<'a>(alternatives: &mut Vec<Vec<Finding<'a>>>, rank: impl Fn(&Vec<Finding<'a>>) -> usize) {
    let least = alternatives.iter().map(&rank).min().unwrap_or_default();
    alternatives.retain(|findings| rank(findings) == least);
}

fn join<'a>(one: &mut Finding<'a>, other: &Finding<'a>) {
    if one.pointer != other.pointer {
        return;
    }
    match (&mut one.about, &other.about) {
        (About::Kinds { wanted, .. }, About::Kinds { wanted: more, .. }) => *wanted = *wanted | *more,
        (About::Value { allowed, .. }, About::Value { allowed: more, .. }) => {
            allowed.extend(more.iter().take(MAX_PROBLEMS));
            allowed.truncate(MAX_PROBLEMS);
        }
        (About::Missing { names, .. }, About::Missing { names: more, .. }) => {
            let new: Vec<&str> = more.iter().filter(|name| !names.contains(name)).copied().collect();
            names.extend(new);
            names.truncate(MAX_PROBLEMS);
        }
        _ => {}
    }
}

impl Finding<'_> {
    pub(super) fn is_about_type(&self) -> bool {
        matches!(self.about, About::Kinds { .. })
    }
}

impl About<'_> {
    pub(in crate::check) fn message(&self, suggester: &Suggester) -> String {
        match self {
            Self::Kinds { wanted, found } => format!("expected {wanted}, found {found}"),
            Self::Value { allowed, text } => {
                let texts = allowed.iter().filter_map(|value| value.as_str());
                let near = text.and_then(|text| suggester.nearest(text, texts));
                let near = near.map(|near| format!(": did you mean \"{near}\"?")).unwrap_or_default();
                let mut listed: Vec<String> = allowed.iter().take(MAX_LISTED).map(|value| quoted(value)).collect();
                if allowed.len() > MAX_LISTED {
                    listed.push(format!("{} more", allowed.len() - MAX_LISTED));
                }
                let one_of = if allowed.len() == 1 { "" } else { "one of " };
                format!("must be {one_of}{}{near}", listed.join(", "))
            }
            Self::Missing { names, strangers } => {
                let near = |name: &&str| {
                    let stranger = suggester.nearest(name, strangers.iter().copied())?;
                    Some(format!(": write `{name}` instead of `{stranger}`"))
                };
                let near = names.iter().find_map(near).unwrap_or_default();
                format!("`{}` is missing{near}", names.join("` or `"))
            }
            Self::Stranger(no_member) => format!("unknown field: the schema {}", no_member.describe(suggester)),
            Self::Below { name, about } => format!("`{name}` of its value: {}", about.message(suggester)),
            Self::Other(message) => message.clone(),
        }
    }
}

/// A value of a schema, or its beginning.
fn quoted(value: &Value) -> String {
    let text = value.to_string();
    let mut clipped: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    clipped
}
