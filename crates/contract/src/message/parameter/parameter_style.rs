//! The styles of parameters.

/// The style of a value (OpenAPI, Style Values), or the media type that replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the specification's own names")]
pub enum ParameterStyle {
    Matrix,
    Label,
    Simple,
    Form,
    /// Cookies without escapes (OpenAPI 3.2).
    Cookie,
    SpaceDelimited,
    PipeDelimited,
    /// `collectionFormat: tsv` of Swagger 2.0.
    TabDelimited,
    DeepObject,
    /// The whole query, in the media type of `content` (OpenAPI 3.2, `in: querystring`).
    WholeQuery,
    /// JSON text: `content` with a JSON media type.
    JsonContent,
    /// `content` with another media type, whose values are not checked.
    OtherContent,
}
