// Runs `weir` as a shell does, for tests.

#ifndef WEIR_CLI_SHELL_H_
#define WEIR_CLI_SHELL_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::cli {

// The path of a file in the test's own folder.
std::string path_of(const std::string& name);
// Writes a file in the test's own folder, and returns its path.
std::string write_file(const std::string& name, const std::string& text);
std::string read_file(const std::string& path);

struct Result {
  int exit_code;  // -1 if a signal ended it
  std::string out;
  std::string err;
};

// Runs `weir` with these arguments and this standard input. `prepare` is called
// in the child before it executes `weir`.
Result weir(const std::vector<std::string>& arguments,
            const std::string& in = "", const char* locale = "C.UTF-8",
            const std::function<void()>& prepare = {});

// A terminal, in the place of a standard stream of a child.
class Terminal {
 public:
  // `columns` wide; 0: it does not say how wide it is.
  Terminal(int descriptor, unsigned short columns);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // To be called in the child. *this must outlive the result.
  std::function<void()> attach() const;
  // What was written, a few KiB at most. What has been read is gone.
  std::string text() const;
  // Every later write fails.
  void hang_up();

 private:
  const int descriptor_;
  int main_;
  int kept_;
  std::string name_;
};

// A running `weir serve`. It is stopped at the latest when this object is
// destroyed.
class ServeProcess {
 public:
  // Waits until the process listens or has ended. Its standard output goes to
  // `out`, or a file of its own.
  explicit ServeProcess(const std::vector<std::string>& flags,
                        const std::function<void()>& prepare = {},
                        const std::string& out = "");
  ~ServeProcess();
  ServeProcess(const ServeProcess&) = delete;
  ServeProcess& operator=(const ServeProcess&) = delete;

  // What the process has written.
  std::string out() const { return read_file(out_); }
  std::string err() const { return read_file(err_); }
  // The address that it reports to listen on: "127.0.0.1:8080", "unix:/a/b"; ""
  // if it reports none.
  std::string place() const { return place_behind("listening on "); }
  std::string gateway_place() const { return place_behind("the gateway is "); }

  void send(int signal_number) const;
  // Sends SIGHUP and returns what the process then writes to standard error, up
  // to `lines` lines.
  std::string hang_up(int lines = 1) const;
  // Sends a signal and returns the exit code.
  int stop(int signal_number);

 private:
  std::string place_behind(std::string_view text) const;

  const std::string out_;
  const std::string err_;
  pid_t child_;  // 0: it has ended
};

// Sends `bytes` to `place`, and returns all bytes received until the other side
// closes, which `bytes` must ask for.
std::string ask(const std::string& place, const std::string& bytes);

// Sends an HTTP request with these headers, each "name: value", and returns the
// answer. Then closes the connection.
std::string request(const std::string& place, const std::string& method,
                    const std::string& target,
                    const std::vector<std::string>& headers = {},
                    const std::string& body = "");
int status_of(const std::string& answer);  // 0 if it is not an answer

}  // namespace weir::cli

#endif  // WEIR_CLI_SHELL_H_
