//! Builds a complete request around the decisive value, so that a reader can send it.

use serde_json::Value;

use portcullis_contract::{BodyDeclaration, CompiledContract, MessagePart, Operation, Parameter};

use super::contract_side::{ContractSide, ValueCarrier, address};
use super::curl::WitnessRequest;
use super::serialise;

/// The request that carries a value, with examples for everything else that it requires.
pub(crate) fn request(sender: ContractSide<'_>, value: &Value) -> Option<WitnessRequest> {
    let ContractSide {
        contract,
        operation,
        carrier,
        ..
    } = sender;
    let given = |parameter: &Parameter| match carrier {
        ValueCarrier::Parameter(decisive) if decisive.is_same(parameter) => Some(value.clone()),
        _ if parameter.required => Some(sample(contract, parameter)),
        _ => None,
    };
    let path = address(sender, |name| {
        let mut parameters = operation.parameters.iter();
        let parameter =
            parameters.find(|known| known.part == MessagePart::Path && known.name == name);
        parameter.map_or_else(
            || "1".to_owned(),
            |parameter| serialise::in_path(parameter, &given(parameter).unwrap_or_default()),
        )
    });
    let (mut query, mut headers, mut cookies) = (Vec::new(), Vec::new(), Vec::new());
    for parameter in &operation.parameters {
        let Some(value) = given(parameter) else {
            continue;
        };
        let name = parameter.name.clone();
        match parameter.part {
            MessagePart::Query => query.push(serialise::in_query(parameter, &value)),
            MessagePart::Header => headers.push((name, serialise::in_header(parameter, &value))),
            MessagePart::Cookie => cookies.push(format!(
                "{name}={}",
                serialise::in_header(parameter, &value)
            )),
            _ => {}
        }
    }
    if !cookies.is_empty() {
        headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    let body = body(contract, operation, carrier, value);
    if let Some((media, _)) = &body {
        headers.push(("content-type".to_owned(), media.clone()));
    }
    let query = query
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("&");
    Some(WitnessRequest {
        method: operation.method.to_string(),
        target: if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        },
        headers,
        body: body.map(|(_, text)| text),
    })
}

/// The decisive body, or an example of a required one.
fn body(
    contract: &CompiledContract,
    operation: &Operation,
    carrier: ValueCarrier<'_>,
    value: &Value,
) -> Option<(String, String)> {
    if let ValueCarrier::Body(media) = carrier {
        return serialise::body(media, value).ok();
    }
    let BodyDeclaration::Declared(body) = &operation.body else {
        return None;
    };
    let media = body
        .content
        .iter()
        .find(|media| body.required && media.is_json)?;
    let sample = contract.request_example(media)?;
    serialise::body(media, &sample).ok()
}

fn sample(contract: &CompiledContract, parameter: &Parameter) -> Value {
    contract
        .parameter_example(parameter)
        .unwrap_or_else(|| "1".into())
}
