//! Who calls: from what a request says to a squad and a tier.

mod headers;

pub use headers::{
    Claim, HeaderFault, SQUAD_HEADERS, X_SERVICE_VERSION, X_SLA_TIER, X_SQUAD_OWNER, of_headers,
};
