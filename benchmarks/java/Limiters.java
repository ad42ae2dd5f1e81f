import com.google.common.util.concurrent.RateLimiter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Times Guava's RateLimiter on the work of the C++ benchmarks: a 40-byte key is drawn, its limiter
 * is found in a map, and the limiter is asked. The map does not change while it serves, so it needs
 * no lock; no request is refused. A Java string keeps its hash, so drawn keys are hashed on the
 * first round only, which is to Guava's favour. Prints a line of JSON for each row: nanoseconds per
 * decision, of all threads together.
 */
public final class Limiters {
  private static final int REPETITIONS = 5;
  private static final int MILLISECONDS = 200;
  private static final int CHUNK = 1000;

  /** Makes CHUNK decisions, from draw number {@code at} on. */
  private interface Work {
    boolean decide(int at);
  }

  private static volatile boolean stop;

  private static RateLimiter limiter() {
    return RateLimiter.create(1e9);
  }

  private static String key(int number) {
    return "a-key-of-forty-characters-" + (10_000_000_000_000L + number);
  }

  /** Keys in the order in which requests bring them: a power of two of them. */
  private static String[] draw(int keys) {
    int count = 1 << 14;
    while (count < 4 * keys && count < 1 << 22) {
      count *= 2;
    }
    Random random = new Random(1);
    String[] draws = new String[count];
    for (int i = 0; i < count; ++i) {
      draws[i] = key(random.nextInt(keys));
    }
    return draws;
  }

  private static double measure(int threads, Work work) throws InterruptedException {
    stop = false;
    AtomicLong total = new AtomicLong();
    Thread[] running = new Thread[threads];
    long began = System.nanoTime();
    for (int i = 0; i < threads; ++i) {
      int start = i * 7919;
      running[i] =
          new Thread(
              () -> {
                long calls = 0;
                for (int at = start; !stop; at += CHUNK) {
                  if (!work.decide(at)) {
                    System.err.println("a request was refused");
                    System.exit(1);
                  }
                  calls += CHUNK;
                }
                total.addAndGet(calls);
              });
      running[i].start();
    }
    Thread.sleep(MILLISECONDS);
    stop = true;
    for (Thread thread : running) {
      thread.join();
    }
    return (double) (System.nanoTime() - began) / total.get();
  }

  private static void report(String name, Work work) throws InterruptedException {
    for (int threads = 1; threads <= 2; ++threads) {
      for (int i = 0; i < 3; ++i) {
        measure(threads, work); // until it is compiled
      }
      double[] times = new double[REPETITIONS];
      for (int i = 0; i < REPETITIONS; ++i) {
        times[i] = measure(threads, work);
      }
      Arrays.sort(times);
      System.out.printf(
          Locale.ROOT,
          "{\"name\":\"%s%s\",\"median\":%f,\"min\":%f,\"max\":%f}%n",
          name,
          threads == 1 ? "" : ", " + threads + " threads",
          times[REPETITIONS / 2],
          times[0],
          times[REPETITIONS - 1]);
    }
  }

  public static void main(String[] arguments) throws InterruptedException {
    RateLimiter one = limiter();
    report(
        "Guava RateLimiter, one limiter",
        at -> {
          boolean admitted = true;
          for (int i = 0; i < CHUNK; ++i) {
            admitted &= one.tryAcquire();
          }
          return admitted;
        });
    for (int keys : new int[] {1_000, 1_000_000}) {
      Map<String, RateLimiter> limiters = new HashMap<>(2 * keys);
      for (int i = 0; i < keys; ++i) {
        limiters.put(key(i), limiter());
      }
      String[] draws = draw(keys);
      report(
          "Guava RateLimiter, map/" + keys,
          at -> {
            boolean admitted = true;
            for (int i = 0; i < CHUNK; ++i) {
              admitted &= limiters.get(draws[(at + i) & (draws.length - 1)]).tryAcquire();
            }
            return admitted;
          });
    }
  }
}
