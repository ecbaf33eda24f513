//! TLS as the program starts with it.

use portcullis_config::Config;
use portcullis_proxy::ListenerTls;
use portcullis_telemetry::Metrics;

use crate::admin::AdminTls;
use crate::app::app_error::AppError;
use crate::source::FileWatcher;

use super::tls_places::TlsPlaces;

/// TLS of the ports and upstreams.
#[derive(Debug)]
pub(in crate::app) struct StartupTls {
    pub(in crate::app) places: TlsPlaces,
    /// TLS for clients, if the port has it.
    pub(in crate::app) listen: Option<ListenerTls>,
    /// TLS for the calls of services, if their ports have it.
    pub(in crate::app) egress: Option<ListenerTls>,
    /// TLS for operators, if the port has it.
    pub(in crate::app) admin: Option<AdminTls>,
}

impl StartupTls {
    /// Loads the files.
    ///
    /// # Errors
    /// If files cannot be used, or the threads that access files cannot be started.
    pub(in crate::app) fn load(config: &Config, metrics: &Metrics) -> Result<Self, AppError> {
        let files = FileWatcher::start().map_err(AppError::Runtime)?;
        let places = TlsPlaces::new(metrics, files);
        let listen = places.load_port("listen.tls", &config.listen_tls);
        let admin = places.load_port("admin.tls", &config.admin_tls);
        let egress = places.load_port("egress.tls", &config.egress.tls);
        let upstreams = places.load_upstreams(&config.services);
        let (listen, admin, egress) = match (listen, admin, egress, upstreams) {
            (Ok(listen), Ok(admin), Ok(egress), Ok(())) => (listen, admin, egress),
            (listen, admin, egress, upstreams) => {
                let ports = [listen.err(), admin.err(), egress.err()];
                let ports = ports.into_iter().flatten();
                let errors = ports.chain(upstreams.err().unwrap_or_default());
                return Err(AppError::Tls {
                    errors: errors.collect(),
                });
            }
        };
        Ok(Self {
            places,
            listen: listen.map(|active| ListenerTls {
                active,
                handshake_timeout: config.listen_tls.handshake_timeout,
            }),
            egress: egress.map(|active| ListenerTls {
                active,
                handshake_timeout: config.egress.tls.handshake_timeout,
            }),
            admin: admin.map(|active| AdminTls {
                active,
                handshake_timeout: config.admin_tls.handshake_timeout,
            }),
        })
    }
}
