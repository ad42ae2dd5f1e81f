#!/bin/bash
# Asio 1.22.1 (Debian 12, libasio-dev), 2026-11-30: the sockets that Asio
# opens and accepts are not close-on-exec, though its own descriptors (epoll, timerfd,
# eventfd) are, and it has no option to change this. A program that the process starts
# inherits every open connection: after the server has closed one, its client sees
# the end only when that program ends. A service on Asio that starts programs has to
# call accept4() itself, or set FD_CLOEXEC and accept the race with fork().
#
# Output seen:
#   acceptor: inherited
#   accepted: inherited
#   connected: inherited
#   Asio's own descriptors inherited: 0 of 3
#   the client saw the end 1.0 s after the server had closed: when the program ended
set -euo pipefail

version=1:1.22.1-1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "libasio-dev=$version" >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get download -qq "libasio-dev=$version" >/dev/null; }
dpkg-deb -x libasio-dev_*.deb .

cat >sockets.cc <<'CC'
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

bool is_inherited(int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0; }

int main() {
  using asio::ip::tcp;
  asio::io_context io;
  asio::steady_timer timer(io, std::chrono::hours(1));  // makes its descriptors
  timer.async_wait([](std::error_code) {});
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  tcp::socket client(io);
  client.connect(acceptor.local_endpoint());
  tcp::socket served = acceptor.accept();
  for (const auto& [name, fd] : {std::pair{"acceptor", acceptor.native_handle()},
                                 {"accepted", served.native_handle()},
                                 {"connected", client.native_handle()}}) {
    std::printf("%s: %s\n", name, is_inherited(fd) ? "inherited" : "closed on exec");
  }
  int own = 0, inherited = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry, error);
    if (target.rfind("anon_inode:", 0) != 0) continue;
    ++own;
    inherited += is_inherited(std::stoi(entry.path().filename()));
  }
  std::printf("Asio's own descriptors inherited: %d of %d\n", inherited, own);

  const pid_t program = fork();
  if (program == 0) {
    close(client.native_handle());
    execlp("sleep", "sleep", "1", nullptr);
    _exit(127);
  }
  const auto begin = std::chrono::steady_clock::now();
  served.close();
  char byte;
  std::error_code error;
  client.read_some(asio::buffer(&byte, 1), error);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  waitpid(program, nullptr, 0);
  std::printf("the client saw the end %s\n",
              seconds > 0.5 ? "1.0 s after the server had closed: when the program ended"
                            : "at once");
}
CC
g++ -std=c++17 -O0 -Iusr/include sockets.cc -o sockets -pthread
./sockets | tee seen
diff seen - <<'END'
acceptor: inherited
accepted: inherited
connected: inherited
Asio's own descriptors inherited: 0 of 3
the client saw the end 1.0 s after the server had closed: when the program ended
END
