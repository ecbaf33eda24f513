//! One attempt to send a request: to the only server, or to the best of several.

use http::{Request, Response};

use crate::body::ForwardBody;
use crate::exchange::in_flight::InFlight;
use crate::headers::AddedFields;
use crate::interim_responses::InterimResponses;
use crate::limits::ResponseTimeouts;
use crate::upstream::{BalancedUpstream, UpstreamBody, UpstreamClient, UpstreamError};

/// On what terms a request is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttemptTerms<'a> {
    pub(super) is_idempotent: bool,
    pub(super) is_upgrade: bool,
    pub(super) timeouts: ResponseTimeouts,
    pub(super) added: &'a AddedFields,
    pub(super) interim: &'a InterimResponses,
}

impl AttemptTerms<'_> {
    pub(super) async fn send(
        self,
        client: &UpstreamClient,
        request: &mut Request<ForwardBody>,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        if self.is_upgrade {
            // Boxed, because it is rare and its size would count for every request.
            Box::pin(client.shake_hands(request, self.added, self.timeouts, self.interim)).await
        } else {
            client
                .send(
                    request,
                    self.added,
                    self.is_idempotent,
                    self.timeouts,
                    self.interim,
                )
                .await
        }
    }

    /// Sends to the best server, and to the next one if it accepts no connection. Only a request of
    /// which nothing was sent is sent to another one, so this is one attempt for circuit breakers and
    /// retries. The server of an attempt before is avoided.
    pub(super) async fn send_balanced(
        self,
        upstream: &BalancedUpstream,
        request: &mut Request<ForwardBody>,
        in_flight: &mut InFlight,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        let mut tried = Vec::from_iter(in_flight.set_endpoint(None));
        let mut count = 0;
        loop {
            let chosen = upstream.choose(&tried);
            let result = self.send(&chosen.client, request).await;
            count += 1;
            upstream.note(&chosen.lease, result.as_ref().err());
            match result {
                Err(error) if error.is_unsent() && upstream.may_try_another(count) => {
                    tried.push(chosen.lease);
                }
                result => {
                    in_flight.set_endpoint(Some(chosen.lease));
                    return result;
                }
            }
        }
    }
}
