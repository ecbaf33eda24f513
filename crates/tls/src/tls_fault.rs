//! Why TLS with another program failed, in words for an operator.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// A failure of TLS, as opposed to one of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate of the other side is not accepted.
    Certificate(String),
    /// The other side does not speak TLS, speaks it differently, or refuses this side.
    Handshake(String),
}

impl TlsFault {
    /// The failure of TLS that an error is; `None` if the network failed.
    pub fn of(error: &io::Error) -> Option<Self> {
        let error = error.get_ref()?.downcast_ref::<Error>()?;
        Some(match error {
            Error::InvalidCertificate(cause) => Self::Certificate(certificate_reason(cause)),
            Error::NoCertificatesPresented => {
                Self::Certificate("it presented no certificate".to_owned())
            }
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                Self::Handshake("its bytes are not TLS".to_owned())
            }
            Error::AlertReceived(alert) => Self::Handshake(alert_reason(*alert)),
            error => Self::Handshake(error.to_string()),
        })
    }

    /// What happened.
    pub fn reason(&self) -> &str {
        match self {
            Self::Certificate(reason) | Self::Handshake(reason) => reason,
        }
    }
}

fn certificate_reason(cause: &CertificateError) -> String {
    match cause {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clocks".to_owned()
        }
        CertificateError::Revoked => "its certificate is revoked".to_owned(),
        CertificateError::UnknownIssuer => {
            "its certificate is not signed by a known authority".to_owned()
        }
        CertificateError::UnknownRevocationStatus => {
            "no revocation list is from the authority of its certificate".to_owned()
        }
        CertificateError::NotValidForName => "its certificate is for another name".to_owned(),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            // The library shows a name as `DnsName("a.test")`.
            let bare = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
            let names: Vec<String> = presented.iter().map(bare).collect();
            let names = match &names[..] {
                [] => "no name".to_owned(),
                names => names.join(", "),
            };
            let expected = expected.to_str();
            format!("its certificate is not for {expected} but for {names}")
        }
        CertificateError::Other(other) => other.0.to_string(),
        cause => format!("its certificate is invalid: {cause}"),
    }
}

fn alert_reason(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "it requires a client certificate, and none was sent".to_owned()
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => {
            format!("it refused the certificate that was sent ({alert:?})")
        }
        AlertDescription::UnrecognisedName => "it has no such server name".to_owned(),
        AlertDescription::ProtocolVersion => "it speaks no common version of TLS".to_owned(),
        alert => format!("it ended the handshake ({alert:?})"),
    }
}
