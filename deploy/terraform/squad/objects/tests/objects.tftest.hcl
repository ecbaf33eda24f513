# `terraform test` in the folder above, with the manifests of the sample catalog.

run "texts" {
  module {
    source = "./tests/texts"
  }
}

run "every_object_is_taken_once" {
  command = plan
  variables {
    manifests = run.texts.manifests
  }
  assert {
    condition     = length(output.namespaces) == 3 && output.namespaces["pay-prod"].kind == "Namespace"
    error_message = "Expected the three namespaces of the sample catalog."
  }
  assert {
    condition     = length(output.namespaces) + length(output.contents) == length(split("\n---\n", var.manifests))
    error_message = "Expected every printed object."
  }
  assert {
    condition     = output.contents["ResourceQuota/pay-prod/squad"].spec.hard["requests.cpu"] == "8"
    error_message = "Expected the quota as it is printed."
  }
  assert {
    condition     = output.contents["NetworkPolicy/pay-prod/default-deny"].spec.podSelector == {}
    error_message = "Expected a policy for all pods."
  }
  assert {
    condition = jsonencode(output.namespaces_of_squads) == jsonencode({
      checkout  = ["checkout-prod"]
      discovery = ["discovery-prod"]
      payments  = ["pay-prod"]
    })
    error_message = "Expected the namespaces of each squad."
  }
}

run "a_squad_has_its_own_objects_only" {
  command = plan
  variables {
    manifests = run.texts.manifests
    squads    = ["payments"]
  }
  assert {
    condition     = keys(output.namespaces) == ["pay-prod"]
    error_message = "Expected one namespace."
  }
  assert {
    condition     = length(output.contents) > 0 && alltrue([for object in output.contents : object.metadata.namespace == "pay-prod"])
    error_message = "Expected objects of pay-prod only."
  }
}

run "an_unknown_squad_is_refused" {
  command = plan
  variables {
    manifests = run.texts.manifests
    squads    = ["payments", "payment"]
  }
  expect_failures = [output.namespaces]
}

run "an_object_outside_of_its_squad_is_refused" {
  command = plan
  variables {
    manifests = run.texts.object_elsewhere
  }
  # The namespace that remains has no policy.
  expect_failures = [output.namespaces, output.contents]
}

run "a_namespace_without_a_policy_is_refused" {
  command = plan
  variables {
    manifests = run.texts.no_policy
  }
  expect_failures = [output.namespaces]
}

run "an_object_without_a_squad_is_refused" {
  command = plan
  variables {
    manifests = run.texts.no_squad
  }
  expect_failures = [output.namespaces]
}

run "a_text_that_is_not_yaml_is_refused" {
  command = plan
  variables {
    manifests = "kind: [\n"
  }
  expect_failures = [var.manifests]
}
