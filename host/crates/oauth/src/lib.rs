//! Connected accounts: the catalogue of providers, the flow that connects an account, the vault that seals its tokens,
//! and their renewal. SQL is not its business: sealed rows go through the traits that it declares.

mod bounds;
mod cache;
mod catalogue;
mod connections;
mod endpoint;
mod flow;
mod key;
mod renewal;
mod rotation;
mod settings;
mod tasks;
mod vault;

pub use catalogue::{
    AccountPointers, AccountSource, Catalogue, CatalogueError, ClientAuthentication, ConnectMethod, CredentialError,
    OAuthMethod, Placement, Provider, RefreshStyle, Revocation, RevocationStyle, Template, TemplateError,
    TokenPointers, TokenRequest, Values, Variable, VariableError, VariableSource,
};
pub use connections::{
    ConnectionError, ConnectionStatus, ConnectionStore, ConnectionSummary, MAX_CONNECTIONS_PER_USER, NewConnection,
    SealedConnection, SealedConnections, SealedError,
};
pub use endpoint::{Account, EndpointError, Party, TokenAnswer, TokenEndpoint};
pub use flow::*;
pub use key::{KeyError, KeyId, KeyRing, MasterKey};
pub use renewal::{Lease, LeaseRequest, Leases, MAX_ASKED, ProcessMark, Renewal, Renewed, Revoked};
pub use rotation::{AgreeError, KeyedRecords, Outdated, RotateError, RotateOptions, Rotated, agree, catch_up, rotate};
pub use settings::{ClientCredentials, ClientVariables, OAuthFile, OAuthSettings, ProviderFile, client_id_variable};
pub use vault::{Binding, PayoutBinding, Sealed, TokenSet, Vault, VaultError};
use workway_capability::oauth::unix_now;
