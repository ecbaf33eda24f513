//! What each kind of problem means, for reports and for the page that lists them.

use crate::openapi::contract_problem::ContractProblemKind;

/// A description of a kind of problem.
#[derive(Clone, Copy, Debug)]
pub struct ProblemRule {
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Whether the kind occurs as an error, which makes `serve` refuse the contract. Every kind
    /// may occur as a warning.
    pub can_be_error: bool,
    /// What the problem means for the enforcement of the contract.
    pub meaning: &'static str,
    /// A part of a contract that has the problem.
    pub example: &'static str,
}

const fn rule(
    title: &'static str,
    can_be_error: bool,
    meaning: &'static str,
    example: &'static str,
) -> ProblemRule {
    ProblemRule {
        title,
        can_be_error,
        meaning,
        example,
    }
}

impl ContractProblemKind {
    /// The description of this kind.
    pub const fn rule(self) -> ProblemRule {
        match self {
            Self::MalformedDocument => MALFORMED_DOCUMENT,
            Self::UnresolvedReference => UNRESOLVED_REFERENCE,
            Self::MalformedPath => MALFORMED_PATH,
            Self::AmbiguousPath => AMBIGUOUS_PATH,
            Self::MalformedParameter => MALFORMED_PARAMETER,
            Self::MalformedSchema => MALFORMED_SCHEMA,
            Self::CostlySchema => COSTLY_SCHEMA,
            Self::MalformedPattern => MALFORMED_PATTERN,
            Self::UnsatisfiableSchema => UNSATISFIABLE_SCHEMA,
            Self::InvalidExample => INVALID_EXAMPLE,
            Self::UnknownFormat => UNKNOWN_FORMAT,
            Self::ForeignKeyword => FOREIGN_KEYWORD,
            Self::NotJudged => NOT_JUDGED,
            Self::MalformedObjective => MALFORMED_OBJECTIVE,
            Self::OverlayAction => OVERLAY_ACTION,
            Self::MisspeltKeyword => MISSPELT_KEYWORD,
            Self::MisplacedKeyword => MISPLACED_KEYWORD,
            Self::UnknownField => UNKNOWN_FIELD,
            Self::MissingField => MISSING_FIELD,
            Self::IneffectiveKeyword => INEFFECTIVE_KEYWORD,
            Self::IneffectiveNullable => INEFFECTIVE_NULLABLE,
            Self::VacuousAlternative => VACUOUS_ALTERNATIVE,
        }
    }
}

