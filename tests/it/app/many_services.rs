//! What services cost the process: threads, descriptors and memory do not grow with their number.
//!
//! `PORTCULLIS_TEST_LOAD=full` runs 1,000 services, see `tests/many_services.sh`; by default 60 run.

use std::fs;

use serde_json::Value;

use crate::support::app::{Process, Site, admin, is_full, until};

/// A small contract of a version.
fn contract(service: usize, version: &str) -> String {
    format!(
        "openapi: 3.1.0
info: {{title: Depot {service}, version: {version}}}
paths:
  /items/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: integer}}}}]
    get:
      operationId: getItem
      responses: {{'200': {{description: d, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Item'}}}}}}}}}}
    put:
      operationId: putItem
      requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Item'}}}}}}}}
      responses: {{'204': {{description: d}}}}
components: {{schemas: {{Item: {{type: object, required: [n], properties: {{n: {{type: integer, maximum: 20}}, s: {{type: string, maxLength: 30}}}}}}}}}}
"
    )
}

/// How many contracts of a version are active.
fn active(process: &Process, version: &str) -> usize {
    let (status, contracts) = admin(process.admin, "/contracts");
    assert_eq!(status, 200, "{contracts}");
    let contracts: Value = serde_json::from_str(&contracts).unwrap();
    let services = contracts["services"].as_array().unwrap();
    let is_active = |service: &&Value| service["version"] == version;
    services.iter().filter(is_active).count()
}

#[cfg(target_os = "linux")]
#[test]
fn threads_and_descriptors_do_not_grow_with_the_number_of_services() {
    let count = if is_full() { 1_000 } else { 60 };
    let keys = |service: usize| format!("path_prefix = \"/s{service}\"");
    let add = |site: Site, service: usize| {
        let name = format!("s{service}");
        site.service(&name, &contract(service, "1.0.0"), "mock", &keys(service))
    };
    let site = (0..count).fold(Site::new(""), add);
    let files: Vec<_> = (0..count)
        .map(|n| site.path(&format!("s{n}.yaml")))
        .collect();
    let process = Process::start(site);
    let report = |state: &str| {
        let use_now = process.resources();
        let (memory, peak) = process.memory_kib();
        println!(
            "({count} services) {state}: {} threads, {} descriptors, {} notification instance(s), {} MiB, at most {} MiB",
            use_now.threads,
            use_now.descriptors,
            use_now.notification_instances,
            memory / 1024,
            peak / 1024
        );
        use_now
    };
    until(|| active(&process, "1.0.0") == count);
    let mut seen = vec![report("idle")];
    for version in ["1.1.0", "1.2.0"] {
        for (service, file) in files.iter().enumerate() {
            fs::write(file, contract(service, version)).unwrap();
        }
        seen.push(report("reloading"));
        until(|| active(&process, version) == count);
        seen.push(report("reloaded"));
    }
    // One thread for each processor without a data core may compile.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    for used in seen {
        assert!(used.threads <= 10 + processors, "{used:?}");
        assert!(used.descriptors <= 40, "{used:?}");
        assert_eq!(used.notification_instances, 1, "{used:?}");
    }
}
