#include "gateway/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

// Bytes of the first whole request in `text`; 0 if it is not all there.
size_t request_size(const std::string& text) {
  constexpr char kLength[] = "\r\ncontent-length: ";
  const size_t head = text.find("\r\n\r\n");
  if (head == text.npos) return 0;
  const std::string lower = absl::AsciiStrToLower(text.substr(0, head));
  const size_t length = lower.find(kLength);
  const size_t body =
      length == lower.npos
          ? 0
          : std::strtoul(lower.c_str() + length + sizeof(kLength) - 1, nullptr,
                         10);
  const size_t size = head + 4 + body;
  return size <= text.size() ? size : 0;
}

}  // namespace

ScriptedServer::ScriptedServer(std::string answer)
    : answer_(std::move(answer)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (const int connection : sockets_) shutdown(connection, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  close(listener_);
  MutexLock lock(mutex_);
  for (const int connection : sockets_) close(connection);
}

std::string ScriptedServer::url() const {
  return absl::StrCat("http://127.0.0.1:", port_);
}

std::vector<std::string> ScriptedServer::requests() const {
  MutexLock lock(mutex_);
  return requests_;
}

int ScriptedServer::connections() const {
  MutexLock lock(mutex_);
  return static_cast<int>(sockets_.size());
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    MutexLock lock(mutex_);
    sockets_.push_back(connection);
    threads_.emplace_back([this, connection] { serve(connection); });
  }
}

void ScriptedServer::serve(int connection) {
  const bool ends = absl::AsciiStrToLower(answer_).find(
                        "\r\ncontent-length:") == std::string::npos;
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t size = recv(connection, buffer, sizeof(buffer), 0);
    if (size <= 0) return;
    text.append(buffer, static_cast<size_t>(size));
    const size_t whole = request_size(text);
    if (whole == 0) continue;
    {
      MutexLock lock(mutex_);
      requests_.push_back(text.substr(0, whole));
    }
    text.erase(0, whole);
    if (answer_.empty()) continue;
    send(connection, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    if (ends) {
      shutdown(connection, SHUT_RDWR);
      return;
    }
  }
}

}  // namespace weir
