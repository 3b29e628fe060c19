//! Code hosting, builds, registries of packages, secrets managers and tools of developers.

use super::SCANNING;
use crate::{
    check::{has_digit, is_mixed},
    kind::{Before, Kind},
};

pub(super) const KINDS: &[Kind] = &[
    Kind::new(
        "a GitHub token",
        "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"(?:gh[oprsu]|github_pat)_[A-Za-z0-9_]{20}",
    ),
    Kind::new(
        "a GitLab token",
        "https://docs.gitlab.com/security/tokens/",
        &[
            "glpat-",
            "gldt-",
            "glrt-",
            "glrtr-",
            "glptt-",
            "glft-",
            "glsoat-",
            "glcbt-",
            "glagent-",
            "glimt-",
            "gloas-",
            "glffct-",
            "glwt-",
            "gr1348941",
        ],
        r"(?:gl(?:pat|dt|rt|rtr|ptt|ft|soat|cbt|agent|imt|oas|ffct|wt)-|GR1348941)[A-Za-z0-9_.-]{18}",
    ),
    Kind::new(
        "an Atlassian API token",
        "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/",
        &["atatt3", "atctt3", "atbb", "atcb"],
        r"(?:ATATT3|ATCTT3|ATBB|ATCB)[A-Za-z0-9_=-]{24}",
    )
    .after(Before::NO_BASE64)
    .checked(is_mixed),
    Kind::new(
        "a Trello token",
        "https://developer.atlassian.com/cloud/trello/guides/rest-api/api-introduction/",
        &["atta"],
        r"ATTA[0-9a-f]{60}",
    ),
    Kind::new(
        "a CircleCI API token",
        "https://circleci.com/docs/managing-api-tokens/",
        &["ccipat_", "cciprj_"],
        r"CCIP(?:AT|RJ)_[A-Za-z0-9]{20,24}_[0-9a-f]{38}",
    ),
    Kind::new(
        "a Buildkite API token",
        "https://buildkite.com/docs/apis/managing-api-tokens",
        &["bkua_", "bkaj_", "bkct_"],
        r"bk(?:ua|aj|ct)_[A-Za-z0-9]{38}",
    ),
    Kind::new(
        "a SonarQube token",
        "https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens/",
        &["sqp_", "sqa_", "squ_", "sqb_"],
        r"sq[abpu]_[0-9a-f]{40}",
    ),
    Kind::new(
        "a Postman API key",
        "https://learning.postman.com/docs/developer/postman-api/authentication/",
        &["pmak-"],
        r"PMAK-[0-9a-f]{24}-[0-9a-f]{30}",
    ),
    Kind::new("an npm token", SCANNING, &["npm_"], r"npm_[A-Za-z0-9]{34}"),
    Kind::new("a Python package index token", SCANNING, &["pypi-"], r"pypi-[A-Za-z0-9_-]{40}").checked(is_mixed),
    Kind::new("a RubyGems API key", SCANNING, &["rubygems_"], r"rubygems_[0-9a-f]{46}"),
    Kind::new("a Rust registry token", SCANNING, &["cio"], r"cio[A-Za-z0-9]{32}(?-u:\b)")
        .after(Before::NO_BASE64)
        .checked(has_digit),
    Kind::new("a NuGet API key", SCANNING, &["oy2"], r"oy2[a-z0-9]{43}(?-u:\b)").after(Before::NO_BASE64),
    Kind::new("a Clojars deploy token", SCANNING, &["clojars_"], r"CLOJARS_[0-9a-f]{58}"),
    Kind::new(
        "a Docker access token",
        "https://docs.docker.com/security/access-tokens/",
        &["dckr_pat_", "dckr_oat_"],
        r"dckr_[op]at_[A-Za-z0-9_-]{25}",
    ),
    Kind::new(
        "a JFrog token",
        "https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens",
        &["akcp", "cmvmdgtu"],
        r"(?:AKCp[0-9A-Za-z]|cmVmdGtu)[A-Za-z0-9]{55}",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "a Terraform token",
        "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens",
        &[".atlasv1."],
        r"\.atlasv1\.[A-Za-z0-9_-]{50}",
    )
    .after(Before::some_of(|byte| byte.is_ascii_alphanumeric(), 14, 14)),
    Kind::new(
        "a Vault token",
        "https://developer.hashicorp.com/vault/docs/concepts/tokens",
        &["hvs.", "hvb.", "hvr."],
        r"hv[bsr]\.[A-Za-z0-9_-]{20}",
    ),
    Kind::new(
        "a Doppler token",
        "https://docs.doppler.com/docs/service-tokens",
        &["dp."],
        r"dp\.(?:pt|st|ct|sa|said|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{38}",
    ),
    Kind::new(
        "a Pulumi access token",
        "https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/",
        &["pul-"],
        r"pul-[0-9a-f]{40}",
    ),
    Kind::new(
        "a 1Password service account token",
        "https://developer.1password.com/docs/service-accounts/security/",
        &["ops_ey"],
        r"ops_ey[A-Za-z0-9+/=_-]{50}",
    ),
    Kind::new(
        "a Linear API key",
        "https://linear.app/developers/graphql",
        &["lin_api_", "lin_oauth_", "lin_wh_"],
        r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{30}",
    ),
    Kind::new(
        "a LaunchDarkly key",
        "https://launchdarkly.com/docs/home/account/api",
        &["api-", "sdk-"],
        r"(?:api|sdk)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?-u:\b)",
    ),
    Kind::new(
        "a Figma token",
        "https://developers.figma.com/docs/rest-api/authentication/",
        &["figd_", "figu_", "figo_"],
        r"fig[dou][a-z]?_[A-Za-z0-9_-]{38}",
    )
    .checked(is_mixed),
    Kind::new(
        "a Contentful token",
        "https://www.contentful.com/developers/docs/references/authentication/",
        &["cfpat-"],
        r"CFPAT-[A-Za-z0-9_-]{40}",
    ),
    Kind::new(
        "a ReadMe API key",
        "https://docs.readme.com/main/reference/authentication",
        &["rdme_"],
        r"rdme_[a-z0-9]{60}",
    ),
    Kind::new(
        "a Sourcegraph token",
        "https://sourcegraph.com/docs/cli/how-tos/creating-an-access-token",
        &["sgp_"],
        r"sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}",
    ),
    Kind::new(
        "a Prefect API key",
        "https://docs.prefect.io/v3/manage/cloud/manage-users/api-keys",
        &["pnu_", "pnb_"],
        r"pn[bu]_[A-Za-z0-9]{36}",
    ),
];
