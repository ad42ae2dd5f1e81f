// A server for tests: says what it is told to, and remembers what it was asked,
// to the byte.

#ifndef WEIR_GATEWAY_SCRIPTED_SERVER_H_
#define WEIR_GATEWAY_SCRIPTED_SERVER_H_

#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "enforcer/mutex.h"

namespace weir {

// Answers each request on a loopback port with `answer`, and ends the
// connection after it if the answer has no Content-Length. *thread-safe*
class ScriptedServer {
 public:
  // An empty answer: none ever comes.
  explicit ScriptedServer(std::string answer);
  // Ends all connections.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const;

  // The requests so far, whole, in the order of their coming.
  std::vector<std::string> requests() const;
  int connections() const;

 private:
  void accept_all();
  void serve(int connection);

  const std::string answer_;
  int listener_ = -1;
  int port_ = 0;
  mutable Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> sockets_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace weir

#endif  // WEIR_GATEWAY_SCRIPTED_SERVER_H_
