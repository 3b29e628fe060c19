//! Every guest of `tests/guests` in its part. The generated list at the end asks for a test of each one's name: a guest
//! without a test does not build.

mod capabilities;
mod definitions;
mod hostile;
mod ordinary;

#[expect(unused_imports, reason = "naming the tests is what proves that they are there")]
mod every_guest_has_a_test {
    use super::{capabilities::*, definitions::*, hostile::*, ordinary::*};
    use crate::{
        connecting::account_probe,
        fetch::fetch_probe,
        oauth::{oauth_probe, oauth_reveal, secret_echo},
        permissions::{upgrade_v1, upgrade_v2},
        runs::run_probe,
        sdk::{contract_probe, slack_raw, slack_sdk},
        storage::{storage_denied, storage_probe},
    };

    include!(concat!(env!("OUT_DIR"), "/every_guest_has_a_test.rs"));
}
