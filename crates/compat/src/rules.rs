//! All rules in one table.
//!
//! A rule describes a kind of change; the finding carries the location. The level is the default.
//! For schema rules the default applies only if containment cannot decide the effect; a proof or a
//! witness overrides it. The aliases are the ids that oasdiff uses for the same change, where
//! `{a,b}` stands for either text.

use super::change_level::ChangeLevel;
use super::diff_rule::MirrorRule::{Itself, Of, Waived};
use super::diff_rule::{ChangeAction, ChangeArea, ChangeCategory, DiffRule, rule};

const B: Option<ChangeLevel> = Some(ChangeLevel::Breaking);
const W: Option<ChangeLevel> = Some(ChangeLevel::Warning);
const I: Option<ChangeLevel> = Some(ChangeLevel::Info);
const N: Option<ChangeLevel> = None;

/// All rules. The levels apply to a change in a request, in a response, and in neither.
#[rustfmt::skip]
const RULES: &[DiffRule] = &[
    rule("operation.added", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "operation added", "endpoint-added", Of("operation.removed")),
    rule("operation.removed", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, B], "operation removed", "api-{,path-}removed-without-deprecation", Of("operation.added")),
    rule("operation.retired", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, I], "expired or unstable operation removed", "api-{,path-}removed-with-deprecation", Of("operation.removed-before-sunset")),
    rule("operation.removed-before-sunset", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, B], "operation removed before its sunset", "api-{,path-}removed-before-sunset", Of("operation.retired")),
    rule("operation.served-by-another", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, W], "operation removed, but another one serves its requests", "api-{,path-}removed-without-deprecation", Of("operation.address.taken-over")),
    rule("operation.address.taken-over", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "another operation serves this address now", "", Of("operation.served-by-another")),
    rule("operation.address.refused", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, B], "requests to this address are refused now", "", Waived("Requests to an address without an operation have no contract.")),
    rule("operation.address.not-compared", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Invalid, [N, N, B], "not all addresses that several paths serve were compared", "", Waived("A comparison with fewer addresses in common compares all of them.")),
    rule("operation.deprecated", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Add, [N, N, I], "operation deprecated", "endpoint-deprecated{,-with-sunset}", Of("operation.reactivated")),
    rule("operation.reactivated", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Remove, [N, N, I], "operation no longer deprecated", "endpoint-reactivated", Of("operation.deprecated")),
    rule("operation.sunset.missing", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Invalid, [N, N, B], "deprecated operation has no sunset", "api-deprecated-sunset-missing", Waived("Adding a sunset is part of the deprecation.")),
    rule("operation.sunset.malformed", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Invalid, [N, N, W], "operation sunset is not a date", "api-deprecated-sunset-parse api-path-sunset-parse", Waived("A valid date is not a change.")),
    rule("operation.sunset.too-soon", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Invalid, [N, N, B], "operation sunset is within the notice period", "api-sunset-date-too-small", Waived("A sunset after the notice period is part of the deprecation.")),
    rule("operation.sunset.earlier", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Decrease, [N, N, B], "operation sunset brought forward", "api-sunset-date-changed-earlier api-sunset-date-changed-too-small", Of("operation.sunset.later")),
    rule("operation.sunset.earlier-with-notice", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Decrease, [N, N, I], "operation sunset brought forward, with enough notice", "", Of("operation.sunset.later")),
    rule("operation.sunset.later", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Increase, [N, N, I], "operation sunset postponed", "", Of("operation.sunset.earlier")),
    rule("operation.sunset.removed", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Remove, [N, N, B], "sunset of the deprecated operation removed", "sunset-deleted", Waived("Adding a sunset is part of the deprecation.")),
    rule("operation.stability.decreased", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Decrease, [N, N, B], "operation stability lowered", "api-stability-decreased", Of("operation.stability.increased")),
    rule("operation.stability.increased", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Increase, [N, N, I], "operation stability raised", "api-stability-increased", Of("operation.stability.decreased")),
    rule("operation.stability.malformed", ChangeArea::Operation, ChangeCategory::Lifecycle, ChangeAction::Invalid, [N, N, W], "operation stability is not draft, alpha, beta or stable", "api-invalid-stability-level", Waived("A valid level is not a change.")),
    rule("operation.id.added", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "operationId added", "api-operation-id-added", Of("operation.id.removed")),
    rule("operation.id.removed", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, I], "operationId removed", "api-operation-id-removed", Of("operation.id.added")),
    rule("operation.id.changed", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Change, [N, N, I], "operationId changed", "api-operation-id-{removed,added}", Itself),
    rule("operation.tag.added", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "tag added", "api-tag-added", Of("operation.tag.removed")),
    rule("operation.tag.removed", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, I], "tag removed", "api-tag-removed", Of("operation.tag.added")),
    rule("webhook.added", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "webhook added", "webhook-added", Of("webhook.removed")),
    rule("webhook.removed", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, B], "webhook removed", "webhook-removed", Of("webhook.added")),
    rule("callback.added", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "callback added", "", Of("callback.removed")),
    rule("callback.removed", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, B], "callback removed", "", Of("callback.added")),
    rule("callback.address.changed", ChangeArea::Operation, ChangeCategory::Wire, ChangeAction::Change, [N, N, W], "callback address changed", "", Itself),
    rule("server.added", ChangeArea::Server, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "server added", "", Of("server.removed")),
    rule("server.removed", ChangeArea::Server, ChangeCategory::Existence, ChangeAction::Remove, [N, N, W], "server removed", "", Of("server.added")),
    rule("server.base-path.removed", ChangeArea::Server, ChangeCategory::Existence, ChangeAction::Remove, [N, N, B], "operations moved away from a server base path", "", Of("server.added")),
    rule("server.default.changed", ChangeArea::Server, ChangeCategory::Values, ChangeAction::Change, [N, N, I], "default of a server variable changed", "", Itself),
    rule("path.added.empty", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "path without operations added", "", Of("path.removed.empty")),
    rule("path.removed.empty", ChangeArea::Operation, ChangeCategory::Existence, ChangeAction::Remove, [N, N, I], "path without operations removed", "", Of("path.added.empty")),
    rule("objective.added", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Add, [N, N, I], "objective added", "", Of("objective.removed")),
    rule("objective.removed", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Remove, [N, N, W], "objective removed", "", Of("objective.added")),
    rule("objective.availability.lowered", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Decrease, [N, N, W], "availability objective lowered", "", Of("objective.availability.raised")),
    rule("objective.availability.raised", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Increase, [N, N, I], "availability objective raised", "", Of("objective.availability.lowered")),
    rule("objective.latency.lowered", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Decrease, [N, N, W], "latency objective lowered", "", Of("objective.latency.raised")),
    rule("objective.latency.raised", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Increase, [N, N, I], "latency objective raised", "", Of("objective.latency.lowered")),
    rule("objective.window.lengthened", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Increase, [N, N, W], "window of the objectives lengthened", "", Of("objective.window.shortened")),
    rule("objective.window.shortened", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Decrease, [N, N, I], "window of the objectives shortened", "", Of("objective.window.lengthened")),
    rule("objective.tier.lowered", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Decrease, [N, N, W], "promised tier lowered", "", Of("objective.tier.raised")),
    rule("objective.tier.raised", ChangeArea::Objective, ChangeCategory::Promise, ChangeAction::Increase, [N, N, I], "promised tier raised", "", Of("objective.tier.lowered")),
    rule("contract.kind.changed", ChangeArea::Document, ChangeCategory::Existence, ChangeAction::Change, [N, N, B], "contract of another kind", "", Itself),
    rule("version.not-raised", ChangeArea::Document, ChangeCategory::Lifecycle, ChangeAction::Invalid, [N, N, I], "contract changed, but its version did not", "api-version-not-bumped", Waived("A raised version is expected.")),
    rule("version.lowered", ChangeArea::Document, ChangeCategory::Lifecycle, ChangeAction::Decrease, [N, N, I], "version lowered", "api-version-decreased", Waived("A raised version is expected.")),
    rule("version.raised-too-little", ChangeArea::Document, ChangeCategory::Lifecycle, ChangeAction::Invalid, [N, N, I], "version raised less than the changes require", "api-major-version-not-bumped", Waived("A sufficient version is expected.")),
    rule("broken-part.not-compared", ChangeArea::Document, ChangeCategory::Existence, ChangeAction::Invalid, [W, W, W], "not compared, because the contract is broken here", "", Waived("A part that can be read is compared.")),
    rule("component.schema.removed", ChangeArea::Document, ChangeCategory::Existence, ChangeAction::Remove, [N, N, I], "shared schema removed", "api-schema-removed", Waived("An added shared schema has no effect until it is used.")),
    rule("parameter.added.required", ChangeArea::Parameter, ChangeCategory::Existence, ChangeAction::Add, [B, N, N], "required parameter added", "new-required-request-parameter new-required-request-default-parameter-to-existing-path new-request-path-parameter", Of("parameter.removed")),
    rule("parameter.added.optional", ChangeArea::Parameter, ChangeCategory::Existence, ChangeAction::Add, [I, N, N], "optional parameter added", "new-optional-request-parameter new-optional-request-default-parameter-to-existing-path", Of("parameter.removed")),
    rule("parameter.removed", ChangeArea::Parameter, ChangeCategory::Existence, ChangeAction::Remove, [W, N, N], "parameter removed", "request-parameter-removed", Of("parameter.added.optional")),
    rule("parameter.moved", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Change, [B, N, N], "parameter location changed", "request-parameter-removed new-required-request-parameter new-optional-request-parameter", Waived("The reverse change is reported by the same rule.")),
    rule("parameter.retired", ChangeArea::Parameter, ChangeCategory::Existence, ChangeAction::Remove, [I, N, N], "parameter removed after its sunset", "request-parameter-removed-with-deprecation", Of("parameter.removed-before-sunset")),
    rule("parameter.removed-before-sunset", ChangeArea::Parameter, ChangeCategory::Existence, ChangeAction::Remove, [B, N, N], "parameter removed before its sunset", "request-parameter-removed-before-sunset", Of("parameter.retired")),
    rule("parameter.path.declared", ChangeArea::Parameter, ChangeCategory::Existence, ChangeAction::Add, [B, N, N], "path parameter declared that accepted any text", "new-request-path-parameter", Of("parameter.path.undeclared")),
    rule("parameter.path.undeclared", ChangeArea::Parameter, ChangeCategory::Existence, ChangeAction::Remove, [I, N, N], "path parameter no longer declared: any text is accepted", "request-parameter-removed", Of("parameter.path.declared")),
    rule("parameter.name-taken", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Change, [B, N, N], "another parameter reads this name now", "", Waived("The reverse change is reported by the same rule.")),
    rule("parameter.renamed", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Change, [B, N, N], "name of the path parameter changed, which style matrix sends", "", Waived("The reverse change is reported by the same rule.")),
    rule("parameter.not-in-path", ChangeArea::Parameter, ChangeCategory::Existence, ChangeAction::Invalid, [I, N, N], "path parameter changed that is not in the path: it is not validated", "", Waived("A parameter that is in the path has the other rules.")),
    rule("parameter.required", ChangeArea::Parameter, ChangeCategory::Requiredness, ChangeAction::Add, [B, N, N], "parameter became required", "request-parameter-became-required", Of("parameter.optional")),
    rule("parameter.optional", ChangeArea::Parameter, ChangeCategory::Requiredness, ChangeAction::Remove, [I, N, N], "parameter became optional", "request-parameter-became-optional", Of("parameter.required")),
    rule("parameter.style.changed", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Change, [B, N, N], "parameter style changed", "", Waived("The reverse change is reported by the same rule.")),
    rule("parameter.explode.changed", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Change, [B, N, N], "parameter explode changed", "", Waived("The reverse change is reported by the same rule.")),
    rule("parameter.content.changed", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Change, [B, N, N], "parameter content changed", "", Waived("The reverse change is reported by the same rule.")),
    rule("parameter.empty.refused", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Remove, [W, N, N], "parameter may no longer be empty", "", Of("parameter.empty.allowed")),
    rule("parameter.empty.allowed", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Add, [I, N, N], "parameter may now be empty", "", Of("parameter.empty.refused")),
    rule("parameter.reserved.changed", ChangeArea::Parameter, ChangeCategory::Wire, ChangeAction::Change, [W, N, N], "parameter allowReserved changed", "", Waived("The reverse change is reported by the same rule.")),
    rule("parameter.deprecated", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Add, [I, N, N], "parameter deprecated", "request-parameter-deprecated", Of("parameter.reactivated")),
    rule("parameter.reactivated", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Remove, [I, N, N], "parameter no longer deprecated", "request-parameter-reactivated", Of("parameter.deprecated")),
    rule("parameter.sunset.missing", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Invalid, [B, N, N], "deprecated parameter has no sunset", "request-parameter-deprecated-sunset-missing", Waived("Adding a sunset is part of the deprecation.")),
    rule("parameter.sunset.malformed", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Invalid, [W, N, N], "parameter sunset is not a date", "request-parameter-sunset-parse", Waived("A valid date is not a change.")),
    rule("parameter.sunset.too-soon", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Invalid, [B, N, N], "parameter sunset is within the notice period", "request-parameter-sunset-date-too-small", Waived("A sunset after the notice period is part of the deprecation.")),
    rule("parameter.sunset.earlier", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Decrease, [B, N, N], "parameter sunset brought forward", "request-parameter-sunset-date-changed-earlier request-parameter-sunset-date-changed-too-small", Of("parameter.sunset.later")),
    rule("parameter.sunset.earlier-with-notice", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Decrease, [I, N, N], "parameter sunset brought forward, with enough notice", "", Of("parameter.sunset.later")),
    rule("parameter.sunset.later", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Increase, [I, N, N], "parameter sunset postponed", "", Of("parameter.sunset.earlier")),
    rule("parameter.sunset.removed", ChangeArea::Parameter, ChangeCategory::Lifecycle, ChangeAction::Remove, [B, N, N], "sunset of the deprecated parameter removed", "request-parameter-sunset-deleted", Waived("Adding a sunset is part of the deprecation.")),
    rule("body.added.required", ChangeArea::Body, ChangeCategory::Existence, ChangeAction::Add, [B, N, N], "required request body added", "request-body-added-required", Of("body.removed")),
    rule("body.added.optional", ChangeArea::Body, ChangeCategory::Existence, ChangeAction::Add, [I, N, N], "optional request body added", "request-body-added-optional", Of("body.removed")),
    rule("body.removed", ChangeArea::Body, ChangeCategory::Existence, ChangeAction::Remove, [B, N, N], "request body removed", "request-body-removed", Of("body.added.optional")),
    rule("body.required", ChangeArea::Body, ChangeCategory::Requiredness, ChangeAction::Add, [B, N, N], "request body became required", "request-body-became-required", Of("body.optional")),
    rule("body.optional", ChangeArea::Body, ChangeCategory::Requiredness, ChangeAction::Remove, [I, N, N], "request body became optional", "request-body-became-optional", Of("body.required")),
    rule("media-type.added", ChangeArea::Body, ChangeCategory::Existence, ChangeAction::Add, [I, W, N], "media type added", "request-body-media-type-added response-media-type-added", Itself),
    rule("media-type.removed", ChangeArea::Body, ChangeCategory::Existence, ChangeAction::Remove, [B, B, N], "media type removed", "request-body-media-type-removed response-media-type-removed", Itself),
    rule("media-type.generalized", ChangeArea::Body, ChangeCategory::Type, ChangeAction::Generalize, [I, W, N], "media type widened to a range", "response-media-type-name-generalized", Itself),
    rule("media-type.specialized", ChangeArea::Body, ChangeCategory::Type, ChangeAction::Specialize, [B, I, N], "media type range narrowed", "response-media-type-name-specialized", Itself),
    rule("media-type.renamed", ChangeArea::Body, ChangeCategory::Type, ChangeAction::Change, [I, I, N], "media type spelled differently", "response-media-type-name-changed response-media-type-parameter-added response-media-type-parameter-changed response-media-type-parameter-removed", Itself),
    rule("media-type.schema.added", ChangeArea::Body, ChangeCategory::Existence, ChangeAction::Add, [B, I, N], "schema added to the media type", "{request,response}-body-media-type-schema-added", Itself),
    rule("media-type.schema.removed", ChangeArea::Body, ChangeCategory::Existence, ChangeAction::Remove, [I, B, N], "schema removed from the media type", "{request,response}-body-media-type-schema-removed", Itself),
    rule("media-type.encoding.changed", ChangeArea::Body, ChangeCategory::Wire, ChangeAction::Change, [W, W, N], "property encoding changed", "", Itself),
    rule("status.added.success", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Add, [N, W, N], "success response status added", "response-success-status-added", Of("status.removed.success")),
    rule("status.added.other", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Add, [N, W, N], "response status added", "response-non-success-status-added", Of("status.removed.other")),
    rule("status.added.covered", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Add, [N, I, N], "response status added that a range already covered", "response-{success,non-success}-status-added", Of("status.removed.covered")),
    rule("status.removed.success", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Remove, [N, B, N], "success response status removed", "response-success-status-removed", Of("status.added.success")),
    rule("status.removed.other", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Remove, [N, I, N], "response status removed", "response-non-success-status-removed", Of("status.added.other")),
    rule("status.removed.covered", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Remove, [N, I, N], "response status removed that a range still covers", "response-{success,non-success}-status-removed", Of("status.added.covered")),
    rule("header.added", ChangeArea::Header, ChangeCategory::Existence, ChangeAction::Add, [N, I, N], "response header added", "response-header-added", Of("header.removed.optional")),
    rule("header.removed.required", ChangeArea::Header, ChangeCategory::Existence, ChangeAction::Remove, [N, B, N], "required response header removed", "required-response-header-removed", Of("header.added")),
    rule("header.removed.optional", ChangeArea::Header, ChangeCategory::Existence, ChangeAction::Remove, [N, W, N], "optional response header removed", "optional-response-header-removed", Of("header.added")),
    rule("header.optional", ChangeArea::Header, ChangeCategory::Requiredness, ChangeAction::Remove, [N, B, N], "response header became optional", "response-header-became-optional", Of("header.required")),
    rule("header.required", ChangeArea::Header, ChangeCategory::Requiredness, ChangeAction::Add, [N, I, N], "response header became required", "", Of("header.optional")),
    rule("link.added", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Add, [N, I, N], "response link added", "", Of("link.removed")),
    rule("link.removed", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Remove, [N, I, N], "response link removed", "", Of("link.added")),
    rule("link.changed", ChangeArea::Status, ChangeCategory::Existence, ChangeAction::Change, [N, I, N], "response link changed", "", Waived("The reverse change is reported by the same rule.")),
    rule("security.required", ChangeArea::Security, ChangeCategory::Security, ChangeAction::Add, [N, N, B], "credentials became required", "api-global-security-added api-security-added api-security-anonymous-access-removed", Of("security.dropped")),
    rule("security.dropped", ChangeArea::Security, ChangeCategory::Security, ChangeAction::Remove, [N, N, I], "credentials are no longer required", "api-global-security-removed api-security-anonymous-access-added api-security-removed", Of("security.required")),
    rule("security.alternative.removed", ChangeArea::Security, ChangeCategory::Security, ChangeAction::Remove, [N, N, B], "security alternative removed", "api-security-removed api-global-security-removed api-security-added api-global-security-added", Of("security.alternative.added")),
    rule("security.alternative.added", ChangeArea::Security, ChangeCategory::Security, ChangeAction::Add, [N, N, I], "security alternative added", "api-security-added api-global-security-added", Of("security.alternative.removed")),
    rule("security.alternative.dropped", ChangeArea::Security, ChangeCategory::Security, ChangeAction::Remove, [N, N, I], "redundant security alternative removed", "api-security-removed api-global-security-removed", Of("security.alternative.added")),
    rule("security.alternative.extended", ChangeArea::Security, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "security alternative added that needs more than another one", "api-security-added api-global-security-added", Of("security.alternative.dropped")),
    rule("security.scope.added", ChangeArea::Security, ChangeCategory::Security, ChangeAction::Add, [N, N, B], "security scope added", "api-security-scope-added api-global-security-scope-added", Of("security.scope.removed")),
    rule("security.scope.removed", ChangeArea::Security, ChangeCategory::Security, ChangeAction::Remove, [N, N, I], "security scope removed", "api-security-scope-removed api-global-security-scope-removed", Of("security.scope.added")),
    rule("security-scheme.added", ChangeArea::Security, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "security scheme added", "api-security-component-added", Of("security-scheme.removed")),
    rule("security-scheme.removed", ChangeArea::Security, ChangeCategory::Existence, ChangeAction::Remove, [N, N, I], "security scheme removed", "api-security-component-removed", Of("security-scheme.added")),
    rule("security-scheme.changed", ChangeArea::Security, ChangeCategory::Type, ChangeAction::Change, [N, N, I], "security scheme changed", "api-security-component-api-key-in-changed api-security-component-api-key-name-changed api-security-component-bearer-format-changed api-security-component-http-scheme-changed api-security-component-type-changed", Itself),
    rule("security-scheme.url.changed", ChangeArea::Security, ChangeCategory::Type, ChangeAction::Change, [N, N, W], "security scheme URL changed", "api-security-component-oauth-refresh-url-changed api-security-component-oauth-token-url-changed api-security-component-oauth-url-changed api-security-component-openid-connect-url-changed", Itself),
    rule("security-scheme.flow.added", ChangeArea::Security, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "OAuth flow added", "", Of("security-scheme.flow.removed")),
    rule("security-scheme.flow.removed", ChangeArea::Security, ChangeCategory::Existence, ChangeAction::Remove, [N, N, I], "OAuth flow removed", "", Of("security-scheme.flow.added")),
    rule("security-scheme.scope.added", ChangeArea::Security, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "security scheme scope added", "api-security-component-oauth-scope-added", Of("security-scheme.scope.removed")),
    rule("security-scheme.scope.removed", ChangeArea::Security, ChangeCategory::Existence, ChangeAction::Remove, [N, N, I], "security scheme scope removed", "api-security-component-oauth-scope-removed", Of("security-scheme.scope.added")),
    rule("security-scheme.scope.changed", ChangeArea::Security, ChangeCategory::Existence, ChangeAction::Change, [N, N, I], "security scheme scope description changed", "api-security-component-oauth-scope-changed", Itself),
    rule("schema.property.added.optional", ChangeArea::Schema, ChangeCategory::Existence, ChangeAction::Add, [I, I, N], "optional property added", "new-optional-request-property response-optional-{,write-only-}property-added", Itself),
    rule("schema.property.added.required", ChangeArea::Schema, ChangeCategory::Existence, ChangeAction::Add, [B, I, N], "required property added", "new-required-request-property{,-with-default} response-required-{,write-only-}property-added", Itself),
    rule("schema.property.removed.optional", ChangeArea::Schema, ChangeCategory::Existence, ChangeAction::Remove, [W, W, N], "optional property removed", "request-property-removed request-property-removed-before-sunset request-property-removed-with-deprecation response-optional-property-removed response-optional-write-only-property-removed", Itself),
    rule("schema.property.removed.required", ChangeArea::Schema, ChangeCategory::Existence, ChangeAction::Remove, [W, B, N], "required property removed", "request-property-removed request-property-removed-before-sunset request-property-removed-with-deprecation response-required-property-removed response-required-property-removed-before-sunset response-required-property-removed-with-deprecation response-required-write-only-property-removed", Itself),
    rule("schema.properties.removed", ChangeArea::Schema, ChangeCategory::Existence, ChangeAction::Remove, [W, B, N], "its properties are no longer described", "request-property-removed response-{optional,required}-{,write-only-}property-removed", Waived("Properties that are described for the first time are reported one by one.")),
    rule("schema.property.required", ChangeArea::Schema, ChangeCategory::Requiredness, ChangeAction::Add, [B, I, N], "property became required", "request-property-became-required{,-with-default} request-header-property-became-required new-required-request-header-property response-{,write-only-}property-became-required", Itself),
    rule("schema.property.optional", ChangeArea::Schema, ChangeCategory::Requiredness, ChangeAction::Remove, [I, B, N], "property became optional", "request-property-became-optional response-{,write-only-}property-became-optional", Itself),
    rule("schema.type.widened", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Generalize, [I, B, N], "type widened", "request-{body,property,parameter,parameter-property}-list-of-types-widened response-{body,property}-list-of-types-widened request-{body,property,parameter,parameter-property}-schema-became-not-false response-{body,property,header}-schema-became-not-false request-{body,property,parameter,parameter-property}-type-generalized response-{body,property,header}-type-generalized response-{body,property}-type-changed", Itself),
    rule("schema.type.narrowed", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Specialize, [B, I, N], "type narrowed", "request-{body,property,parameter,parameter-property}-list-of-types-narrowed response-{body,property}-list-of-types-narrowed request-{body,property,parameter,parameter-property}-schema-became-false response-{body,property,header}-schema-became-false request-{body,property,parameter,parameter-property}-type-changed request-parameter-property-type-specialized response-{body,property,header}-type-specialized", Itself),
    rule("schema.type.changed", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Change, [B, B, N], "type changed", "request-{body,property,parameter,parameter-property}-type-changed request-{parameter,parameter-property}-type-generalized request-parameter-property-type-specialized response-{body,property,header}-type-changed {request,response}-{body,property}-type-compatible response-header-type-compatible", Itself),
    rule("schema.null.allowed", ChangeArea::Schema, ChangeCategory::Requiredness, ChangeAction::Add, [I, B, N], "null is now allowed", "request-{parameter,parameter-property,body,property}-became-nullable response-{header,property,body}-became-nullable", Itself),
    rule("schema.null.unlisted", ChangeArea::Schema, ChangeCategory::Requiredness, ChangeAction::Invalid, [I, I, N], "null changed in the types, but `enum` does not list it", "", Itself),
    rule("schema.null.refused", ChangeArea::Schema, ChangeCategory::Requiredness, ChangeAction::Remove, [B, I, N], "null is no longer allowed", "request-{parameter,parameter-property,body,property}-became-not-nullable response-{header,property,body}-became-not-nullable", Itself),
    rule("schema.format.set", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Specialize, [B, I, N], "format added", "{request,response}-{body,property}-type-{changed,generalized,compatible} {request,response}-{body,property}-list-of-types-{widened,narrowed} response-{body,property}-type-specialized request-parameter-type-{changed,generalized} request-parameter-property-type-{changed,generalized,specialized} response-header-type-{changed,generalized,specialized,compatible}", Itself),
    rule("schema.format.unset", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Generalize, [I, B, N], "format removed", "{request,response}-{body,property}-type-{changed,generalized,compatible} {request,response}-{body,property}-list-of-types-{widened,narrowed} response-{body,property}-type-specialized request-parameter-type-{changed,generalized} request-parameter-property-type-{changed,generalized,specialized} response-header-type-{changed,generalized,specialized,compatible}", Itself),
    rule("schema.format.changed", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Change, [B, B, N], "format changed", "{request,response}-{body,property}-type-{changed,generalized,compatible} {request,response}-{body,property}-list-of-types-{widened,narrowed} response-{body,property}-type-specialized request-parameter-type-{changed,generalized} request-parameter-property-type-{changed,generalized,specialized} response-header-type-{changed,generalized,specialized,compatible}", Itself),
    rule("schema.format.unasserted", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Change, [I, I, N], "format changed that only describes values: no format that is asserted", "", Itself),
    rule("schema.maximum.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [I, B, N], "maximum raised", "request-{body,property,parameter}-max-increased response-{body,property,header}-max-increased", Of("schema.maximum.decreased")),
    rule("schema.maximum.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [B, I, N], "maximum lowered", "request-{body,property,parameter,read-only-property}-max-decreased response-{body,property,header}-max-decreased", Of("schema.maximum.increased")),
    rule("schema.maximum.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "maximum added", "request-{body,property,parameter}-max-set response-{body,property,header}-max-set", Of("schema.maximum.unset")),
    rule("schema.maximum.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "maximum removed", "request-{body,property,parameter}-max-unset response-{body,property,header}-max-unset", Of("schema.maximum.set")),
    rule("schema.minimum.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [B, I, N], "minimum raised", "request-{body,property,parameter,read-only-property}-min-increased response-{body,property,header}-min-increased", Of("schema.minimum.decreased")),
    rule("schema.minimum.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [I, B, N], "minimum lowered", "request-{body,property,parameter}-min-decreased response-{body,property,header}-min-decreased", Of("schema.minimum.increased")),
    rule("schema.minimum.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "minimum added", "request-{body,property,parameter}-min-set response-{body,property,header}-min-set", Of("schema.minimum.unset")),
    rule("schema.minimum.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "minimum removed", "request-{body,property,parameter}-min-unset response-{body,property,header}-min-unset", Of("schema.minimum.set")),
    rule("schema.exclusive-maximum.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [I, B, N], "exclusiveMaximum raised", "request-{body,property,parameter}-exclusive-max-increased response-{body,property,header}-exclusive-max-increased", Of("schema.exclusive-maximum.decreased")),
    rule("schema.exclusive-maximum.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [B, I, N], "exclusiveMaximum lowered", "request-{body,property,parameter,read-only-property}-exclusive-max-decreased response-{body,property,header}-exclusive-max-decreased", Of("schema.exclusive-maximum.increased")),
    rule("schema.exclusive-maximum.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "exclusiveMaximum added", "request-{body,property,parameter}-exclusive-max-set response-{body,property,header}-exclusive-max-set", Of("schema.exclusive-maximum.unset")),
    rule("schema.exclusive-maximum.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "exclusiveMaximum removed", "request-{body,property,parameter}-exclusive-max-unset response-{body,property,header}-exclusive-max-unset", Of("schema.exclusive-maximum.set")),
    rule("schema.exclusive-minimum.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [B, I, N], "exclusiveMinimum raised", "request-{body,property,parameter,read-only-property}-exclusive-min-increased response-{body,property,header}-exclusive-min-increased", Of("schema.exclusive-minimum.decreased")),
    rule("schema.exclusive-minimum.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [I, B, N], "exclusiveMinimum lowered", "request-{body,property,parameter}-exclusive-min-decreased response-{body,property,header}-exclusive-min-decreased", Of("schema.exclusive-minimum.increased")),
    rule("schema.exclusive-minimum.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "exclusiveMinimum added", "request-{body,property,parameter}-exclusive-min-set response-{body,property,header}-exclusive-min-set", Of("schema.exclusive-minimum.unset")),
    rule("schema.exclusive-minimum.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "exclusiveMinimum removed", "request-{body,property,parameter}-exclusive-min-unset response-{body,property,header}-exclusive-min-unset", Of("schema.exclusive-minimum.set")),
    rule("schema.max-length.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [I, B, N], "maxLength raised", "request-{body,property,parameter}-max-length-increased response-{body,property,header}-max-length-increased", Of("schema.max-length.decreased")),
    rule("schema.max-length.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [B, I, N], "maxLength lowered", "request-{body,property,parameter,read-only-property}-max-length-decreased response-{body,property,header}-max-length-decreased", Of("schema.max-length.increased")),
    rule("schema.max-length.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "maxLength added", "request-{body,property,parameter}-max-length-set response-{body,property,header}-max-length-set", Of("schema.max-length.unset")),
    rule("schema.max-length.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "maxLength removed", "request-{body,property,parameter}-max-length-unset response-{body,property,header}-max-length-unset", Of("schema.max-length.set")),
    rule("schema.min-length.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [B, I, N], "minLength raised", "request-{body,property,parameter}-min-length-increased response-{body,property,header}-min-length-increased", Of("schema.min-length.decreased")),
    rule("schema.min-length.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [I, B, N], "minLength lowered", "request-{body,property,parameter}-min-length-decreased response-{body,property,header}-min-length-decreased", Of("schema.min-length.increased")),
    rule("schema.min-length.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "minLength added", "request-{body,property,parameter}-min-length-set response-{body,property,header}-min-length-set", Of("schema.min-length.unset")),
    rule("schema.min-length.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "minLength removed", "request-{body,property,parameter}-min-length-unset response-{body,property,header}-min-length-unset", Of("schema.min-length.set")),
    rule("schema.max-items.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [I, B, N], "maxItems raised", "request-{body,property,parameter}-max-items-increased response-{body,property,header}-max-items-increased", Of("schema.max-items.decreased")),
    rule("schema.max-items.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [B, I, N], "maxItems lowered", "request-{body,property,parameter,read-only-property}-max-items-decreased response-{body,property,header}-max-items-decreased", Of("schema.max-items.increased")),
    rule("schema.max-items.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "maxItems added", "request-{body,property,parameter}-max-items-set response-{body,property,header}-max-items-set", Of("schema.max-items.unset")),
    rule("schema.max-items.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "maxItems removed", "request-{body,property,parameter}-max-items-unset response-{body,property,header}-max-items-unset", Of("schema.max-items.set")),
    rule("schema.min-items.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [B, I, N], "minItems raised", "request-{body,property,parameter}-min-items-increased response-{body,property,header}-min-items-increased", Of("schema.min-items.decreased")),
    rule("schema.min-items.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [I, B, N], "minItems lowered", "request-{body,property,parameter}-min-items-decreased response-{body,property,header}-min-items-decreased", Of("schema.min-items.increased")),
    rule("schema.min-items.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "minItems added", "request-{body,property,parameter}-min-items-set response-{body,property,header}-min-items-set", Of("schema.min-items.unset")),
    rule("schema.min-items.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "minItems removed", "request-{body,property,parameter}-min-items-unset response-{body,property,header}-min-items-unset", Of("schema.min-items.set")),
    rule("schema.max-properties.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [I, B, N], "maxProperties raised", "request-{body,property,parameter}-max-properties-increased response-{body,property,header}-max-properties-increased", Of("schema.max-properties.decreased")),
    rule("schema.max-properties.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [B, I, N], "maxProperties lowered", "request-{body,property,parameter,read-only-property}-max-properties-decreased response-{body,property,header}-max-properties-decreased", Of("schema.max-properties.increased")),
    rule("schema.max-properties.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "maxProperties added", "request-{body,property,parameter}-max-properties-set response-{body,property,header}-max-properties-set", Of("schema.max-properties.unset")),
    rule("schema.max-properties.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "maxProperties removed", "request-{body,property,parameter}-max-properties-unset response-{body,property,header}-max-properties-unset", Of("schema.max-properties.set")),
    rule("schema.min-properties.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [B, I, N], "minProperties raised", "request-{body,property,parameter}-min-properties-increased response-{body,property,header}-min-properties-increased", Of("schema.min-properties.decreased")),
    rule("schema.min-properties.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [I, B, N], "minProperties lowered", "request-{body,property,parameter}-min-properties-decreased response-{body,property,header}-min-properties-decreased", Of("schema.min-properties.increased")),
    rule("schema.min-properties.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "minProperties added", "request-{body,property,parameter}-min-properties-set response-{body,property,header}-min-properties-set", Of("schema.min-properties.unset")),
    rule("schema.min-properties.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "minProperties removed", "request-{body,property,parameter}-min-properties-unset response-{body,property,header}-min-properties-unset", Of("schema.min-properties.set")),
    rule("schema.max-contains.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [I, B, N], "maxContains raised", "request-{body,property,parameter}-max-contains-increased response-{body,property,header}-max-contains-increased", Of("schema.max-contains.decreased")),
    rule("schema.max-contains.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [B, I, N], "maxContains lowered", "request-{body,property,parameter}-max-contains-decreased response-{body,property,header}-max-contains-decreased", Of("schema.max-contains.increased")),
    rule("schema.max-contains.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "maxContains added", "request-{body,property,parameter}-max-contains-set response-{body,property,header}-max-contains-set", Of("schema.max-contains.unset")),
    rule("schema.max-contains.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "maxContains removed", "request-{body,property,parameter}-max-contains-unset response-{body,property,header}-max-contains-unset", Of("schema.max-contains.set")),
    rule("schema.min-contains.increased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Increase, [B, I, N], "minContains raised", "request-{body,property,parameter}-min-contains-increased response-{body,property,header}-min-contains-increased", Of("schema.min-contains.decreased")),
    rule("schema.min-contains.decreased", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Decrease, [I, B, N], "minContains lowered", "request-{body,property,parameter}-min-contains-decreased response-{body,property,header}-min-contains-decreased", Of("schema.min-contains.increased")),
    rule("schema.min-contains.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "minContains added", "request-{body,property,parameter}-min-contains-set response-{body,property,header}-min-contains-set", Of("schema.min-contains.unset")),
    rule("schema.min-contains.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "minContains removed", "request-{body,property,parameter}-min-contains-unset response-{body,property,header}-min-contains-unset", Of("schema.min-contains.set")),
    rule("schema.multiple-of.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "multipleOf added", "request-{body,property,parameter}-multiple-of-set response-{body,property,header}-multiple-of-set", Of("schema.multiple-of.unset")),
    rule("schema.multiple-of.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "multipleOf removed", "request-{body,property,parameter}-multiple-of-unset response-{body,property,header}-multiple-of-unset", Of("schema.multiple-of.set")),
    rule("schema.multiple-of.changed", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Change, [B, B, N], "multipleOf changed", "{request,response}-{body,property}-multiple-of-changed request-{body,property}-multiple-of-generalized response-{body,property}-multiple-of-specialized", Itself),
    rule("schema.pattern.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "pattern added", "request-{parameter,property}-pattern-added response-property-pattern-added", Of("schema.pattern.unset")),
    rule("schema.pattern.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "pattern removed", "request-{parameter,property}-pattern-removed response-property-pattern-removed", Of("schema.pattern.set")),
    rule("schema.pattern.changed", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Change, [B, B, N], "pattern changed", "request-{parameter,property}-pattern-{changed,generalized} response-property-pattern-changed", Itself),
    rule("schema.unique.set", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Set, [B, I, N], "uniqueItems added", "request-{body,property}-unique-items-set", Of("schema.unique.unset")),
    rule("schema.unique.unset", ChangeArea::Schema, ChangeCategory::Constraint, ChangeAction::Unset, [I, B, N], "uniqueItems removed", "{request,response}-{body,property}-unique-items-unset", Of("schema.unique.set")),
    rule("schema.enum.set", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Set, [B, I, N], "enum added", "request-{body,property,parameter}-became-enum response-property-became-enum request-header-property-became-enum response-mediatype-became-enum", Of("schema.enum.unset")),
    rule("schema.enum.unset", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Unset, [I, B, N], "enum removed", "request-{body,property,parameter,parameter-property}-became-not-enum response-property-became-not-enum request-{body,property,parameter,parameter-property,read-only-property}-enum-value-removed response-property-enum-value-removed response-mediatype-became-not-enum response-mediatype-enum-value-removed", Of("schema.enum.set")),
    rule("schema.enum.value.added", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Add, [I, B, N], "enum value added", "request-{body,property,parameter,parameter-property}-enum-value-added response-{property,write-only-property}-enum-value-added response-mediatype-enum-value-added", Itself),
    rule("schema.enum.value.removed", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Remove, [B, I, N], "enum value removed", "request-{parameter,parameter-property,property,body,read-only-property}-enum-value-removed response-{property,mediatype}-enum-value-removed", Itself),
    rule("schema.extensible-enum.value.added", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Add, [I, I, N], "x-extensible-enum value added", "", Itself),
    rule("schema.extensible-enum.value.removed", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Remove, [W, I, N], "x-extensible-enum value removed", "request-{parameter,property}-x-extensible-enum-value-removed", Itself),
    rule("schema.const.set", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Set, [B, I, N], "const added", "{request,response}-{body,property}-const-added", Of("schema.const.unset")),
    rule("schema.const.unset", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Unset, [I, B, N], "const removed", "{request,response}-{body,property}-const-removed", Of("schema.const.set")),
    rule("schema.const.changed", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Change, [B, B, N], "const changed", "{request,response}-{body,property}-const-changed", Itself),
    rule("schema.default.added", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Add, [I, I, N], "default added", "request-{parameter,body,property}-default-value-added response-{body,property}-default-value-added", Itself),
    rule("schema.default.removed", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Remove, [I, I, N], "default removed", "request-{parameter,body,property}-default-value-removed response-{body,property}-default-value-removed", Itself),
    rule("schema.default.changed", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Change, [I, I, N], "default changed", "request-{parameter,body,property}-default-value-changed response-{body,property}-default-value-changed", Itself),
    rule("parameter.default.added", ChangeArea::Parameter, ChangeCategory::Values, ChangeAction::Add, [W, N, N], "parameter default added", "request-parameter-default-value-added", Of("parameter.default.removed")),
    rule("parameter.default.removed", ChangeArea::Parameter, ChangeCategory::Values, ChangeAction::Remove, [W, N, N], "parameter default removed", "request-parameter-default-value-removed", Of("parameter.default.added")),
    rule("parameter.default.changed", ChangeArea::Parameter, ChangeCategory::Values, ChangeAction::Change, [W, N, N], "parameter default changed", "request-parameter-default-value-changed", Waived("The reverse change is reported by the same rule.")),
    rule("schema.read-only.set", ChangeArea::Schema, ChangeCategory::Mutability, ChangeAction::Set, [W, I, N], "readOnly added", "{request,response}-{optional,required}-property-became-read-only", Of("schema.read-only.unset")),
    rule("schema.read-only.unset", ChangeArea::Schema, ChangeCategory::Mutability, ChangeAction::Unset, [I, I, N], "readOnly removed", "request-optional-property-became-not-read-only request-required-property-became-not-read-only request-required-property-became-not-read-only-in-openapi-31 response-optional-property-became-not-read-only response-required-property-became-not-read-only", Of("schema.read-only.set")),
    rule("schema.write-only.set", ChangeArea::Schema, ChangeCategory::Mutability, ChangeAction::Set, [I, W, N], "writeOnly added", "{request,response}-{optional,required}-property-became-write-only", Of("schema.write-only.unset")),
    rule("schema.write-only.unset", ChangeArea::Schema, ChangeCategory::Mutability, ChangeAction::Unset, [I, W, N], "writeOnly removed", "{request,response}-{optional,required}-property-became-not-write-only", Of("schema.write-only.set")),
    rule("schema.all-of.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "allOf schema added", "{request,response}-{body,property}-all-of-added{,-annotation-only}", Of("schema.all-of.removed")),
    rule("schema.all-of.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [W, B, N], "allOf schema removed", "{request,response}-{body,property}-all-of-removed{,-annotation-only}", Of("schema.all-of.added")),
    rule("schema.any-of.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [I, B, N], "anyOf alternative added", "{request,response}-{body,property}-any-of-added", Of("schema.any-of.removed")),
    rule("schema.any-of.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [B, I, N], "anyOf alternative removed", "{request,response}-{body,property}-any-of-removed", Of("schema.any-of.added")),
    rule("schema.one-of.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [I, B, N], "oneOf alternative added", "{request,response}-{body,property}-one-of-added", Of("schema.one-of.removed")),
    rule("schema.one-of.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [B, I, N], "oneOf alternative removed", "{request,response}-{body,property}-one-of-removed", Of("schema.one-of.added")),
    rule("schema.alternatives.wrapped", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, B, N], "schema became one of several alternatives", "{request,response}-body-wrapped-in-one-of {request,response}-body-wrapped-in-one-of-original-preserved", Of("schema.alternatives.unwrapped")),
    rule("schema.alternatives.unwrapped", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [B, B, N], "one of several alternatives became the schema", "", Of("schema.alternatives.wrapped")),
    rule("schema.not.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "not schema added", "", Of("schema.not.removed")),
    rule("schema.not.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "not schema removed", "", Of("schema.not.added")),
    rule("schema.if.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "if condition added", "{request,response}-{body,property}-if-added", Of("schema.if.removed")),
    rule("schema.if.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "if condition removed", "{request,response}-{body,property}-if-removed", Of("schema.if.added")),
    rule("schema.then.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "then schema added", "{request,response}-{body,property}-then-added", Of("schema.then.removed")),
    rule("schema.then.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "then schema removed", "{request,response}-{body,property}-then-removed", Of("schema.then.added")),
    rule("schema.else.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "else schema added", "{request,response}-{body,property}-else-added", Of("schema.else.removed")),
    rule("schema.else.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "else schema removed", "{request,response}-{body,property}-else-removed", Of("schema.else.added")),
    rule("schema.contains.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "contains schema added", "{request,response}-{body,property}-contains-added", Of("schema.contains.removed")),
    rule("schema.contains.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "contains schema removed", "{request,response}-{body,property}-contains-removed", Of("schema.contains.added")),
    rule("schema.dependent-required.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "dependentRequired entry added", "{request,response}-{body,property}-dependent-required-added", Of("schema.dependent-required.removed")),
    rule("schema.dependent-required.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "dependentRequired entry removed", "{request,response}-{body,property}-dependent-required-removed", Of("schema.dependent-required.added")),
    rule("schema.dependent-required.changed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Change, [B, B, N], "dependentRequired entry changed", "{request,response}-{body,property}-dependent-required-changed", Itself),
    rule("schema.dependent-schema.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "dependentSchemas entry added", "{request,response}-{body,property}-dependent-schema-added", Of("schema.dependent-schema.removed")),
    rule("schema.dependent-schema.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "dependentSchemas entry removed", "{request,response}-{body,property}-dependent-schema-removed", Of("schema.dependent-schema.added")),
    rule("schema.pattern-property.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "patternProperties entry added", "{request,response}-{body,property}-pattern-property-added", Of("schema.pattern-property.removed")),
    rule("schema.pattern-property.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "patternProperties entry removed", "{request,response}-{body,property}-pattern-property-removed", Of("schema.pattern-property.added")),
    rule("schema.property-names.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "propertyNames schema added", "{request,response}-{body,property}-property-names-added", Of("schema.property-names.removed")),
    rule("schema.property-names.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "propertyNames schema removed", "{request,response}-{body,property}-property-names-removed", Of("schema.property-names.added")),
    rule("schema.prefix-items.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "prefixItems schema added", "{request,response}-{body,property}-prefix-items-added", Of("schema.prefix-items.removed")),
    rule("schema.prefix-items.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "prefixItems schema removed", "{request,response}-{body,property}-prefix-items-removed", Of("schema.prefix-items.added")),
    rule("schema.items.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "items schema added", "", Of("schema.items.removed")),
    rule("schema.items.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "items schema removed", "", Of("schema.items.added")),
    rule("schema.unevaluated-items.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "unevaluatedItems schema added", "{request,response}-{body,property}-unevaluated-items-added", Of("schema.unevaluated-items.removed")),
    rule("schema.unevaluated-items.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "unevaluatedItems schema removed", "{request,response}-{body,property}-unevaluated-items-removed", Of("schema.unevaluated-items.added")),
    rule("schema.unevaluated-properties.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [B, I, N], "unevaluatedProperties schema added", "{request,response}-{body,property}-unevaluated-properties-added", Of("schema.unevaluated-properties.removed")),
    rule("schema.unevaluated-properties.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, B, N], "unevaluatedProperties schema removed", "{request,response}-{body,property}-unevaluated-properties-removed", Of("schema.unevaluated-properties.added")),
    rule("schema.additional-properties.refused", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [B, I, N], "additional properties are no longer allowed", "", Of("schema.additional-properties.allowed")),
    rule("schema.additional-properties.allowed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [I, B, N], "additional properties are now allowed", "", Of("schema.additional-properties.refused")),
    rule("schema.additional-properties.typed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Set, [B, I, N], "additionalProperties schema added", "", Of("schema.additional-properties.untyped")),
    rule("schema.additional-properties.untyped", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Unset, [I, B, N], "additionalProperties schema removed", "", Of("schema.additional-properties.typed")),
    rule("schema.content-encoding.changed", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Change, [W, W, N], "contentEncoding changed", "{request,response}-{body,property}-content-encoding-changed", Itself),
    rule("schema.content-media-type.changed", ChangeArea::Schema, ChangeCategory::Type, ChangeAction::Change, [W, W, N], "contentMediaType changed", "{request,response}-{body,property}-content-media-type-changed", Itself),
    rule("schema.content-schema.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [W, I, N], "contentSchema added", "{request,response}-{body,property}-content-schema-added", Of("schema.content-schema.removed")),
    rule("schema.content-schema.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, W, N], "contentSchema removed", "{request,response}-{body,property}-content-schema-removed", Of("schema.content-schema.added")),
    rule("schema.discriminator.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [I, I, N], "discriminator added", "{request,response}-{body,property}-discriminator-added", Of("schema.discriminator.removed")),
    rule("schema.discriminator.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [I, I, N], "discriminator removed", "{request,response}-{body,property}-discriminator-removed", Of("schema.discriminator.added")),
    rule("schema.discriminator.property.changed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Change, [W, W, N], "discriminator property changed", "{request,response}-{body,property}-discriminator-property-name-changed", Itself),
    rule("schema.discriminator.mapping.added", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Add, [I, I, N], "discriminator mapping added", "{request,response}-{body,property}-discriminator-mapping-added", Of("schema.discriminator.mapping.removed")),
    rule("schema.discriminator.mapping.removed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Remove, [W, W, N], "discriminator mapping removed", "{request,response}-{body,property}-discriminator-mapping-deleted", Of("schema.discriminator.mapping.added")),
    rule("schema.discriminator.mapping.changed", ChangeArea::Schema, ChangeCategory::Structure, ChangeAction::Change, [W, W, N], "discriminator mapping changed", "{request,response}-{body,property}-discriminator-mapping-changed", Itself),
    rule("schema.xml.changed", ChangeArea::Schema, ChangeCategory::Wire, ChangeAction::Change, [W, W, N], "XML form changed", "", Itself),
    rule("schema.deprecated", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Add, [I, I, N], "schema deprecated", "{request,response}-property-deprecated{,-with-sunset}", Of("schema.reactivated")),
    rule("schema.reactivated", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Remove, [I, I, N], "schema no longer deprecated", "{request,response}-property-reactivated", Of("schema.deprecated")),
    rule("schema.sunset.missing", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Invalid, [B, B, N], "deprecated schema has no sunset", "{request,response}-property-deprecated-sunset-missing", Itself),
    rule("schema.sunset.malformed", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Invalid, [W, W, N], "schema sunset is not a date", "{request,response}-property-deprecated-sunset-invalid", Itself),
    rule("schema.sunset.too-soon", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Invalid, [B, B, N], "schema sunset is within the notice period", "{request,response}-property-sunset-date-too-small", Itself),
    rule("schema.sunset.earlier", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Decrease, [B, B, N], "schema sunset brought forward", "{request,response}-property-sunset-date-changed-earlier {request,response}-property-sunset-date-changed-too-small", Of("schema.sunset.later")),
    rule("schema.sunset.earlier-with-notice", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Decrease, [I, I, N], "schema sunset brought forward, with enough notice", "", Of("schema.sunset.later")),
    rule("schema.sunset.later", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Increase, [I, I, N], "schema sunset postponed", "", Of("schema.sunset.earlier")),
    rule("schema.sunset.removed", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Remove, [B, B, N], "sunset of the deprecated schema removed", "{request,response}-property-sunset-deleted", Itself),
    rule("schema.stability.decreased", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Decrease, [B, B, N], "schema stability lowered", "{request,response}-property-stability-decreased", Of("schema.stability.increased")),
    rule("schema.stability.increased", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Increase, [I, I, N], "schema stability raised", "{request,response}-property-stability-increased", Of("schema.stability.decreased")),
    rule("schema.stability.malformed", ChangeArea::Schema, ChangeCategory::Lifecycle, ChangeAction::Invalid, [W, W, N], "schema stability is not draft, alpha, beta or stable", "api-invalid-stability-level", Itself),
    rule("schema.values.narrowed", ChangeArea::Schema, ChangeCategory::Values, ChangeAction::Specialize, [B, B, N], "values are no longer allowed", "", Waived("Newly allowed values are reported by the rule of the keyword that refused them.")),
    rule("event.channel.added", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "channel added", "", Of("event.channel.removed")),
    rule("event.channel.removed", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Remove, [N, N, B], "channel removed", "", Of("event.channel.added")),
    rule("event.address.changed", ChangeArea::Event, ChangeCategory::Wire, ChangeAction::Change, [N, N, B], "address of the channel changed", "", Itself),
    rule("event.topic.changed", ChangeArea::Event, ChangeCategory::Wire, ChangeAction::Change, [N, N, B], "topic of the channel changed", "", Itself),
    rule("event.partitions.changed", ChangeArea::Event, ChangeCategory::Wire, ChangeAction::Change, [N, N, W], "number of partitions changed: keys move to other partitions", "", Itself),
    rule("event.operation.added", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "operation of the channel added", "", Of("event.operation.removed")),
    rule("event.operation.removed", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Remove, [N, N, B], "operation of the channel removed", "", Of("event.operation.added")),
    rule("event.reply.added", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Add, [I, W, N], "answers of the operation added", "", Of("event.reply.removed")),
    rule("event.reply.removed", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Remove, [B, I, N], "answers of the operation removed", "", Of("event.reply.added")),
    rule("event.message.added", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Add, [I, B, N], "message added", "", Of("event.message.removed")),
    rule("event.message.removed", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Remove, [B, W, N], "message removed", "", Of("event.message.added")),
    rule("event.message.renamed", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Change, [N, N, I], "only message of the channel renamed", "", Itself),
    rule("event.content-type.changed", ChangeArea::Event, ChangeCategory::Wire, ChangeAction::Change, [N, N, B], "content type of the message changed", "", Itself),
    rule("event.schema-format.changed", ChangeArea::Event, ChangeCategory::Wire, ChangeAction::Change, [N, N, I], "schema language of the payload changed", "", Itself),
    rule("event.avro.unreadable", ChangeArea::Event, ChangeCategory::Values, ChangeAction::Specialize, [B, B, N], "payload in Avro can no longer be read", "", Waived("What becomes readable breaks nothing; it is a changed schema.")),
    rule("event.avro.changed", ChangeArea::Event, ChangeCategory::Values, ChangeAction::Change, [I, I, N], "Avro schema of the payload changed, and all events can be read", "", Itself),
    rule("event.avro.logical-type.changed", ChangeArea::Event, ChangeCategory::Values, ChangeAction::Change, [W, W, N], "logical type of a field in Avro changed: events are read, and mean something else", "", Itself),
    rule("event.protobuf.unreadable", ChangeArea::Event, ChangeCategory::Values, ChangeAction::Specialize, [B, B, N], "payload in Protobuf can no longer be read", "", Waived("What becomes readable breaks nothing; it is a changed schema.")),
    rule("event.protobuf.narrowed", ChangeArea::Event, ChangeCategory::Values, ChangeAction::Specialize, [W, W, N], "type of a field in Protobuf is compatible, but does not have all values that are written", "", Waived("A type with more values loses none; it is a changed schema.")),
    rule("event.protobuf.changed", ChangeArea::Event, ChangeCategory::Values, ChangeAction::Change, [I, I, N], "Protobuf schema of the payload changed, and all events can be read", "", Itself),
    rule("event.protobuf.meaning.changed", ChangeArea::Event, ChangeCategory::Values, ChangeAction::Change, [W, W, N], "name of a value or default in Protobuf changed: events are read, and mean something else", "", Itself),
    rule("event.protobuf.number.unreserved", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Remove, [N, N, W], "field or value in Protobuf removed, and its number is not reserved", "", Waived("An added field is a changed schema.")),
    rule("event.protobuf.number.reused", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Add, [N, N, W], "field or value in Protobuf has a number that was reserved", "", Waived("A reserved number is what is expected of a removed field.")),
    rule("event.correlation-id.added", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "correlation id added", "", Of("event.correlation-id.removed")),
    rule("event.correlation-id.removed", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Remove, [N, N, W], "correlation id removed", "", Of("event.correlation-id.added")),
    rule("event.correlation-id.changed", ChangeArea::Event, ChangeCategory::Wire, ChangeAction::Change, [N, N, W], "place of the correlation id changed", "", Itself),
    rule("event.squad-id-key.missing", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Invalid, [N, N, W], "channel added whose events are not partitioned by squad id", "", Waived("A channel that has x-squad-id-key is what is expected.")),
    rule("event.squad-id-key.added", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Add, [N, N, I], "events are partitioned by squad id now", "", Of("event.squad-id-key.removed")),
    rule("event.squad-id-key.removed", ChangeArea::Event, ChangeCategory::Existence, ChangeAction::Remove, [N, N, W], "events are no longer partitioned by squad id", "", Of("event.squad-id-key.added")),
    rule("event.squad-id-key.changed", ChangeArea::Event, ChangeCategory::Wire, ChangeAction::Change, [N, N, W], "place of the squad id that is the key changed", "", Itself),
];

/// All rules, ordered by area.
pub fn rules() -> &'static [DiffRule] {
    RULES
}

impl DiffRule {
    /// Finds a rule by id.
    pub fn find(id: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.id == id)
    }

    /// Finds a rule that this crate itself refers to.
    pub(super) fn named(id: &str) -> &'static Self {
        Self::find(id).expect("the crate refers only to rules in the table")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The known ids of oasdiff.
    fn oasdiff_ids() -> HashSet<&'static str> {
        let list = include_str!("../fixtures/oasdiff-rule-ids.txt");
        list.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[test]
    fn aliases_are_ids_of_oasdiff() {
        let ids = oasdiff_ids();
        let used: HashSet<String> = rules().iter().flat_map(DiffRule::aliases).collect();
        let mut unknown: Vec<&String> = used
            .iter()
            .filter(|alias| !ids.contains(alias.as_str()))
            .collect();
        unknown.sort();
        assert!(
            unknown.is_empty(),
            "aliases that oasdiff does not have: {unknown:?}"
        );
        // `itemSchema` belongs to OpenAPI 3.2, which contracts cannot use yet.
        let mut without_rule: Vec<&str> = ids
            .into_iter()
            .filter(|id| !used.contains(*id) && !id.contains("-item-schema-"))
            .collect();
        without_rule.sort_unstable();
        assert!(
            without_rule.is_empty(),
            "ids without a rule: {without_rule:?}"
        );
    }

    #[test]
    fn ids_are_unique_and_mirrors_exist() {
        let mut seen = HashSet::new();
        for rule in rules() {
            assert!(seen.insert(rule.id), "{rule} stands twice");
            let [request, response, neither] = rule.levels;
            match rule.mirror {
                Of(other) => {
                    assert!(DiffRule::find(other).is_some(), "{rule}: no {other}")
                }
                Waived(reason) => assert!(reason.ends_with('.'), "{rule}: {reason}"),
                Itself => {
                    let both = request.is_some() && response.is_some();
                    assert!(both || neither.is_some(), "{rule} is on one side only");
                }
            }
            assert!(
                rule.levels.iter().any(Option::is_some),
                "{rule} has no level"
            );
        }
    }
}
