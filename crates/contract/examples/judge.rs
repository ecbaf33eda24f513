//! Judges two requests by a contract and prints their violations.
//!
//! ```text
//! cargo run -p portcullis-contract --example judge
//! ```

use std::error::Error;
use std::io::{Write as _, stdout};

use http::{HeaderMap, Method, header::CONTENT_TYPE};
use portcullis_contract::{
    BodyLength, CheckScratch, CheckSettings, CompileOptions, CompiledContract, RequestHead,
    Violation, check_body, check_head, compile, find_operation, parse_single_file,
    route::PathCaptures,
};
use portcullis_vocabulary::{enforcement::EnforcementPolicy, limits::Limits};

const CONTRACT: &str = r#"
openapi: 3.1.0
info: { title: Pets, version: "1" }
paths:
  /pets/{id}:
    put:
      parameters:
        - { name: id, in: path, required: true, schema: { type: integer } }
      requestBody:
        content:
          application/json:
            schema: { type: object, required: [name], properties: { name: { type: string } } }
      responses: { "204": { description: Stored } }
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let documents = parse_single_file("pets.yaml", CONTRACT.into(), &Limits::default())?;
    let contract = compile(documents, &CompileOptions::default())
        .map_err(|problems| format!("the contract has {} problems", problems.len()))?;
    for (path, body) in [
        ("/pets/7", r#"{"name": "Rex"}"#),
        ("/pets/seven", r#"{"name": 7}"#),
    ] {
        let violations = judge(&contract, &Method::PUT, path, body);
        writeln!(
            stdout(),
            "PUT {path} {body}: {} violations",
            violations.len()
        )?;
        for violation in violations {
            writeln!(
                stdout(),
                "  {}: {}",
                violation.class,
                violation.sentence(true)
            )?;
        }
    }
    Ok(())
}

/// The violations of one request with a JSON body.
fn judge(contract: &CompiledContract, method: &Method, path: &str, body: &str) -> Vec<Violation> {
    let mut captures = PathCaptures::default();
    let operation = match find_operation(contract, method, path, &mut captures) {
        Ok(index) => contract.operation(index),
        Err(unmatched) => return vec![unmatched.violation(contract, method, path)],
    };
    let headers =
        HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().expect("valid"))]);
    let head = RequestHead {
        path,
        query: None,
        headers: &headers,
        captures: &captures,
        body: BodyLength::Known,
    };
    let (policy, mut scratch) = (EnforcementPolicy::default(), CheckScratch::default());
    let settings = CheckSettings::new(&policy, &Limits::default());
    let mut violations = Vec::new();
    // The head decides whether the contract has a schema for the body.
    let plan = check_head(
        contract,
        operation,
        head,
        settings,
        &mut scratch,
        &mut violations,
    );
    check_body(
        contract,
        plan,
        &headers,
        body.as_bytes(),
        settings,
        &mut scratch,
        &mut violations,
    );
    violations
}