const MALFORMED_DOCUMENT: ProblemRule = rule(
    "malformed document",
    true,
    "A part has the wrong type, lacks what its operation needs, or is not OpenAPI of a supported version.",
    "requestBody: {}",
);
const UNRESOLVED_REFERENCE: ProblemRule = rule(
    "unresolved reference",
    true,
    "The target of a `$ref` does not exist. It is a warning if no operation needs it.",
    "$ref: '#/components/schemas/Ordr'",
);
const MALFORMED_PATH: ProblemRule = rule(
    "malformed path",
    true,
    "A path is not a valid template. It is a warning if an expression has no path parameter: it accepts any text.",
    "/orders/{id}: {get: {}}",
);
const AMBIGUOUS_PATH: ProblemRule = rule(
    "ambiguous path",
    true,
    "Two templates match the same paths with the same precedence. It is an error if both have the same method.",
    "/a/{b}: {get: {}}, /a/{c}: {get: {}}",
);
const MALFORMED_PARAMETER: ProblemRule = rule(
    "malformed parameter",
    true,
    "A parameter cannot be read. It is a warning if it is not validated, accepts more than it says or cannot be written: a path parameter that the template lacks, a parameter without `schema`, a style that is undefined for its type, an array of objects.",
    "/a: {parameters: [{name: b, in: path, required: true, schema: {}}]}",
);
const MALFORMED_SCHEMA: ProblemRule = rule(
    "malformed schema",
    true,
    "A schema is not valid in its dialect. It is a warning if no operation needs it.",
    "{type: string, required: true}",
);
const COSTLY_SCHEMA: ProblemRule = rule(
    "costly schema",
    true,
    "A validator could need any amount of work for a schema.",
    "schemas that apply each other exponentially often",
);
const MALFORMED_PATTERN: ProblemRule = rule(
    "malformed pattern",
    true,
    "A `pattern` is not a regular expression of ECMA-262. It is a warning if no operation needs it.",
    "{pattern: '['}",
);
const UNSATISFIABLE_SCHEMA: ProblemRule = rule(
    "unsatisfiable schema",
    false,
    "No value satisfies a schema, so every message with it is refused.",
    "{minimum: 2, maximum: 1}",
);
const INVALID_EXAMPLE: ProblemRule = rule(
    "invalid example",
    false,
    "An example or a default does not satisfy its schema; one of them is wrong.",
    "{type: integer, example: a}",
);
const UNKNOWN_FORMAT: ProblemRule = rule(
    "unknown format",
    false,
    "A `format` is not among the formats that are validated, so it constrains nothing.",
    "{type: string, format: url}",
);
const FOREIGN_KEYWORD: ProblemRule = rule(
    "keyword of another version",
    false,
    "Only another version of OpenAPI or JSON Schema has the keyword, so it constrains nothing.",
    "{const: 1} in OpenAPI 3.0, {nullable: true} in 3.1",
);
const NOT_JUDGED: ProblemRule = rule(
    "not validated",
    false,
    "A part of messages is not validated, such as a body in XML.",
    "content: {application/xml: {schema: {type: object}}}",
);
const MALFORMED_OBJECTIVE: ProblemRule = rule(
    "malformed objective",
    false,
    "`x-slo` cannot be read or is where requests are not counted, so this level is not promised.",
    "get: {x-slo: {availability: 99.9}}",
);
const OVERLAY_ACTION: ProblemRule = rule(
    "action of an overlay",
    true,
    "An overlay is malformed, or an action cannot be applied. It is a warning if the target of an action matches nothing.",
    "{target: '$.pahts', remove: true}",
);
const MISSPELT_KEYWORD: ProblemRule = rule(
    "misspelt keyword",
    false,
    "A name is close to a field of its object, but is not one, so the constraint is not enforced.",
    "{type: integer, minimun: 1}",
);
const MISPLACED_KEYWORD: ProblemRule = rule(
    "keyword in the wrong object",
    false,
    "A keyword of a schema, a status or a media type is in an object that does not have it, so it is not enforced.",
    "{name: a, in: query, schema: {}, pattern: b}",
);
const UNKNOWN_FIELD: ProblemRule = rule(
    "unknown field",
    false,
    "An object other than a schema has a field that OpenAPI does not define and that does not start with `x-`.",
    "get: {consumes: [application/json]}",
);
const MISSING_FIELD: ProblemRule = rule(
    "missing field",
    false,
    "A field that OpenAPI requires is missing. The contract is enforced without it. If an operation needs the field, it is a malformed document or parameter.",
    "responses: {'200': {}}",
);
const INEFFECTIVE_KEYWORD: ProblemRule = rule(
    "keyword without effect",
    false,
    "No value can violate a constraint: it is for a type that the schema excludes, modifies a keyword that is absent, or is next to a `$ref` in OpenAPI 3.0.",
    "{type: integer, maxLength: 5}",
);
const INEFFECTIVE_NULLABLE: ProblemRule = rule(
    "nullable without effect",
    false,
    "In OpenAPI 3.0 `nullable` only extends a `type` in the same schema. Next to `$ref` or without `type` it allows no null that the other schemas refuse.",
    "{nullable: true, allOf: [{$ref: '#/components/schemas/A'}]}",
);
const VACUOUS_ALTERNATIVE: ProblemRule = rule(
    "alternative without constraints",
    false,
    "An alternative of `anyOf` or `oneOf` accepts every value, so the others are pointless.",
    "anyOf: [{type: string}, {nullable: true}]",
);
