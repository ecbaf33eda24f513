//! How services get to the cluster: Argo CD, the gate in front of each deployment, and Argo Rollouts.

mod argocd_manifests;
mod gate_hook;
mod rollout_analysis;

pub use argocd_manifests::{ApplicationSource, ArgocdSettings, argocd_manifests};
pub use gate_hook::{GateHook, gate_hook};
pub use rollout_analysis::{AnalysisSettings, rollout_analysis};
