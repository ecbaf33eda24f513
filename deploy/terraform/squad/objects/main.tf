# The objects of a text of `portcullis manifests squad`. No provider is needed, so `terraform test` works
# offline.

terraform {
  required_version = ">= 1.6"
}

variable "manifests" {
  type        = string
  description = "The text that `portcullis manifests squad` prints."

  validation {
    condition     = can([for text in split("\n---\n", var.manifests) : yamldecode(text)])
    error_message = "Expected the YAML that `portcullis manifests squad` prints."
  }
}

variable "squads" {
  type        = set(string)
  default     = []
  description = "The squads whose objects are taken; all of the text if it is empty."
}

locals {
  squad_label = "portcullis.dev/squad"
  printed     = [for text in split("\n---\n", var.manifests) : yamldecode(text) if trimspace(text) != ""]
  squad_of    = [for object in local.printed : try(object.metadata.labels[local.squad_label], "")]

  # Two objects with the same key are an error.
  objects = {
    for index, object in local.printed :
    join("/", compact([object.kind, try(object.metadata.namespace, ""), object.metadata.name])) => object
    if length(var.squads) == 0 || contains(var.squads, local.squad_of[index])
  }
  namespaces = { for object in local.objects : object.metadata.name => object if object.kind == "Namespace" }
  contents   = { for key, object in local.objects : key => object if object.kind != "Namespace" }

  squads_of_namespaces = {
    for name, object in local.namespaces : name => try(object.metadata.labels[local.squad_label], "")
  }
  namespaces_of_squads = {
    for squad in toset(values(local.squads_of_namespaces)) :
    squad => sort([for name, owner in local.squads_of_namespaces : name if owner == squad])
  }

  # What is wrong, by name.
  without_squad = [for index, object in local.printed : object.metadata.name if local.squad_of[index] == ""]
  misplaced = [
    for key, object in local.contents : key
    if lookup(local.squads_of_namespaces, try(object.metadata.namespace, ""), "") != try(object.metadata.labels[local.squad_label], "")
  ]
  not_isolated = [
    for name in keys(local.namespaces) : name if length(setsubtract(
      ["NetworkPolicy/${name}/default-deny", "ResourceQuota/${name}/squad", "LimitRange/${name}/squad"],
      keys(local.contents),
    )) > 0
  ]
  absent = setsubtract(var.squads, keys(local.namespaces_of_squads))
}

output "namespaces" {
  description = "The Namespaces by their names."
  value       = local.namespaces

  precondition {
    condition     = length(local.without_squad) == 0
    error_message = "Objects without the label portcullis.dev/squad: ${join(", ", local.without_squad)}."
  }
  precondition {
    condition     = length(local.absent) == 0
    error_message = "No namespace of these squads: ${join(", ", local.absent)}. Print all squads: portcullis manifests squad --all."
  }
  precondition {
    condition     = length(local.not_isolated) == 0
    error_message = "Namespaces without default-deny, quota or limits: ${join(", ", local.not_isolated)}."
  }
}

output "contents" {
  description = "All other objects, by kind, namespace and name."
  value       = local.contents

  precondition {
    condition     = length(local.misplaced) == 0
    error_message = "Objects outside of the namespaces of their squad: ${join(", ", local.misplaced)}."
  }
}

output "namespaces_of_squads" {
  description = "The names of the namespaces of each squad."
  value       = local.namespaces_of_squads
}
