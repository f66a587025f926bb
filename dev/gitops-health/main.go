// Command gitops-health tells what two GitOps tools make of Kubernetes objects: Argo CD by a health check in Lua, Flux (and Helm 4) by
// kstatus. It reads one JSON document from its standard input and writes one to its standard output:
//
//	{"checks": {"StudioTenant": "<Lua>", ...}, "objects": [{...}, ...]}
//	[{"argo": {"status": "Healthy", "message": "..."}, "kstatus": {"status": "Current", "message": "..."}}, ...]
//
// The answers stand in the order of the objects. An object whose kind has no check gets no "argo".
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type question struct {
	Checks  map[string]string `json:"checks"`
	Objects []json.RawMessage `json:"objects"`
}

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

type answer struct {
	Argo    *verdict `json:"argo,omitempty"`
	Kstatus verdict  `json:"kstatus"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var asked question
	if err := json.NewDecoder(in).Decode(&asked); err != nil {
		return fmt.Errorf("reading the question: %w", err)
	}
	answers := make([]answer, 0, len(asked.Objects))
	for _, raw := range asked.Objects {
		object := &unstructured.Unstructured{}
		// As it comes from the API server: whole numbers stay whole, which kstatus counts on.
		if err := object.UnmarshalJSON(raw); err != nil {
			return fmt.Errorf("reading an object: %w", err)
		}
		answered, err := answerFor(object, asked.Checks)
		if err != nil {
			return fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
		}
		answers = append(answers, answered)
	}
	return json.NewEncoder(out).Encode(answers)
}

func answerFor(object *unstructured.Unstructured, checks map[string]string) (answer, error) {
	computed, err := status.Compute(object)
	if err != nil {
		return answer{}, fmt.Errorf("kstatus: %w", err)
	}
	answered := answer{Kstatus: verdict{Status: string(computed.Status), Message: computed.Message}}
	if check, found := checks[object.GetKind()]; found {
		health, err := argoHealth(object, check)
		if err != nil {
			return answer{}, fmt.Errorf("health check: %w", err)
		}
		answered.Argo = health
	}
	return answered, nil
}
