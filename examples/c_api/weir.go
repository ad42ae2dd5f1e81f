// Three requests of one client under a plan with a burst of two, by cgo:
//
//	CGO_CFLAGS=-I/usr/local/include CGO_LDFLAGS=-L/usr/local/lib go run weir.go
package main

// #cgo LDFLAGS: -lweir
// #include <weir/weir.h>
import "C"

import (
	"errors"
	"fmt"
	"log"
	"time"
	"unsafe"
)

// bytes passes some bytes for the length of a call. They are not copied.
func bytes(b []byte) (*C.char, C.size_t) {
	if len(b) == 0 {
		return nil, 0
	}
	return (*C.char)(unsafe.Pointer(&b[0])), C.size_t(len(b))
}

// text is the same of a string, which is copied.
func text(s string) (*C.char, C.size_t) { return bytes([]byte(s)) }

// check takes the answer of a call of the control plane.
func check(code C.weir_code, answer *C.weir_text) error {
	defer C.weir_text_free(answer)
	if code != C.WEIR_OK {
		return errors.New("weir: " + C.GoStringN(answer.data, C.int(answer.size)))
	}
	return nil
}

// Limiter admits requests of one route.
type Limiter struct {
	enforcer *C.weir_enforcer
	route    C.weir_route
}

// Open makes a limiter for the keys of a plan.
func Open(plan, keys string) (*Limiter, error) {
	var answer C.weir_text
	limiter := &Limiter{}
	if err := check(C.weir_open(nil, &limiter.enforcer, &answer), &answer); err != nil {
		return nil, err
	}
	json, size := text(plan)
	if err := check(C.weir_create_usage_plan(limiter.enforcer, json, size, &answer), &answer); err != nil {
		return nil, err
	}
	json, size = text(keys)
	id, idSize := text("basic")
	if err := check(C.weir_import_api_keys(limiter.enforcer, json, size, id, idSize, &answer), &answer); err != nil {
		return nil, err
	}
	api, apiSize := text("a1b2c3")
	stage, stageSize := text("prod")
	method, methodSize := text("/pets/GET")
	code := C.weir_intern_route(limiter.enforcer, api, apiSize, stage, stageSize,
		method, methodSize, &limiter.route, &answer)
	return limiter, check(code, &answer)
}

// Admit says whether a request passes and, if not, when to ask again.
func (l *Limiter) Admit(key []byte) (bool, time.Duration) {
	decision := C.weir_decision{size: C.size_t(unsafe.Sizeof(C.weir_decision{}))}
	data, size := bytes(key)
	outcome := C.weir_admit(l.enforcer, data, size, l.route, 1, &decision)
	return outcome == C.WEIR_ADMITTED, time.Duration(decision.retry_after_ns)
}

func main() {
	limiter, err := Open(
		`{"id": "basic", "name": "basic",
		  "apiStages": [{"apiId": "a1b2c3", "stage": "prod"}],
		  "throttle": {"rateLimit": 0.1, "burstLimit": 2}}`,
		`[{"name": "client", "enabled": true, "value": "a-secret-of-20-characters"}]`)
	if err != nil {
		log.Fatal(err)
	}
	defer C.weir_close(limiter.enforcer)
	key := []byte("a-secret-of-20-characters")
	for i := 0; i < 3; i++ {
		if admitted, wait := limiter.Admit(key); admitted {
			fmt.Println("200 OK")
		} else {
			fmt.Printf("429, retry after %.3f s\n", wait.Seconds())
		}
	}
}
