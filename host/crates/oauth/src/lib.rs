//! Connected accounts: the flow that connects an account, its sealed tokens, and their renewal.
//! It runs no SQL: sealed rows go through the traits that it declares.

mod bounds;
mod cache;
mod connections;
mod endpoint;
mod flow;
mod foreign_text;
mod renewal;
mod renewal_time;
mod sealing;
mod settings;
mod stored;
mod tasks;

pub use connections::{ConnectionError, ConnectionStore, NewConnection};
pub use endpoint::{Account, EndpointError, Party, TokenAnswer, TokenEndpoint};
pub use flow::{
    AuthorizationFlow, AuthorizeRequest, Begun, Blame, Callback, Digest32, Finished, FlowError, FlowFailure,
    MAX_PENDING_PER_USER, PendingAuthorization, PendingAuthorizations, Session, State, account_id, callback_url,
};
pub use renewal::{Lease, LeaseRequest, Leases, MAX_ASKED, ProcessMark, Renewal, Renewed, Revoked};
pub use sealing::{CONNECTION_PURPOSE, TokenSet};
pub use settings::{ClientCredentials, ClientVariables, OAuthFile, OAuthSettings, ProviderFile, check_origin};
pub use stored::{
    ConnectionStatus, ConnectionSummary, MAX_CONNECTIONS_PER_USER, SealedConnection, SealedConnections, SealedError,
    StoredConnections,
};
