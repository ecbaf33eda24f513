// Applies the policy of `portcullis manifests injection` to pods, with the code of the API server of
// Kubernetes 1.34: its compiler for CEL, its match conditions and its JSON patches.
//
//	go run . ../../deploy/kustomize/injection/injection.yaml
//
// It is run by hand, because its dependencies take minutes to compile.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/api/admissionregistration/v1beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

const annotation = "portcullis.dev/contract"

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var policy v1beta1.MutatingAdmissionPolicy
	check(yaml.UnmarshalStrict(bytes.Split(text, []byte("\n---\n"))[0], &policy))
	apply := compile(&policy)

	expect(apply(pod("not annotated", "", nil)), false)
	expect(apply(pod("other annotation", "other", nil)), false)
	bare := apply(pod("bare", annotation, nil))
	expect(bare, true)
	full := apply(pod("with others", annotation, []corev1.Container{{Name: "migrate", Image: "m:1"}}))
	expect(full, true)
	again := apply(full.DeepCopy())
	require(len(again.Spec.InitContainers) == 2, "a second call changes nothing")
	require(full.Spec.InitContainers[0].Name == "migrate", "other init containers stay")
	require(full.Labels["app"] == "x" && len(full.Spec.Volumes) == 2, "labels and volumes stay")
	shown, err := yaml.Marshal(bare)
	check(err)
	fmt.Printf("%s", shown)
}

// compile does what the plugin does, whose own function is not exported.
func compile(policy *v1beta1.MutatingAdmissionPolicy) func(*corev1.Pod) *corev1.Pod {
	version := environment.DefaultCompatibilityVersion()
	compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(version, true))
	check(err)
	options := plugincel.OptionalVariableDeclarations{StrictCost: true, HasAuthorizer: true}
	var conditions []plugincel.ExpressionAccessor
	for _, condition := range policy.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&condition))
	}
	fail := admissionv1.Fail
	compiled := compiler.CompileCondition(conditions, options, environment.StoredExpressions)
	matcher := matchconditions.NewMatcher(compiled, &fail, "policy", "validate", policy.Name)
	options.HasPatchTypes = true
	expression := &patch.JSONPatchCondition{Expression: policy.Spec.Mutations[0].JSONPatch.Expression}
	evaluator := compiler.CompileMutatingEvaluator(expression, options, environment.StoredExpressions)
	require(len(evaluator.CompilationErrors()) == 0, fmt.Sprint(evaluator.CompilationErrors()))
	patcher := patch.NewJSONPatcher(evaluator)

	scheme := runtime.NewScheme()
	check(corev1.AddToScheme(scheme))
	return func(object *corev1.Pod) *corev1.Pod {
		kind := corev1.SchemeGroupVersion.WithKind("Pod")
		resource := corev1.SchemeGroupVersion.WithResource("pods")
		object.SetGroupVersionKind(kind)
		attributes := admission.NewAttributesRecord(object, nil, kind, object.Namespace, object.Name,
			resource, "", admission.Create, &metav1.CreateOptions{}, false, nil)
		versioned := &admission.VersionedAttributes{
			Attributes: attributes, VersionedKind: kind, VersionedObject: object,
		}
		match := matcher.Match(context.Background(), versioned, nil, nil)
		check(match.Error)
		if !match.Matches {
			return object
		}
		changed, err := patcher.Patch(context.Background(), patch.Request{
			MatchedResource:     resource,
			VersionedAttributes: versioned,
			ObjectInterfaces:    admission.NewObjectInterfacesFromScheme(scheme),
			Namespace:           &corev1.Namespace{},
		}, celconfig.RuntimeCELCostBudget)
		check(err)
		return changed.(*corev1.Pod)
	}
}

func pod(name, annotated string, init []corev1.Container) *corev1.Pod {
	object := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "pay-prod"}}
	object.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:1"}}
	if annotated != "" {
		object.Annotations = map[string]string{annotated: "portcullis-orders"}
	}
	if init != nil {
		object.Spec.InitContainers = init
		object.Labels = map[string]string{"app": "x"}
		object.Spec.Volumes = []corev1.Volume{{Name: "own"}}
	}
	return object
}

// expect checks whether a pod has the sidecar.
func expect(object *corev1.Pod, isChanged bool) {
	index := slices.IndexFunc(object.Spec.InitContainers, func(container corev1.Container) bool {
		return container.Name == "portcullis"
	})
	require((index >= 0) == isChanged, object.Name)
	if !isChanged {
		return
	}
	sidecar := object.Spec.InitContainers[index]
	require(*sidecar.RestartPolicy == corev1.ContainerRestartPolicyAlways, "it is a sidecar")
	require(sidecar.SecurityContext.Capabilities.Drop[0] == "ALL", "it has no capabilities")
	require(sidecar.ReadinessProbe.HTTPGet.Port.IntValue() == 9901, "it has probes")
	require(object.Labels["portcullis.dev/proxy"] == "sidecar", "Prometheus finds it")
	mounted := object.Spec.Volumes[len(object.Spec.Volumes)-1]
	require(mounted.ConfigMap.Name == "portcullis-orders", "the annotation names the files")
}

func require(isTrue bool, message string) {
	if !isTrue {
		log.Fatalf("failed: %s", message)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
