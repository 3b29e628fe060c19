//! Parts of lists, and the queries that choose them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ArrayBuilder, Object, ObjectBuilder, Ref, RefOr, Schema, Type},
};

/// A part of a list, chosen with `limit` and `offset`. Its schema is named after the item: `ReviewPage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items, at most `limit`.
    pub items: Vec<T>,
    /// Number of items in the whole list, after filtering.
    pub total: u64,
    /// The limit of the request, or the default.
    pub limit: usize,
    /// The offset of the request, or 0.
    pub offset: usize,
}

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("A part of a list."))
            .property("items", ArrayBuilder::new().items(Ref::from_schema_name(T::name())))
            .property("total", count("Number of items in the whole list, after filtering."))
            .property("limit", count("The limit of the request, or the default."))
            .property("offset", count("The offset of the request, or 0."))
            .required("items")
            .required("total")
            .required("limit")
            .required("offset")
            .into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

fn count(description: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).description(Some(description)).build()
}

/// Chooses a part of a list.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Number of items to return.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<usize>,
    /// Number of items to skip.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0, maximum = 1_000_000, default = 0)]
    pub offset: Option<usize>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::{PartialSchema, ToSchema};

    use super::Page;
    use crate::reviews::Review;

    #[test]
    fn a_page_is_named_after_its_items_and_brings_their_schema() {
        assert_eq!(<Page<Review> as ToSchema>::name(), "ReviewPage");
        let mut schemas = Vec::new();
        <Page<Review> as ToSchema>::schemas(&mut schemas);
        let names: BTreeSet<_> = schemas.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, BTreeSet::from(["Review", "Timestamp"]));
        let schema = serde_json::to_value(Page::<Review>::schema()).unwrap();
        assert_eq!(schema["properties"]["items"]["items"]["$ref"], "#/components/schemas/Review");
    }
}
