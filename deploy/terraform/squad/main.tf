# What isolates squads, from `portcullis manifests squad`: docs/kubernetes.md has an example.

terraform {
  required_version = ">= 1.6"
  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.30"
    }
  }
}

variable "manifests" {
  type        = string
  description = "The text that `portcullis manifests squad` prints."
}

variable "squads" {
  type        = set(string)
  default     = []
  description = "The squads whose objects are applied; all of the text if it is empty."
}

module "objects" {
  source    = "./objects"
  manifests = var.manifests
  squads    = var.squads
}

# Removing a namespace removes everything in it, so no plan does it.
resource "kubernetes_manifest" "namespace" {
  for_each = module.objects.namespaces
  manifest = each.value

  lifecycle {
    prevent_destroy = true
  }
}

resource "kubernetes_manifest" "object" {
  for_each   = module.objects.contents
  manifest   = each.value
  depends_on = [kubernetes_manifest.namespace]
}

output "namespaces" {
  description = "The namespaces of each squad."
  value       = module.objects.namespaces_of_squads
}
