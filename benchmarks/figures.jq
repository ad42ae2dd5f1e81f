# The tables of docs/performance.md, from results.json.

def shown: if . == null then "" elif . < 10 then . * 10 | round / 10 else round end | tostring;
def row: "| " + join(" | ") + " |";
def table($head): ($head | row), ($head | map("---") | row), (.[] | row);

(.results | map({key: .name, value: .median}) | from_entries) as $median |

# One column for each number of keys that was measured.
([$median | keys[] | capture("^admit/own clock/(?<keys>[0-9]+)$").keys | tonumber] |
  sort | map(tostring)) as $counts |
def by_keys($text; $name; $suffix):
  [$text] + [$counts[] | $median[$name + "/" + . + $suffix] | shown];
def by_threads($text; $name):
  [$text, ($median[$name] | shown), ($median[$name + ", 2 threads"] | shown)];
def keep_measured: map(select(.[1:] | any(. != "")));

"\(.machine.cpu), \(.machine.cores) cores, \(.machine.compiler); load average \(.machine.load) when the run began. Nanoseconds per decision, medians.",
"",
([
  by_keys("Weir, own clock"; "admit/own clock"; ""),
  by_keys("Weir, caller's time"; "admit/caller's now"; ""),
  by_keys("Weir, a batch of 16"; "admit/batch of 16"; ""),
  by_keys("Weir, client known, caller's time"; "admit/client handle, caller's now"; ""),
  by_keys("fixed map of time buckets (Envoy)"; "peer/fixed map (Envoy), own clock"; ""),
  by_keys("sharded map of GCRAs (governor)"; "peer/sharded map (governor), own clock"; ""),
  by_keys("map and buckets under mutexes"; "peer/mutex map (x/time/rate), own clock"; ""),
  by_keys("Go: x/time/rate in a map"; "Go x/time/rate, map"; ""),
  by_keys("Java: Guava's RateLimiter in a map"; "Guava RateLimiter, map"; ""),
  by_keys("the least: hash, hit, three CASes"; "floor/hash, hit, three CASes"; ""),
  by_keys("two threads: Weir, own clock"; "admit/own clock"; ", 2 threads"),
  by_keys("two threads: sharded map"; "peer/sharded map (governor), own clock"; ", 2 threads"),
  by_keys("two threads: mutexes"; "peer/mutex map (x/time/rate), own clock"; ", 2 threads"),
  by_keys("Zipf: Weir, own clock"; "admit/own clock, Zipf"; ""),
  by_keys("Zipf: sharded map"; "peer/sharded map (governor), own clock, Zipf"; "")
] | keep_measured | table(["keys"] + ($counts | map(gsub("(?<digit>\\d)(?=(\\d{3})+$)"; .digit + ","))))),
"",
([
  by_threads("Weir, throttled, 1,000 keys"; "admit/throttled/1000"),
  by_threads("Weir, over quota, 1,000 keys"; "admit/over quota/1000"),
  by_threads("Weir, unknown key, 1,000 keys"; "admit/unknown key/1000"),
  by_threads("Weir, one hot key, own clock"; "admit/one hot key, own clock"),
  by_threads("Weir, one hot key, caller's time"; "admit/one hot key, caller's now"),
  by_threads("Weir's bucket alone, caller's time"; "bucket/admitted, caller's now"),
  by_threads("Weir's bucket alone, refused"; "bucket/refused, caller's now"),
  by_threads("time bucket alone (folly), own clock"; "peer/time bucket (folly), own clock"),
  by_threads("time bucket alone (folly), caller's time"; "peer/time bucket (folly), caller's now"),
  by_threads("GCRA alone (governor), own clock"; "peer/GCRA (governor), own clock"),
  by_threads("mutex bucket alone, own clock"; "peer/mutex bucket (x/time/rate), own clock"),
  by_threads("Go: one x/time/rate"; "Go x/time/rate, one limiter"),
  by_threads("Java: one Guava RateLimiter"; "Guava RateLimiter, one limiter"),
  by_threads("one load and compare-and-swap"; "floor/one load and CAS"),
  by_threads("reading CLOCK_MONOTONIC"; "floor/steady_clock::now()")
] | keep_measured | table(["", "one thread", "two threads"])),
"",
"Single calls with 1,000 keys, of which \(.latency.overhead | shown) ns are the stopwatch:",
"",
([.latency.results[] |
  [.name, (.p50, .p99, .p999, .max, .patches_per_second | shown)]
] | table(["", "p50", "p99", "p99.9", "max", "patches a second"]))
