// Times golang.org/x/time/rate on the work of the C++ benchmarks: a 40-byte key
// is drawn, its limiter is found in a map, and the limiter is asked. The map does
// not change while it serves, so it needs no lock; no request is refused. Prints a
// line of JSON for each row: nanoseconds per decision, of all threads together.
package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	keyBytes    = 40
	repetitions = 5
	duration    = 200 * time.Millisecond
)

type row struct {
	Name   string  `json:"name"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

func newLimiter() *rate.Limiter { return rate.NewLimiter(1e9, 2e9) }

func key(number int) string {
	return fmt.Sprintf("a-key-of-forty-characters-%d", 10000000000000+number)
}

// Keys in the order in which requests bring them, one after another in one block:
// a power of two of them.
func draw(keys int) string {
	count := 1 << 14
	for count < 4*keys && count < 1<<22 {
		count *= 2
	}
	random := rand.New(rand.NewSource(1))
	block := make([]byte, 0, count*keyBytes)
	for i := 0; i < count; i++ {
		block = append(block, key(random.Intn(keys))...)
	}
	return string(block)
}

// Nanoseconds per decision. `decide` makes a thousand decisions, and says where to
// go on and whether all were admitted.
func measure(threads int, decide func(at int) (int, bool)) float64 {
	var stop atomic.Bool
	var total atomic.Int64
	var done sync.WaitGroup
	began := time.Now()
	for thread := 0; thread < threads; thread++ {
		done.Add(1)
		go func(at int) {
			defer done.Done()
			runtime.LockOSThread()
			calls, admitted := int64(0), true
			for !stop.Load() {
				at, admitted = decide(at)
				if !admitted {
					panic("a request was refused")
				}
				calls += 1000
			}
			total.Add(calls)
		}(thread * 7919)
	}
	time.Sleep(duration)
	stop.Store(true)
	done.Wait()
	return float64(time.Since(began).Nanoseconds()) / float64(total.Load())
}

func report(name string, decide func(at int) (int, bool)) {
	for threads := 1; threads <= 2; threads++ {
		var times []float64
		measure(threads, decide) // warm
		for i := 0; i < repetitions; i++ {
			times = append(times, measure(threads, decide))
		}
		sort.Float64s(times)
		suffix := ""
		if threads > 1 {
			suffix = fmt.Sprintf(", %d threads", threads)
		}
		line, _ := json.Marshal(row{name + suffix, times[len(times)/2], times[0], times[len(times)-1]})
		fmt.Println(string(line))
	}
}

func main() {
	one := newLimiter()
	report("Go x/time/rate, one limiter", func(at int) (int, bool) {
		admitted := true
		for i := 0; i < 1000; i++ {
			admitted = one.Allow() && admitted
		}
		return at, admitted
	})
	for _, keys := range []int{1000, 1000000} {
		limiters := make(map[string]*rate.Limiter, keys)
		for i := 0; i < keys; i++ {
			limiters[key(i)] = newLimiter()
		}
		draws := draw(keys)
		last := len(draws)/keyBytes - 1
		report(fmt.Sprintf("Go x/time/rate, map/%d", keys), func(at int) (int, bool) {
			admitted := true
			for i := 0; i < 1000; i++ {
				offset := (at & last) * keyBytes
				at++
				admitted = limiters[draws[offset:offset+keyBytes]].Allow() && admitted
			}
			return at, admitted
		})
	}
}
