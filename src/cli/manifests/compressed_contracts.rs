//! Contracts that are compressed, so that a ConfigMap can hold them.

use portcullis_manifests::CONFIG_MAP_BYTES_MAX;

use super::config_text::{ReplacedValue, toml_text};

/// What contracts and the catalog may have before contracts are compressed; the rest is for the
/// configuration.
const PLAIN_BYTES_MAX: usize = CONFIG_MAP_BYTES_MAX - (64 << 10);

/// Lets the contracts of one file end in `.gz` if the files are too large together. Files of other
/// contracts refer to each other by their names.
pub(super) fn compress_contracts(files: &mut [(String, String)], replaced: &mut [ReplacedValue]) {
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    if bytes <= PLAIN_BYTES_MAX {
        return;
    }
    for contract in replaced {
        if !contract.path.ends_with(".contract") {
            continue;
        }
        let entry = files
            .iter()
            .position(|(path, _)| contract.value.as_deref() == Some(toml_text(path).as_str()));
        let Some(entry) = entry else { continue };
        let path = &files[entry].0;
        let is_one_file = path.split_once('/').is_none_or(|(folder, _)| {
            let in_folder =
                |other: &str| other.split_once('/').is_some_and(|(one, _)| one == folder);
            files.iter().filter(|(other, _)| in_folder(other)).count() == 1
        });
        if is_one_file && !path.ends_with(".gz") {
            let compressed = format!("{path}.gz");
            contract.value = Some(toml_text(&compressed));
            files[entry].0 = compressed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_of_one_file_are_compressed_if_there_is_too_much() {
        let large = |path: &str| (path.to_owned(), "x".repeat(PLAIN_BYTES_MAX / 2));
        let contract =
            |path: &str| ReplacedValue::text(format!("services.{}.contract", &path[..1]), path);
        let paths = |files: &[(String, String)]| -> Vec<String> {
            files.iter().map(|(path, _)| path.clone()).collect()
        };
        let mut replaced = [contract("a/a.yaml"), contract("b/b.yaml")];
        let mut files = vec![large("a/a.yaml"), large("b/b.yaml")];
        compress_contracts(&mut files, &mut replaced);
        assert_eq!(paths(&files), ["a/a.yaml", "b/b.yaml"]);
        files.push(large("b/parts/c.yaml"));
        compress_contracts(&mut files, &mut replaced);
        assert_eq!(paths(&files), ["a/a.yaml.gz", "b/b.yaml", "b/parts/c.yaml"]);
        assert_eq!(replaced[0].value.as_deref(), Some("\"a/a.yaml.gz\""));
        assert_eq!(replaced[1].value.as_deref(), Some("\"b/b.yaml\""));
    }
}
