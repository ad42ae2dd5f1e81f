// `weir` as a shell runs it, for tests.

#ifndef WEIR_CLI_SHELL_H_
#define WEIR_CLI_SHELL_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::cli {

// In the test's own folder.
std::string path_of(const std::string& name);
// Returns its path.
std::string write_file(const std::string& name, const std::string& text);
std::string read_file(const std::string& path);

struct Result {
  int exit_code;  // -1: a signal ended it
  std::string out;
  std::string err;
};

// What `weir` makes of these arguments and this standard input. `prepare` is
// called by the child before it becomes `weir`.
Result weir(const std::vector<std::string>& arguments,
            const std::string& in = "", const char* locale = "C.UTF-8",
            const std::function<void()>& prepare = {});

// A `weir serve` that goes on until it is stopped, at the latest when this
// object ends.
class ServeProcess {
 public:
  // Waits until it listens, or has ended. Its standard output goes to `out`, or
  // a file of its own.
  explicit ServeProcess(const std::vector<std::string>& flags,
                        const std::function<void()>& prepare = {},
                        const std::string& out = "");
  ~ServeProcess();
  ServeProcess(const ServeProcess&) = delete;
  ServeProcess& operator=(const ServeProcess&) = delete;

  // What it has written.
  std::string out() const { return read_file(out_); }
  std::string err() const { return read_file(err_); }
  // Where it says that it listens: "127.0.0.1:8080", "unix:/a/b"; "" if it does
  // not.
  std::string place() const { return place_behind("listening on "); }
  std::string gateway_place() const { return place_behind("the gateway is "); }

  void send(int signal_number) const;
  // What it writes to standard error, up to so many lines, after it was sent
  // SIGHUP.
  std::string hang_up(int lines = 1) const;
  // Its exit code, after it was sent a signal.
  int stop(int signal_number);

 private:
  std::string place_behind(std::string_view text) const;

  const std::string out_;
  const std::string err_;
  pid_t child_;  // 0: it has ended
};

// All bytes that come back from there until the other side closes, as it is
// asked to.
std::string ask(const std::string& place, const std::string& bytes);

// An HTTP request with these headers, "name: value", each; and its answer. The
// connection ends with it.
std::string request(const std::string& place, const std::string& method,
                    const std::string& target,
                    const std::vector<std::string>& headers = {},
                    const std::string& body = "");
int status_of(const std::string& answer);  // 0: it is none

}  // namespace weir::cli

#endif  // WEIR_CLI_SHELL_H_
