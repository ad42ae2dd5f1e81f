#include "weir/cli/shell.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "gtest/gtest.h"

namespace weir::cli {
namespace {

constexpr int kPatienceSeconds = 30;

pid_t spawn(std::vector<std::string> arguments, const std::string& in,
            const std::string& out, const std::string& err, const char* locale,
            const std::function<void()>& prepare) {
  arguments.insert(arguments.begin(), "cli/weir");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const pid_t child = fork();
  if (child != 0) return child;
  setenv("LC_ALL", locale, 1);
  if (std::freopen(in.c_str(), "r", stdin) != nullptr &&
      std::freopen(out.c_str(), "w", stdout) != nullptr &&
      std::freopen(err.c_str(), "w", stderr) != nullptr) {
    if (prepare) prepare();
    execv(argv[0], argv.data());
  }
  _exit(127);
}

int exit_code_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Waits until `condition` holds. Returns whether it did in time.
bool comes(const std::function<bool()>& condition) {
  for (int i = 0; i < kPatienceSeconds * 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

std::string new_path(const std::string& name) {
  static int number = 0;
  const std::string path =
      path_of(std::to_string(getpid()) + "-" + std::to_string(++number));
  return path + name;
}

int connect_to(const std::string& place) {
  sockaddr_storage address = {};
  socklen_t size;
  if (place.rfind("unix:", 0) == 0) {
    auto& local = reinterpret_cast<sockaddr_un&>(address);
    local.sun_family = AF_UNIX;
    place.substr(5).copy(local.sun_path, sizeof(local.sun_path) - 1);
    size = sizeof(local);
  } else {
    auto& network = reinterpret_cast<sockaddr_in&>(address);
    network.sin_family = AF_INET;
    network.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    network.sin_port =
        htons(static_cast<uint16_t>(std::atoi(&place[place.rfind(':') + 1])));
    size = sizeof(network);
  }
  const int socket = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {kPatienceSeconds, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0) {
    return socket;
  }
  ADD_FAILURE() << "cannot connect to " << place;
  close(socket);
  return -1;
}

}  // namespace

std::string path_of(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

std::string write_file(const std::string& name, const std::string& text) {
  std::ofstream(path_of(name), std::ios::binary) << text;
  return path_of(name);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Result weir(const std::vector<std::string>& arguments, const std::string& in,
            const char* locale, const std::function<void()>& prepare) {
  const std::string out = path_of("out"), err = path_of("err");
  const int exit_code = exit_code_of(
      spawn(arguments, write_file("in", in), out, err, locale, prepare));
  return {exit_code, read_file(out), read_file(err)};
}

Terminal::Terminal(int descriptor, unsigned short columns)
    : descriptor_(descriptor),
      main_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  EXPECT_EQ(grantpt(main_) + unlockpt(main_), 0);
  name_ = ptsname(main_);
  // Stays open, or what the child has written would be lost at its end.
  kept_ = open(name_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  winsize size = {};
  size.ws_col = columns;
  EXPECT_EQ(ioctl(kept_, TIOCSWINSZ, &size), 0);
  termios raw;
  EXPECT_EQ(tcgetattr(kept_, &raw), 0);
  cfmakeraw(&raw);
  EXPECT_EQ(tcsetattr(kept_, TCSANOW, &raw), 0);
  fcntl(main_, F_SETFL, O_NONBLOCK);
}

Terminal::~Terminal() {
  hang_up();
  close(kept_);
}

std::function<void()> Terminal::attach() const {
  return [this] { dup2(open(name_.c_str(), O_RDWR | O_NOCTTY), descriptor_); };
}

std::string Terminal::text() const {
  std::string text;
  std::array<char, 4096> piece;
  ssize_t size;
  while ((size = read(main_, piece.data(), piece.size())) > 0) {
    text.append(piece.data(), static_cast<size_t>(size));
  }
  return text;
}

void Terminal::hang_up() {
  if (main_ >= 0) close(std::exchange(main_, -1));
}

ServeProcess::ServeProcess(const std::vector<std::string>& flags,
                           const std::function<void()>& prepare,
                           const std::string& out)
    : out_(out.empty() ? new_path(".out") : out), err_(new_path(".err")) {
  std::vector<std::string> arguments = flags;
  arguments.insert(arguments.begin(), "serve");
  child_ = spawn(arguments, "/dev/null", out_, err_, "C.UTF-8", prepare);
  if (!out.empty()) return;
  EXPECT_TRUE(comes([this] {
    siginfo_t ended = {};
    waitid(P_PID, static_cast<id_t>(child_), &ended,
           WEXITED | WNOHANG | WNOWAIT);
    return ended.si_pid != 0 || !place().empty();
  }));
}

ServeProcess::~ServeProcess() {
  if (child_ != 0) stop(SIGKILL);
}

std::string ServeProcess::place_behind(std::string_view text) const {
  const std::string said = out() + err();
  const size_t found = said.find(text);
  const size_t end = said.find('\n', found);
  if (found == said.npos || end == said.npos) return "";
  std::string place =
      said.substr(found + text.size(), end - found - text.size());
  const size_t scheme = place.find("://");
  return scheme == place.npos ? place : place.substr(scheme + 3);
}

void ServeProcess::send(int signal_number) const {
  kill(child_, signal_number);
}

std::string ServeProcess::hang_up(int lines) const {
  const size_t before = err().size();
  send(SIGHUP);
  std::string said;
  EXPECT_TRUE(comes([&] {
    said = err().substr(before);
    return std::count(said.begin(), said.end(), '\n') >= lines;
  }));
  return said;
}

int ServeProcess::stop(int signal_number) {
  send(signal_number);
  return exit_code_of(std::exchange(child_, 0));
}

std::string ask(const std::string& place, const std::string& bytes) {
  const int socket = connect_to(place);
  if (socket < 0) return "";
  EXPECT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  std::string answer;
  std::array<char, 4096> piece;
  ssize_t size;
  while ((size = recv(socket, piece.data(), piece.size(), 0)) > 0) {
    answer.append(piece.data(), static_cast<size_t>(size));
  }
  close(socket);
  return answer;
}

std::string request(const std::string& place, const std::string& method,
                    const std::string& target,
                    const std::vector<std::string>& headers,
                    const std::string& body) {
  std::string text = method + " " + target +
                     " HTTP/1.1\r\nConnection: close\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n";
  bool has_host = false;
  for (const std::string& header : headers) {
    has_host |= header.rfind("host:", 0) == 0;
    text += header + "\r\n";
  }
  if (!has_host) text += "Host: localhost\r\n";
  return ask(place, text + "\r\n" + body);
}

int status_of(const std::string& answer) {
  return answer.rfind("HTTP/1.1 ", 0) == 0 ? std::atoi(&answer[9]) : 0;
}

}  // namespace weir::cli
