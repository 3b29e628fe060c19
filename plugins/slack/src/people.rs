//! The action that finds a person.

use workway_sdk::prelude::*;

use crate::client::{read, send};

/// Who to find.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FindUserByEmail {
    /// The address that the person has in the workspace.
    #[schemars(email, length(min = 3, max = 254))]
    email: String,
}

/// A person, or a bot.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    id: String,
    /// The id of the workspace.
    team_id: Option<String>,
    /// The account's short name.
    name: String,
    real_name: Option<String>,
    /// What the person wants to be called; nothing unless they said.
    display_name: Option<String>,
    email: Option<String>,
    /// The person's job.
    title: Option<String>,
    /// Time zone, such as `Europe/Amsterdam`.
    time_zone: Option<String>,
    is_bot: bool,
    /// Whether the account was deactivated.
    is_deleted: bool,
}

#[derive(Deserialize)]
struct LookupAnswer {
    user: SlackUser,
}

#[derive(Deserialize)]
struct SlackUser {
    id: String,
    team_id: Option<String>,
    name: String,
    real_name: Option<String>,
    tz: Option<String>,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    profile: Profile,
}

#[derive(Default, Deserialize)]
struct Profile {
    real_name: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
    title: Option<String>,
}

/// Finds the person with an e-mail address.
#[action(name = "Find user by e-mail", provider = "slack", scopes = ["users:read", "users:read.email"], idempotent)]
pub(crate) fn find_user_by_email(ctx: &Context, input: FindUserByEmail) -> Result<User> {
    let answer: LookupAnswer = send(ctx, read(ctx, "users.lookupByEmail").query("email", input.email))?;
    Ok(answer.user.into())
}

impl From<SlackUser> for User {
    fn from(user: SlackUser) -> Self {
        let profile = user.profile;
        Self {
            id: user.id,
            team_id: user.team_id,
            name: user.name,
            real_name: said(user.real_name.or(profile.real_name)),
            display_name: said(profile.display_name),
            email: said(profile.email),
            title: said(profile.title),
            time_zone: user.tz,
            is_bot: user.is_bot,
            is_deleted: user.deleted,
        }
    }
}

/// Slack writes "nothing said" as an empty text.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_is_read_as_slack_writes_it() {
        let answer: LookupAnswer = serde_json::from_value(json!({
            "ok": true,
            "user": {
                "id": "W012A3CDE", "team_id": "T012AB3C4", "name": "spengler", "deleted": false,
                "tz": "America/Los_Angeles", "tz_offset": -25200,
                "profile": {"real_name": "Egon Spengler", "display_name": "", "email": "s@ghost.example"},
            },
        }))
        .expect("an answer");
        let user = serde_json::to_value(User::from(answer.user)).expect("JSON");
        assert_eq!(user["realName"], json!("Egon Spengler"));
        assert_eq!(user["displayName"], json!(null));
        assert_eq!(user["timeZone"], json!("America/Los_Angeles"));
        assert_eq!(user["isBot"], json!(false));
    }
}
