//! Schemas that are made to cost much: each is refused when it is loaded, or every check against it ends, without a panic.
//! `cargo xtask bench schemas` measures how long they take.

mod hostile;

use workway_model::Schema;

#[test]
fn hostile_schemas_are_refused_or_their_checks_end() {
    let mut kinds = 0;
    for hostile in hostile::all() {
        kinds += 1;
        let (schema, values) = (hostile.make)();
        let Ok(schema) = Schema::parse(&schema.to_string()) else { continue };
        for value in &values {
            if let Err(problems) = schema.validate(value) {
                let is_bounded = |text: &str| text.chars().count() <= 500;
                let are_bounded =
                    problems.iter().all(|problem| is_bounded(&problem.pointer) && is_bounded(&problem.message));
                assert!((1..=20).contains(&problems.len()) && are_bounded, "{}: {problems:?}", hostile.name);
            }
        }
    }
    assert!(kinds >= 30, "only {kinds} kinds");
}

#[test]
fn lists_that_a_hash_takes_for_equal_are_compared() {
    let unique = Schema::parse(r#"{"uniqueItems":true}"#).expect("is a schema");
    assert_eq!(unique.validate(&hostile::counting::colliding_lists(12)), Ok(()));
}
