// Argo CD's way with a health check: the interpreter it embeds, with the libraries it allows and the second it grants, and what it
// makes of the answer. Follows util/lua/lua.go and gitops-engine/pkg/health/health.go of Argo CD 3.6; written here because their
// module brings all of Argo CD along.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	luajson "layeh.com/gopher-json"
)

// luaHealth is what a check may return.
type luaHealth struct {
	Status          string `json:"status"`
	Message         string `json:"message"`
	DeletionMessage string `json:"deletionMessage"`
}

var healthStatuses = map[string]bool{
	"Healthy": true, "Progressing": true, "Degraded": true, "Suspended": true, "Missing": true, "Unknown": true,
}

const timeLimit = time.Second

func argoHealth(object *unstructured.Unstructured, check string) (*verdict, error) {
	health, err := runCheck(object, check)
	if err != nil {
		return nil, err
	}
	if !healthStatuses[health.Status] {
		return &verdict{Status: "Unknown", Message: "Lua returned an invalid health status"}, nil
	}
	if object.GetDeletionTimestamp() != nil {
		return pendingDeletion(object, health), nil
	}
	return &verdict{Status: health.Status, Message: health.Message}, nil
}

// A check has a say about an object that is being deleted only if it sets a deletionMessage (Argo CD 3.6; never before that).
func pendingDeletion(object *unstructured.Unstructured, health luaHealth) *verdict {
	if health.DeletionMessage != "" {
		return &verdict{Status: health.Status, Message: health.DeletionMessage}
	}
	message := "Pending deletion"
	if finalizers := object.GetFinalizers(); len(finalizers) > 0 {
		message += "; blocked by finalizers: " + strings.Join(finalizers, ", ")
	}
	return &verdict{Status: "Progressing", Message: message}
}

func runCheck(object *unstructured.Unstructured, check string) (luaHealth, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	// Argo CD also has os.time and os.date; a health that depends on the time of day is none, so they are missing here.
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return luaHealth{}, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", luaValue(state, object.Object))
	if err := state.DoString(check); err != nil {
		return luaHealth{}, err
	}
	return decodeHealth(state.Get(-1))
}

func decodeHealth(returned lua.LValue) (luaHealth, error) {
	if returned.Type() != lua.LTTable {
		return luaHealth{}, fmt.Errorf("expect table output from Lua script, not %s", returned.Type())
	}
	encoded, err := luajson.Encode(returned)
	if err != nil {
		return luaHealth{}, err
	}
	var health luaHealth
	return health, json.Unmarshal(encoded, &health)
}

func luaValue(state *lua.LState, value any) lua.LValue {
	switch converted := value.(type) {
	case bool:
		return lua.LBool(converted)
	case int64:
		return lua.LNumber(converted)
	case float64:
		return lua.LNumber(converted)
	case string:
		return lua.LString(converted)
	case []any:
		list := state.CreateTable(len(converted), 0)
		for _, item := range converted {
			list.Append(luaValue(state, item))
		}
		return list
	case map[string]any:
		table := state.CreateTable(0, len(converted))
		for key, item := range converted {
			table.RawSetH(lua.LString(key), luaValue(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
