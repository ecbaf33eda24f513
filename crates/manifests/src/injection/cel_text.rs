//! Writes a part of an object as an expression of CEL.
//!
//! The API server checks that an object has the type of its place (`Object.spec.initContainers`), and
//! that all values of a map have one type, so maps with free keys are written without a type.

use serde_json::Value;

/// Properties with free keys.
const MAPS: [&str; 2] = ["limits", "requests"];

/// The expression of a value whose type is at this path.
pub(super) fn cel_text(value: &Value, path: &str) -> String {
    match value {
        Value::Object(properties) => {
            let name = path.rsplit('.').next().unwrap_or(path);
            let is_map = MAPS.contains(&name);
            let property = |(name, value): (&String, &Value)| {
                let value = cel_text(value, &format!("{path}.{name}"));
                let name = if is_map {
                    cel_string(name)
                } else {
                    name.clone()
                };
                format!("{name}: {value}")
            };
            let properties: Vec<String> = properties.iter().map(property).collect();
            let type_name = if is_map { "" } else { path };
            format!("{type_name}{{{}}}", properties.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| cel_text(item, path)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => cel_string(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A string. The escapes of JSON are those of CEL, too.
pub(super) fn cel_string(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_have_the_type_of_their_place() {
        let value = json!({
            "name": "a\"b",
            "ports": [{"containerPort": 80}],
            "resources": {"limits": {"cpu": "1"}},
            "ready": true,
        });
        assert_eq!(
            cel_text(&value, "Object.spec.x"),
            "Object.spec.x{name: \"a\\\"b\", ports: [Object.spec.x.ports{containerPort: 80}], \
             ready: true, resources: Object.spec.x.resources{limits: {\"cpu\": \"1\"}}}"
        );
    }
}
