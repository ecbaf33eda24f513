# The manifests of the sample catalog, and what is wrong with changed ones.

locals {
  manifests = file("${path.module}/../../../../../kustomize/squads/squads.yaml")
}

output "manifests" {
  value = local.manifests
}

output "object_elsewhere" {
  value = replace(local.manifests, "namespace: checkout-prod", "namespace: elsewhere")
}

output "no_policy" {
  value = replace(local.manifests, "name: default-deny", "name: default-allow")
}

output "no_squad" {
  value = replace(local.manifests, "portcullis.dev/squad: checkout", "squad: checkout")
}
