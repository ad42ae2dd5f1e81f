#include "weir/http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/http/error_response.h"
#include "weir/http/message.h"
#include "weir/http/refusal.h"
#include "weir/http/server_options.h"
#include "weir/http/server_statistics.h"

namespace weir {
namespace {

using namespace std::string_literals;

constexpr absl::Duration kLong = absl::Seconds(20);
constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// What a request was, told by its answer: so a test sees what the server made
// of what it sent.
HttpResponse echo(const HttpRequest& request) {
  HttpResponse response;
  response.body =
      absl::StrCat(request.method, " ", request.target, " ", request.body);
  for (const auto& [name, value] : request.headers) {
    absl::StrAppend(&response.body, "\n", name, "=", value);
  }
  response.headers = {{"content-type", "text/plain"}};
  return response;
}

HttpHandler sends(size_t bytes) {
  return [bytes](const HttpRequest&) {
    return HttpResponse{200, {}, std::string(bytes, 'x')};
  };
}

std::unique_ptr<HttpServer> start(HttpHandler handler,
                                  const HttpServerOptions& options = {}) {
  auto server = HttpServer::start(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

// A TCP connection that says and hears bytes.
class Client {
 public:
  // At a socket's file.
  explicit Client(const std::string& path)
      : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address),
                         sizeof(address)) == 0;
  }
  explicit Client(const HttpServer& server, int receive_buffer = 0)
      : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                 sizeof(receive_buffer));
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(server.port());
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address),
                         sizeof(address)) == 0;
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool is_connected() const { return connected_; }
  int descriptor() const { return socket_; }
  // Its own, by which the server knows it.
  int port() const {
    sockaddr_in own = {};
    socklen_t size = sizeof(own);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size);
    return ntohs(own.sin_port);
  }

  // False once the peer has closed.
  bool say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent =
          send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(sent);
    }
    return true;
  }
  void say_no_more() { shutdown(socket_, SHUT_WR); }

  // What comes until the peer closes, `text` was heard, or a long time passes.
  std::string hear(std::string_view text = {}) {
    const absl::Time end = absl::Now() + kLong;
    while (text.empty() || heard_.find(text) == heard_.npos) {
      if (!hear_more(end - absl::Now())) break;
    }
    return std::exchange(heard_, "");
  }

  // An answer, by its Content-Length.
  std::string hear_answer() {
    std::string head = hear_until("\r\n\r\n");
    const size_t at = head.find("Content-Length: ");
    int size = 0;
    if (at == head.npos ||
        !absl::SimpleAtoi(head.substr(at + 16, head.find('\r', at) - at - 16),
                          &size)) {
      return head;
    }
    while (static_cast<int>(heard_.size()) < size && hear_more(kLong)) {
    }
    head += heard_.substr(0, size);
    heard_.erase(0, size);
    return head;
  }

  // Whether the peer closes within `most`, whatever it says before.
  bool is_closed(absl::Duration most = kLong) {
    const absl::Time end = absl::Now() + most;
    while (!closed_ && hear_more(end - absl::Now())) {
    }
    return closed_;
  }
  // Whether the peer has dropped what it had not sent yet.
  bool is_reset() const { return reset_; }

 private:
  std::string hear_until(std::string_view text) {
    while (heard_.find(text) == heard_.npos && hear_more(kLong)) {
    }
    const size_t at = heard_.find(text);
    std::string part = heard_.substr(0, at == heard_.npos ? at : at + 4);
    heard_.erase(0, part.size());
    return part;
  }

  bool hear_more(absl::Duration most) {
    pollfd input = {socket_, POLLIN, 0};
    if (most <= absl::ZeroDuration() ||
        poll(&input, 1, absl::ToInt64Milliseconds(most)) != 1) {
      return false;
    }
    std::array<char, 65536> bytes;
    const ssize_t size = recv(socket_, bytes.data(), bytes.size(), 0);
    closed_ = size <= 0;
    reset_ = size < 0;
    if (!closed_) heard_.append(bytes.data(), size);
    return !closed_;
  }

  const int socket_;
  bool connected_ = false;
  bool closed_ = false;
  bool reset_ = false;
  std::string heard_;
};

int status_of(const std::string& answer) {
  int status = 0;
  return absl::StartsWith(answer, "HTTP/1.1 ") &&
                 absl::SimpleAtoi(answer.substr(9, 3), &status)
             ? status
             : 0;
}

std::string body_of(const std::string& answer) {
  const size_t at = answer.find("\r\n\r\n");
  return at == answer.npos ? "" : answer.substr(at + 4);
}

std::string ask(const HttpServer& server, std::string_view request) {
  Client client(server);
  client.say(request);
  return client.hear_answer();
}

// What a shell command prints, errors too.
std::string output_of(const std::string& command) {
  std::string text;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> bytes;
  while (const size_t size = fread(bytes.data(), 1, bytes.size(), pipe)) {
    text.append(bytes.data(), size);
  }
  pclose(pipe);
  return text;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Whether `condition` comes to hold.
bool comes(const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + kLong;
  while (!condition()) {
    if (absl::Now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// What has been sent is given back a moment after its peer has it.
bool holds_bodies_of(const HttpServer& server, int64_t bytes) {
  return comes([&] { return server.statistics().body_bytes == bytes; });
}

// Holds handlers up until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait_for(int waiting) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= waiting; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

// Answers once the gate is open.
std::unique_ptr<HttpServer> start_behind(Gate& gate,
                                         const HttpServerOptions& options) {
  return start(
      [&gate](const HttpRequest&) {
        gate.pass();
        return HttpResponse();
      },
      options);
}

// -- Requests and answers --

TEST(HttpServer, HandsOverWhatWasSent) {
  const auto server = start(echo);
  const std::string answer =
      ask(*server,
          "PATCH /tags/a%2Fb%00?x=%3D&&y=+&z HTTP/1.1\r\nHost: h\r\n"
          "X-Api-KEY:  one \t\r\nx-api-key: two\r\nEmpty:\r\n"
          "Content-Length: 5\r\n\r\na\0b\r\n"s);
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer),
            "PATCH /tags/a%2Fb%00?x=%3D&&y=+&z a\0b\r\n\nhost=h\n"
            "x-api-key=one\nx-api-key=two\nempty=\ncontent-length=5"s);
  EXPECT_TRUE(absl::StrContains(answer, "\r\ncontent-type: text/plain\r\n"));
  EXPECT_EQ(server->statistics().requests, 1);
}

TEST(HttpServer, SaysWhatTimeItIs) {
  const auto server = start(echo);
  for (int i = 0; i < 2; ++i) {
    const std::string answer = ask(*server, kGet);
    const size_t at = answer.find("\r\nDate: ");
    ASSERT_NE(at, answer.npos) << answer;
    absl::Time date;
    std::string error;
    EXPECT_TRUE(absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT",
                                answer.substr(at + 8, 29), &date, &error))
        << answer << error;
    EXPECT_EQ(answer.substr(at + 8 + 29, 2), "\r\n");
    EXPECT_LE(date, absl::Now());
    EXPECT_GT(date, absl::Now() - kLong);
  }
}

TEST(HttpServer, NamesEachStatus) {
  const std::pair<int, const char*> kNames[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {299, ""},
      {301, "Moved Permanently"},
      {302, "Found"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {599, ""}};
  const auto server = start([](const HttpRequest& request) {
    HttpResponse response;
    EXPECT_TRUE(absl::SimpleAtoi(request.target.substr(1), &response.status));
    response.body = "body";
    return response;
  });
  Client client(*server);
  for (const auto& [status, name] : kNames) {
    client.say(absl::StrCat("GET /", status, " HTTP/1.1\r\nHost: h\r\n\r\n"));
    const bool has_body = status != 204 && status != 304;
    const std::string answer =
        has_body ? client.hear_answer() : client.hear("\r\n\r\n");
    EXPECT_EQ(answer.substr(0, answer.find('\r')),
              absl::StrCat("HTTP/1.1 ", status, " ", name));
    EXPECT_EQ(body_of(answer), has_body ? "body" : "");
    EXPECT_EQ(absl::StrContains(answer, "Content-Length: 4\r\n"),
              status != 204);
  }
}

TEST(HttpServer, SaysWhoAsks) {
  const auto server = start([](const HttpRequest& request) {
    return HttpResponse{
        200, {}, request.peer_address + (request.over_tls ? " tls" : "")};
  });
  EXPECT_EQ(body_of(ask(*server, kGet)), "127.0.0.1");
}

TEST(HttpServer, ServesConnectionsThatGoOn) {
  const auto server = start(echo);
  Client client(*server);
  for (int i = 0; i < 3; ++i) {
    client.say(absl::StrCat("GET /", i, " HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_EQ(body_of(client.hear_answer()),
              absl::StrCat("GET /", i, " \nhost=h"));
  }
  client.say(
      "POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
      "POST /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2;x=y\r\ncd\r\n1\r\ne\r\n0\r\nTrailer: t\r\n\r\n"
      "GET /5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(body_of(client.hear_answer()),
            "POST /3 ab\nhost=h\n"
            "content-length=2");
  EXPECT_EQ(body_of(client.hear_answer()),
            "POST /4 cde\nhost=h\n"
            "transfer-encoding=chunked");
  const std::string last = client.hear_answer();
  EXPECT_TRUE(absl::StrContains(last, "Connection: close")) << last;
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server->statistics().connections_accepted, 1);
}

TEST(HttpServer, ReadsWhatComesInPieces) {
  const auto server = start(echo);
  std::string request = "GET /slowly?a=b HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 30; ++i) {
    absl::StrAppend(&request, "H", i, ": ", std::string(300, 'v'), "\r\n");
  }
  request += "Empty:\r\n\r\n";
  Client client(*server);
  for (size_t i = 0; i < request.size(); i += 61) {
    client.say(request.substr(i, 61));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  const std::string answer = client.hear_answer();
  EXPECT_EQ(status_of(answer), 200) << answer;
  EXPECT_TRUE(absl::StrContains(body_of(answer), "GET /slowly?a=b "));
  EXPECT_TRUE(absl::EndsWith(answer, "\nempty="));
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  const auto server = start(echo);
  Client client(*server);
  client.say(
      "HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answers = client.hear("GET /2 ");
  EXPECT_TRUE(absl::StrContains(answers, "Content-Length: 15\r\n")) << answers;
  EXPECT_FALSE(absl::StrContains(answers, "HEAD /1")) << answers;
}

TEST(HttpServer, SaysTheLengthOfABodyThatIsElsewhere) {
  const auto server = start([](const HttpRequest& request) {
    return HttpResponse{request.method == "HEAD" ? 200 : 304,
                        {{"content-length", request.target.substr(1)}},
                        ""};
  });
  Client client(*server);
  for (const char* method : {"HEAD", "GET"}) {
    for (const char* length : {"0", "1", "5000000000", "4611686018427387904"}) {
      client.say(
          absl::StrCat(method, " /", length, " HTTP/1.1\r\nHost: h\r\n\r\n"));
      const std::string answer = client.hear("\r\n\r\n");
      EXPECT_TRUE(absl::StrContains(
          answer, absl::StrCat("\r\nContent-Length: ", length, "\r\n")))
          << method << answer;
      EXPECT_EQ(body_of(answer), "");
    }
  }
}

// A wrong length is worse than none.
TEST(HttpServer, SaysNoLengthThatIsNotKnown) {
  for (const HttpHeaders& headers :
       {HttpHeaders{}, HttpHeaders{{"content-length", "-1"}},
        HttpHeaders{{"content-length", "18446744073709551615"}},
        HttpHeaders{{"content-length", "4611686018427387905"}},
        HttpHeaders{{"content-length", "1"}, {"content-length", "1"}}}) {
    const auto server = start([headers](const HttpRequest& request) {
      return HttpResponse{request.method == "HEAD" ? 200 : 304, headers, ""};
    });
    for (const char* method : {"HEAD", "GET"}) {
      Client client(*server);
      // There is no body, so the next answer follows at once.
      for (int i = 0; i < 2; ++i) {
        client.say(absl::StrCat(method, " / HTTP/1.1\r\nHost: h\r\n\r\n"));
        const std::string answer = client.hear("\r\n\r\n");
        EXPECT_NE(status_of(answer), 0);
        EXPECT_TRUE(absl::EndsWith(answer, "\r\n\r\n")) << answer;
        EXPECT_FALSE(absl::StrContains(answer, "Content-Length")) << answer;
        EXPECT_FALSE(absl::StrContains(answer, "Transfer-Enc")) << answer;
        EXPECT_FALSE(absl::StrContains(answer, "Connection")) << answer;
      }
    }
  }
}

TEST(HttpServer, TellsWhenToGoOn) {
  const auto server = start(echo);
  Client client(*server);
  client.say(
      "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.hear("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.say("ab");
  EXPECT_TRUE(absl::StartsWith(body_of(client.hear_answer()), "PUT / ab"));
}

TEST(HttpServer, DoesNotTellWhoDoesNotWait) {
  const auto server = start(echo);
  for (const std::string& request :
       {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
        "Expect: 100-continue\r\n\r\na"s,
        "PUT / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"s,
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
        "Expect: something\r\n\r\n"s}) {
    Client client(*server);
    client.say(request);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    client.say(absl::EndsWith(request, "a") ? "b" : "ab");
    const std::string answer = client.hear_answer();
    EXPECT_EQ(status_of(answer), 200) << answer;
    EXPECT_TRUE(absl::StartsWith(body_of(answer), "PUT / ab")) << answer;
  }
}

TEST(HttpServer, ServesOldClients) {
  const auto server = start(echo);
  Client client(*server);
  client.say("GET /old HTTP/1.0\r\n\r\n");
  const std::string answer = client.hear();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "GET /old ");
}

TEST(HttpServer, KeepsTheConnectionsOfOldClientsThatAsk) {
  const auto server = start(echo);
  Client client(*server);
  for (int i = 0; i < 2; ++i) {
    client.say("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_TRUE(absl::StrContains(client.hear_answer(),
                                  "\r\nConnection: keep-alive\r\n"));
  }
}

TEST(HttpServer, TakesTheAbsoluteForm) {
  const auto server = start(echo);
  EXPECT_EQ(body_of(ask(*server,
                        "GET http://h:8080/p?q HTTP/1.1\r\nHost: i\r\n\r\n")),
            "GET /p?q \nhost=h:8080");
  EXPECT_EQ(body_of(ask(*server, "GET /%zz%00 HTTP/1.1\r\nHost: h\r\n\r\n")),
            "GET /%zz%00 \nhost=h");
}

TEST(HttpServer, ServesAClientThatClosesItsHalf) {
  const auto server = start(echo);
  Client client(*server);
  client.say("GET /half HTTP/1.1\r\nHost: h\r\n\r\n");
  client.say_no_more();
  EXPECT_EQ(body_of(client.hear()), "GET /half \nhost=h");
}

TEST(HttpServer, SendsOnlyHeadersThatAreOne) {
  const auto server = start([](const HttpRequest&) {
    HttpResponse response;
    response.headers = {{"x-good", "yes \xC3\xA4\t."},
                        {"x-lines", "a\r\nx-split: yes\r\n\r\nbody"},
                        {"x-line", "a\nx-split: yes"},
                        {"x-return", "a\rx-split: yes"},
                        {"x-nul", "a\0b"s},
                        {"x split", "yes"},
                        {"x-split:", "yes"},
                        {"x-split\r\nx", "yes"},
                        {"", "x-split"},
                        {"Content-Length", "1"},
                        {"content-length", "99"},
                        {"transfer-encoding", "chunked"},
                        {"connection", "close"},
                        {"Keep-Alive", "timeout=99"},
                        {"upgrade", "x-split"},
                        {"date", "x-split"},
                        {"set-cookie", "a"},
                        {"set-cookie", "b"}};
    response.body = "whole";
    return response;
  });
  const std::string answer = ask(*server, kGet);
  EXPECT_EQ(body_of(answer), "whole");
  EXPECT_TRUE(absl::StrContains(answer, "\r\nx-good: yes \xC3\xA4\t.\r\n"));
  EXPECT_TRUE(
      absl::StrContains(answer, "\r\nset-cookie: a\r\nset-cookie: b\r\n"));
  EXPECT_TRUE(absl::StrContains(answer, "\r\nContent-Length: 5\r\n"));
  for (const char* absent : {"split", "x-nul", "99", "chunked", "close"}) {
    EXPECT_FALSE(absl::StrContains(answer, absent)) << absent << answer;
  }
}

TEST(HttpServer, AnswersAFailureOfTheHandler) {
  const auto server = start([](const HttpRequest& request) -> HttpResponse {
    HttpResponse response;
    if (request.target == "/throw") throw std::bad_alloc();
    if (absl::StartsWith(request.target, "/status/")) {
      response.status = std::atoi(&request.target[8]);
    }
    if (absl::StartsWith(request.target, "/long/")) {
      // With ": " and the line's end.
      const int size = std::atoi(&request.target[6]) - 5;
      response.headers = {{"x", std::string(static_cast<size_t>(size), 'x')}};
    }
    if (request.target == "/none") response.status = 204;
    return response;
  });
  Client client(*server);
  for (const char* target :
       {"/status/200", "/status/599", "/long/16384", "/"}) {
    client.say(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: h\r\n\r\n"));
    const int status = status_of(client.hear_answer());
    EXPECT_EQ(status, target == "/status/599"s ? 599 : 200) << target;
  }
  for (const char* target : {"/throw", "/status/101", "/status/199",
                             "/status/600", "/long/16385", "/long/1000000"}) {
    client.say(absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: h\r\n\r\n"));
    const std::string answer = client.hear_answer();
    EXPECT_EQ(status_of(answer), 500) << target;
    EXPECT_EQ(body_of(answer), R"({"message":"Internal server error"})");
  }
  client.say("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(status_of(client.hear("\r\n\r\n")), 204);
  client.say(kGet);
  EXPECT_EQ(status_of(client.hear_answer()), 200);
  EXPECT_TRUE(holds_bodies_of(*server, 0));
}

// Some clients end a body with a line break that is no part of it.
TEST(HttpServer, TakesOneEmptyLineBeforeEachRequest) {
  const auto server = start(echo);
  Client client(*server);
  for (const char* line : {"", "\r\n", "\r\n"}) {
    client.say(absl::StrCat(line, kGet));
    EXPECT_EQ(status_of(client.hear_answer()), 200);
  }
  client.say("\r");
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  client.say(absl::StrCat("\n", kGet));
  EXPECT_EQ(status_of(client.hear_answer()), 200);
  client.say(absl::StrCat("\r\n\r\n", kGet));
  EXPECT_EQ(status_of(client.hear_answer()), 400);
}

// -- What is not HTTP, or could be read in two ways --

TEST(HttpServer, RefusesWhatIsNoRequest) {
  const auto server = start(echo);
  // Were the rest of a request taken for another, it would be this one.
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string length = absl::StrCat(smuggled.size());
  for (const std::string& bad : {
           post + "Content-Length: 0\r\nContent-Length: " + length + "\r\n\r\n",
           post + "Content-Length: " + length + "\r\nContent-Length: 0\r\n\r\n",
           post + "Content-Length: " + length +
               "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\nContent-Length: " + length +
               "\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: \x0B"
                  "chunked\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"s,
           post + "Content-Length:\r\n " + length + "\r\n\r\n",
           post + "Content-Length : " + length + "\r\n\r\n",
           post + "Content-Length: +" + length + "\r\n\r\n",
           post + "Content-Length: -1\r\n\r\n",
           post + "Content-Length: 1, 1\r\n\r\n",
           post + "Content-Length: 99999999999999999999999\r\n\r\n",
           post + "Content-Length\0: 3\r\n\r\n"s,
           post + "Content-Length: 0\0\r\n\r\n"s,
           post + "X: a\r\n b\r\n\r\n",
           post + "X: a\rContent-Length: " + length + "\r\n\r\n",
           post + "X: a\nContent-Length: " + length + "\r\n\r\n",
           post + "X: a\0b\r\n\r\n"s,
           post + "X\0: a\r\n\r\n"s,
           get + "no colon\r\n\r\n",
           get + ": no name\r\n\r\n",
           get + "x y: z\r\n\r\n",
           get + "Host: i\r\n\r\n",
           get + "\n\r\n",
           "GET / HTTP/1.1\r\n\r\n"s,
           "GET / HTTP/1.1\r\n Host: h\r\n\r\n"s,
           "GET / HTTP/1.1\nHost: h\n\n"s,
           "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"s,
           "GET / / HTTP/1.1\r\nHost: h\r\n\r\n"s,
           "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"s,
           "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"s,
           "GET  HTTP/1.1\r\nHost: h\r\n\r\n"s,
           "GET / HTTP/2.0\r\nHost: h\r\n\r\n"s,
           "GET / HTTP/1.11\r\nHost: h\r\n\r\n"s,
           "GET / http/1.1\r\nHost: h\r\n\r\n"s,
           "GET /\r\n\r\n"s,
           " GET / HTTP/1.1\r\nHost: h\r\n\r\n"s,
           "\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03\r\n\r\n"s,
           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"s,
       }) {
    Client client(*server);
    client.say(bad + smuggled);
    const std::string answer = client.hear();
    EXPECT_FALSE(absl::StrContains(answer, "smuggled")) << bad << answer;
    EXPECT_FALSE(absl::StrContains(answer, "HTTP/1.1 200")) << bad << answer;
    EXPECT_EQ(server->statistics().requests, 0) << bad;
  }
  EXPECT_EQ(status_of(ask(*server, smuggled)), 200);
}

TEST(HttpServer, RefusesBadChunks) {
  const auto server = start(echo);
  for (const char* chunks :
       {"0x3\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n", "\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcde\r\n0\r\n\r\n", "3\r\nabc0\r\n\r\n", "g\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
        "8000000000000000\r\nabc\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n",
        "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r\n0\n\r\n", "3\r\nabc\r\n0\r\n\n",
        "3;x\ny\r\nabc\r\n0\r\n\r\n"}) {
    Client client(*server);
    client.say(absl::StrCat(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        chunks));
    client.say_no_more();
    EXPECT_TRUE(client.is_closed()) << chunks;
    EXPECT_EQ(server->statistics().requests, 0) << chunks;
  }
}

// As API Gateway's are: JSON, with an id, once.
TEST(HttpServer, RefusesInItsOwnForm) {
  const auto server = start(echo);
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& bad :
       {"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"s,
        "GET / HTTP/1.1\nHost: h\n\n"s, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"s,
        "\x16\x03\x01\x02"s, "GET / HTTP/1.1\r\nX : y"s + "\r\n\r\n",
        start + "Content-Length: x\r\n\r\n",
        start + "Content-Length: 3 \r\nTransfer-Encoding: chunked\r\n\r\n",
        start + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
        start + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"}) {
    Client client(*server);
    client.say(bad);
    const std::string answer = client.hear();
    EXPECT_EQ(status_of(answer), 400) << bad << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), answer.npos) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "\r\ncontent-type: application/json"))
        << answer;
    EXPECT_TRUE(absl::StrContains(answer, "\r\nx-amzn-requestid: ")) << answer;
    EXPECT_TRUE(absl::StrContains(
        answer,
        absl::StrCat("\r\nContent-Length: ", body_of(answer).size(), "\r\n")))
        << answer;
    EXPECT_TRUE(
        absl::StartsWith(body_of(answer), R"({"message":"malformed request: )"))
        << answer;
  }
}

// The next request begins where this says that it does.
TEST(HttpServer, FramesBodiesWhoseHeadersHaveBlanks) {
  const auto server = start(echo);
  for (const std::string& framed :
       {"Content-Length: 3 \r\n\r\nabc"s, "Content-Length:\t003\t \r\n\r\nabc"s,
        "Transfer-Encoding: chunked \t\r\n\r\n3;x=\"y;\"\r\nabc\r\n0\r\n\r\n"s,
        "Transfer-Encoding:chunked\r\n\r\n1\r\na\r\n02 ; x\r\nbc\r\n"
        "0;y\r\nT: t\r\n\r\n"s}) {
    Client client(*server);
    client.say("PUT /1 HTTP/1.1\r\nHost: h\r\n" + framed +
               "\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(absl::StartsWith(body_of(client.hear_answer()), "PUT /1 abc\n"))
        << framed;
    EXPECT_EQ(body_of(client.hear_answer()), "GET /2 \nhost=h") << framed;
  }
}

// The answer is to the request that was refused, not to the last one.
TEST(HttpServer, SaysWhatIsWrongBehindAnAnswerWithoutABody) {
  const auto server = start(echo);
  Client client(*server);
  client.say("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(status_of(client.hear("\r\n\r\n")), 200);
  client.say("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(body_of(client.hear()),
            R"({"message":"malformed request: not one Host"})");
}

TEST(HttpServer, SaysWhatIsWrong) {
  const auto server = start(echo);
  Client client(*server);
  client.say("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n");
  const std::string answer = client.hear();
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_TRUE(absl::StrContains(answer, "x-amzn-errortype: BadRequestExc"));
  EXPECT_TRUE(absl::StrContains(answer, "\r\nx-amzn-requestid: "));
  EXPECT_EQ(body_of(answer),
            R"({"message":"malformed request: not one Host"})");
  EXPECT_EQ(server->statistics().requests_refused, 1);
  EXPECT_EQ(server->statistics().requests, 0);
}

// -- Bounds --

TEST(HttpServer, RefusesLargeHeads) {
  HttpServerOptions options;
  options.max_header_bytes = 4096;
  const auto server = start(echo, options);
  const auto with_header = [&server](size_t size) {
    return status_of(
        ask(*server, absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\nX: ",
                                  std::string(size, 'x'), "\r\n\r\n")));
  };
  constexpr size_t kRest =
      std::string_view("GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n").size();
  EXPECT_EQ(with_header(4000), 200);
  EXPECT_EQ(with_header(4096 - kRest), 200);
  EXPECT_EQ(with_header(4097 - kRest), 431);
  EXPECT_EQ(with_header(100'000), 431);
  EXPECT_EQ(status_of(ask(*server, "GET /" + std::string(100'000, 'x') +
                                       " HTTP/1.1\r\n\r\n")),
            414);
}

TEST(HttpServer, RefusesLargeBodies) {
  HttpServerOptions options;
  options.max_body_bytes = 100'000;
  const auto server = start(
      [](const HttpRequest& request) {
        HttpResponse response;
        response.body = absl::StrCat(request.body.size());
        return response;
      },
      options);
  const auto counted = [&server](size_t size) {
    Client client(*server);
    client.say(absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ",
                            size, "\r\n\r\n", std::string(size, 'x')));
    const std::string answer = client.hear_answer();
    EXPECT_EQ(client.is_closed(absl::Milliseconds(20)), size > 100'000);
    return answer;
  };
  const auto chunked = [&server](size_t size) {
    Client client(*server);
    client.say(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t sent = 0; sent < size; sent += 50'000) {
      client.say("C350\r\n" + std::string(50'000, 'x') + "\r\n");
    }
    client.say("0\r\n\r\n");
    return client.hear_answer();
  };
  EXPECT_EQ(body_of(counted(100'000)), "100000");
  EXPECT_EQ(body_of(chunked(100'000)), "100000");
  for (const std::string& answer :
       {counted(100'001), counted(3'000'000), chunked(150'000),
        chunked(3'000'000),
        ask(*server,
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n"
            "Expect: 100-continue\r\n\r\n")}) {
    EXPECT_EQ(status_of(answer), 413);
    EXPECT_TRUE(absl::StrContains(answer, "Connection: close")) << answer;
    EXPECT_EQ(body_of(answer), R"({"message":"Request body too large"})");
  }
  EXPECT_TRUE(holds_bodies_of(*server, 0));
  EXPECT_EQ(server->statistics().requests, 2);
}

// The seconds that the answer asks to wait; 0: none.
int retry_after_of(const std::string& answer) {
  constexpr std::string_view kName = "retry-after: ";
  const size_t at = answer.find(kName);
  return at == answer.npos ? 0 : std::atoi(&answer[at + kName.size()]);
}

void expect_too_many(const std::string& answer) {
  EXPECT_EQ(status_of(answer), 503) << answer;
  EXPECT_TRUE(absl::StrContains(
      answer, "x-amzn-errortype: ServiceUnavailableException\r\n"))
      << answer;
  EXPECT_TRUE(absl::StrContains(answer, "\r\nx-amzn-requestid: ")) << answer;
  EXPECT_GE(retry_after_of(answer), 1) << answer;
  EXPECT_LE(retry_after_of(answer), kMaxOverloadRetryAfter) << answer;
  EXPECT_TRUE(absl::StartsWith(body_of(answer), R"({"message":"Too many )"));
}

TEST(HttpServer, BoundsBodiesInMemory) {
  HttpServerOptions options;
  options.max_body_bytes = 60'000;
  options.max_total_body_bytes = 100'000;
  Gate gate;
  const auto server = start_behind(gate, options);
  const std::string post = absl::StrCat(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n",
      std::string(60'000, 'x'));
  Client first(*server);
  first.say(post);
  gate.wait_for(1);
  EXPECT_TRUE(holds_bodies_of(*server, 60'000));

  Client second(*server);
  second.say(post);
  expect_too_many(second.hear_answer());
  EXPECT_TRUE(holds_bodies_of(*server, 60'000));
  // What there is room for, to the byte.
  Client third(*server);
  third.say(absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\n",
                         "Content-Length: 40000\r\n\r\n",
                         std::string(40'000, 'x')));
  gate.wait_for(2);
  // Who needs no more is served.
  Client fourth(*server);
  fourth.say(kGet);
  EXPECT_TRUE(comes([&] { return server->statistics().requests == 3; }));
  gate.open();
  EXPECT_EQ(status_of(first.hear_answer()), 200);
  EXPECT_EQ(status_of(third.hear_answer()), 200);
  EXPECT_EQ(status_of(fourth.hear_answer()), 200);
  second.say(post);
  EXPECT_EQ(status_of(second.hear_answer()), 200) << "the connection goes on";
}

TEST(HttpServer, BoundsAnswersThatNobodyReads) {
  HttpServerOptions options;
  options.max_body_bytes = 1000;
  options.max_total_body_bytes = 10'000'000;
  const auto server = start(
      [](const HttpRequest& request) {
        HttpResponse response;
        if (request.target == "/large") response.body.assign(20'000'000, 'x');
        return response;
      },
      options);
  {
    Client reluctant(*server, /*receive_buffer=*/4096);
    reluctant.say("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    reluctant.hear("\r\n\r\n");
    expect_too_many(ask(*server, kGet));
  }
  EXPECT_TRUE(holds_bodies_of(*server, 0));
  // What was read late is given back while the connection goes on.
  Client late(*server, /*receive_buffer=*/4096);
  for (int i = 0; i < 2; ++i) {
    late.say("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(comes([&] { return server->statistics().body_bytes > 0; }));
    EXPECT_EQ(body_of(late.hear_answer()).size(), 20'000'000u);
    EXPECT_TRUE(holds_bodies_of(*server, 0));
  }
  EXPECT_EQ(status_of(ask(*server, kGet)), 200);
}

TEST(HttpServer, BoundsRequestsInProgress) {
  HttpServerOptions options;
  options.max_requests_in_progress = 2;
  Gate gate;
  const auto server = start_behind(gate, options);
  Client first(*server), second(*server), third(*server);
  first.say(kGet);
  second.say(kGet);
  gate.wait_for(2);
  EXPECT_EQ(server->statistics().requests_in_progress, 2);
  std::set<int> waits;
  for (int i = 0; i < 60; ++i) {
    third.say(kGet);
    const std::string answer = third.hear_answer();
    expect_too_many(answer);
    waits.insert(retry_after_of(answer));
  }
  EXPECT_GE(waits.size(), 4u) << "they would come back together";
  gate.open();
  EXPECT_EQ(status_of(first.hear_answer()), 200);
  EXPECT_EQ(status_of(second.hear_answer()), 200);
  third.say(kGet);
  EXPECT_EQ(status_of(third.hear_answer()), 200);
}

TEST(HttpServer, LetsItsRefusalsBeCompleted) {
  HttpServerOptions options;
  options.max_requests_in_progress = 1;
  options.max_body_bytes = 10;
  options.complete_refusal = [](const HttpRequest& request,
                                HttpResponse& response) {
    response.headers.emplace_back(
        "x-refused", absl::StrCat(request.target, request.headers.size(),
                                  request.body, response.status));
  };
  Gate gate;
  const auto server = start_behind(gate, options);
  Client first(*server);
  first.say("GET /first HTTP/1.1\r\nHost: h\r\n\r\n");
  gate.wait_for(1);
  const auto refused = [&](const std::string& request, const char* as) {
    const std::string answer = ask(*server, request);
    EXPECT_TRUE(
        absl::StrContains(answer, absl::StrCat("x-refused: ", as, "\r")))
        << answer;
  };
  refused("GET /a HTTP/1.1\r\nHost: h\r\nOrigin: o\r\n\r\n", "/a2503");
  refused(
      "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world",
      "/b2413");
  refused("GET /c HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n", "0400");
  // None is shown what was there of its body.
  const std::string chunks =
      " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n";
  refused("POST /d" + chunks + "6\r\n world\r\n0\r\n\r\n", "/d2413");
  refused("POST /e" + chunks + "x\r\n\r\n\r\n", "/e2400");
  refused("POST /f" + chunks + "0\r\n\r\n", "/f2503");
  gate.open();
  EXPECT_FALSE(absl::StrContains(first.hear_answer(), "x-refused"));
}

TEST(HttpServer, LetsIdleConnectionsGiveWay) {
  HttpServerOptions options;
  options.max_connections = 8;
  const auto server = start(echo, options);
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<Client>(*server));
    if (i % 10 == 9) {
      EXPECT_EQ(status_of(ask(*server, kGet)), 200);
    }
  }
  EXPECT_TRUE(idle.front()->is_closed());
  EXPECT_LE(server->statistics().connections, 8);
  EXPECT_GE(server->statistics().connections_displaced, 92);
}

TEST(HttpServer, AnswersWhereThereIsNoRoom) {
  HttpServerOptions options;
  options.max_connections = 1;
  Gate gate;
  const auto server = start_behind(gate, options);
  Client busy(*server);
  busy.say(kGet);
  gate.wait_for(1);
  std::set<int> waits;
  std::set<std::string> ids;
  for (int i = 0; i < 60; ++i) {
    Client refused(*server);
    refused.say(kGet);
    const std::string answer = refused.hear();
    expect_too_many(answer);
    waits.insert(retry_after_of(answer));
    ids.insert(answer.substr(answer.find("x-amzn-requestid: "), 54));
  }
  EXPECT_GE(waits.size(), 4u) << "they would come back together";
  EXPECT_EQ(ids.size(), 60u);
  EXPECT_EQ(server->statistics().connections_refused, 60);
  gate.open();
  EXPECT_EQ(status_of(busy.hear_answer()), 200);
}

int64_t refused(const HttpServer& server, HttpRefusal reason) {
  return server.statistics().refused[static_cast<size_t>(reason)];
}

// -- Classes of requests --

// By their targets: /gateway and /health are answered from the head, as is
// /stranger, which is management's; the rest by workers.
HttpTreatment treat_by_target(const HttpRequest& head) {
  const auto is = [&head](const char* prefix) {
    return absl::StartsWith(head.target, prefix);
  };
  if (is("/gateway")) return {HttpRequestClass::kGateway, true};
  if (is("/health")) return {HttpRequestClass::kHealth, true};
  return {HttpRequestClass::kManagement, is("/stranger")};
}

HttpServerOptions with_classes() {
  HttpServerOptions options;
  options.treat = treat_by_target;
  return options;
}

std::string request_for(std::string_view target) {
  return absl::StrCat("GET ", std::string(target),
                      " HTTP/1.1\r\nHost: h\r\n\r\n");
}

// Whether the gateway and health answer, each in less than a second.
bool serves_at_once(const HttpServer& server) {
  for (const char* target : {"/gateway", "/health"}) {
    const absl::Time begin = absl::Now();
    const int status = status_of(ask(server, request_for(target)));
    if (status != 200 || absl::Now() - begin > absl::Seconds(1)) return false;
  }
  return true;
}

TEST(HttpServer, AnswersFromTheHead) {
  const auto server = start(echo, with_classes());
  Client client(*server);
  // Not a byte of the body is there.
  client.say("POST /gateway HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(body_of(client.hear_answer()),
            "POST /gateway \nhost=h\ncontent-length=3");
  client.say("abc" + request_for("/gateway/2"));
  EXPECT_EQ(body_of(client.hear_answer()), "GET /gateway/2 \nhost=h");
  client.say(
      "POST /gateway HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\n\r\n" +
      request_for("/gateway/3"));
  client.hear_answer();
  EXPECT_EQ(body_of(client.hear_answer()), "GET /gateway/3 \nhost=h");
  EXPECT_EQ(server->statistics().body_bytes, 0);
}

// Who sends many requests at once does not hold up who sends one.
TEST(HttpServer, PipelinedRequestsTakeTurnsWithOthers) {
  constexpr size_t kRequests = 300;
  Gate gate;
  std::mutex mutex;
  std::vector<std::string> order;
  const auto server = start(
      [&](const HttpRequest& request) {
        if (request.target == "/gateway/first") gate.pass();
        const std::lock_guard<std::mutex> lock(mutex);
        order.push_back(request.target);
        return HttpResponse();
      },
      with_classes());
  Client many(*server), one(*server);
  one.say(request_for("/gateway/known"));
  one.hear_answer();
  std::string requests = request_for("/gateway/first");
  for (size_t i = 1; i < kRequests; ++i) requests += request_for("/gateway/n");
  many.say(requests);
  gate.wait_for(1);
  one.say(request_for("/gateway/one"));
  gate.open();
  EXPECT_EQ(status_of(one.hear_answer()), 200);
  for (size_t i = 0; i < kRequests; ++i) {
    EXPECT_EQ(status_of(many.hear_answer()), 200);
  }
  const std::lock_guard<std::mutex> lock(mutex);
  ASSERT_EQ(order.size(), kRequests + 2);
  EXPECT_LT(std::find(order.begin(), order.end(), "/gateway/one"),
            order.begin() + 10);
}

// With more clients than connections, each is answered.
TEST(HttpServer, NewcomersAreHeardBeforeTheyGiveWay) {
  HttpServerOptions options = with_classes();
  options.max_connections = 8;
  const auto server = start(echo, options);
  std::vector<std::unique_ptr<Client>> kept;
  for (int i = 0; i < 8; ++i) {
    kept.push_back(std::make_unique<Client>(*server));
    kept.back()->say(request_for("/gateway"));
    kept.back()->hear_answer();
  }
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<Client>> newcomers;
    for (int i = 0; i < 4; ++i) {
      newcomers.push_back(std::make_unique<Client>(*server));
    }
    for (const auto& newcomer : newcomers) {
      newcomer->say(request_for("/gateway"));
    }
    for (const auto& newcomer : newcomers) {
      ASSERT_EQ(status_of(newcomer->hear_answer()), 200) << round;
    }
  }
}

TEST(HttpServer, AsksForNoBodyThatItDoesNotRead) {
  const auto server = start(echo, with_classes());
  for (const char* head :
       {"Content-Length: 5\r\nExpect: 100-continue\r\n",
        "Content-Length: 70000\r\n", "Content-Length: 9999999999\r\n"}) {
    Client client(*server);
    client.say(
        absl::StrCat("POST /stranger HTTP/1.1\r\nHost: h\r\n", head, "\r\n"));
    const std::string answer = client.hear_answer();
    EXPECT_EQ(status_of(answer), 200) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n")) << answer;
    // What its peer still sends does not take the answer away.
    client.say(std::string(1'000'000, 'x'));
    client.say_no_more();
    EXPECT_TRUE(client.is_closed());
  }
  Client chunks(*server);
  chunks.say(
      "POST /stranger HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
      "\r\n");
  EXPECT_EQ(status_of(chunks.hear_answer()), 200);
  chunks.say("30000\r\n" + std::string(0x30000, 'x') + "\r\n");
  EXPECT_EQ(chunks.hear(), "");
  EXPECT_TRUE(chunks.is_closed(absl::Milliseconds(1))) << "it is over";
}

// Up to 64 KiB of each body; then the connection ends.
TEST(HttpServer, DiscardsShortBodies) {
  const auto server = start(echo, with_classes());
  const std::string post = "POST /stranger HTTP/1.1\r\nHost: h\r\n";
  const std::string most(65536, 'x');
  Client counted(*server), chunked(*server);
  for (int i = 0; i < 2; ++i) {
    counted.say(post + "Content-Length: 65536\r\n\r\n" + most);
    EXPECT_FALSE(absl::StrContains(counted.hear_answer(), "Connection:"));
    chunked.say(post + "Transfer-Encoding: chunked\r\n\r\n8000\r\n" +
                most.substr(0, 0x8000) + "\r\n8000\r\n" +
                most.substr(0, 0x8000) + "\r\n0\r\n\r\n");
    EXPECT_FALSE(absl::StrContains(chunked.hear_answer(), "Connection:"));
  }
  counted.say(post + "Content-Length: 65537\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(counted.hear(), "Connection: close\r\n"));
  chunked.say(post + "Transfer-Encoding: chunked\r\n\r\n10001\r\n" + most +
              "x\r\n0\r\n\r\n" + kGet);
  const std::string last = chunked.hear();
  EXPECT_EQ(status_of(last), 200);
  EXPECT_EQ(last.find("HTTP/1.1", 1), last.npos) << "it ends behind the answer";
}

// A peer that was answered for the last time may finish, but not go on for
// ever.
TEST(HttpServer, ListensToOnesThatWereAnsweredOnlySoLong) {
  const auto server = start(echo, with_classes());
  Client endless(*server);
  endless.say(
      "POST /stranger HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999\r\n"
      "\r\n");
  EXPECT_EQ(status_of(endless.hear_answer()), 200);
  const std::string piece(1 << 20, 'x');
  int pieces = 0;
  while (pieces < 200 && endless.say(piece)) ++pieces;
  EXPECT_GE(pieces, 31);
  EXPECT_LT(pieces, 64) << "32, and what the kernel holds";

  // Of many, the first make room for the last.
  const std::string closing =
      "GET /stranger HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  std::vector<std::unique_ptr<Client>> answered;
  for (int i = 0; i < 70; ++i) {
    answered.push_back(std::make_unique<Client>(*server));
    answered.back()->say(closing);
    EXPECT_EQ(status_of(answered.back()->hear()), 200);
  }
  EXPECT_TRUE(comes([&] { return !answered.front()->say("x"); }));
  EXPECT_TRUE(answered.back()->say("x"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(answered.back()->say("x"));
  EXPECT_EQ(server->statistics().connections, 0);
}

TEST(HttpServer, AnswersAPeerThatSendsAllBeforeItReads) {
  HttpServerOptions options;
  options.max_body_bytes = 1000;
  const auto server = start(echo, options);
  Client client(*server);
  EXPECT_TRUE(client.say(absl::StrCat(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n",
      std::string(20'000'000, 'x'))));
  EXPECT_EQ(status_of(client.hear_answer()), 413);
  EXPECT_TRUE(client.is_closed());
}

TEST(HttpServer, WorkersHoldUpNobodyElse) {
  HttpServerOptions options = with_classes();
  options.worker_threads = 2;
  options.max_requests_in_progress = 3;
  Gate gate;
  const auto server = start(
      [&gate](const HttpRequest& request) {
        if (request.target == "/") gate.pass();
        return HttpResponse();
      },
      options);
  std::vector<std::unique_ptr<Client>> busy;
  for (int i = 0; i < 3; ++i) {
    busy.push_back(std::make_unique<Client>(*server));
    busy.back()->say(kGet);
  }
  gate.wait_for(2);
  EXPECT_TRUE(
      comes([&] { return server->statistics().requests_in_progress == 3; }));
  EXPECT_TRUE(serves_at_once(*server));
  EXPECT_EQ(status_of(ask(*server, request_for("/stranger"))), 200);
  expect_too_many(ask(*server, kGet));
  EXPECT_EQ(refused(*server, HttpRefusal::kRequests), 1);
  gate.open();
  for (const auto& client : busy) {
    EXPECT_EQ(status_of(client->hear_answer()), 200);
  }
}

// By their targets: the class, and whether the head is enough.
HttpTreatment treat_in_all_ways(const HttpRequest& head) {
  const auto has = [&head](const char* part) {
    return absl::StrContains(head.target, part);
  };
  return {has("gateway")  ? HttpRequestClass::kGateway
          : has("health") ? HttpRequestClass::kHealth
                          : HttpRequestClass::kManagement,
          !has("whole")};
}

constexpr const char* kClasses[] = {"gateway", "management", "health"};

TEST(HttpServer, SlowReadersOfOneClassHoldUpNoOther) {
  for (const char* slow : kClasses) {
    for (const char* way : {"/whole/", "/head/"}) {
      HttpServerOptions options;
      options.treat = treat_in_all_ways;
      options.max_body_bytes = 1000;
      options.max_total_body_bytes = 50'000'000;
      const auto server = start(
          [](const HttpRequest& request) {
            HttpResponse response;
            if (absl::EndsWith(request.target, "/large")) {
              response.body.assign(20'000'000, 'x');
            }
            return response;
          },
          options);
      std::vector<std::unique_ptr<Client>> readers;
      for (int i = 0; i < 8; ++i) {
        readers.push_back(std::make_unique<Client>(*server, 4096));
        readers.back()->say(request_for(absl::StrCat(way, slow, "/large")));
        readers.back()->hear("\r\n\r\n");
      }
      EXPECT_GT(server->statistics().body_bytes, 50'000'000);
      EXPECT_GE(refused(*server, HttpRefusal::kMemory), 1);
      for (const char* other : kClasses) {
        const std::string answer =
            ask(*server, request_for(absl::StrCat(way, other)));
        if (other == slow) {
          expect_too_many(answer);
        } else {
          EXPECT_EQ(status_of(answer), 200) << slow << " stops " << other;
        }
      }
      readers.clear();
      EXPECT_TRUE(holds_bodies_of(*server, 0));
      EXPECT_EQ(status_of(ask(*server, request_for(absl::StrCat(way, slow)))),
                200);
    }
  }
}

// From when it comes until the answer is there, not longer; then the answer,
// until it is sent.
TEST(HttpServer, ChargesBodiesWhileTheyAreThere) {
  constexpr size_t kBody = 50'000;
  constexpr size_t kAnswer = 20'000'000;
  for (const char* name : kClasses) {
    HttpServerOptions options;
    options.treat = treat_in_all_ways;
    options.max_body_bytes = kBody;
    options.max_total_body_bytes = 2 * kBody - 1;
    options.max_requests_in_progress = 1;
    Gate gate;
    const auto server = start(
        [&gate](const HttpRequest& request) {
          if (request.body.size() == kBody) gate.pass();
          HttpResponse response;
          if (absl::EndsWith(request.target, "/large")) {
            response.body.assign(kAnswer, 'x');
          }
          return response;
        },
        options);
    const auto post = [&](const char* rest, size_t size) {
      return absl::StrCat("POST /whole/", name, rest,
                          " HTTP/1.1\r\nHost: h\r\nContent-Length: ", size,
                          "\r\n\r\n");
    };
    Client client(*server, /*receive_buffer=*/4096);
    client.say(post("/large", kBody) + std::string(kBody / 2, 'x'));
    EXPECT_TRUE(holds_bodies_of(*server, kBody / 2)) << name;
    client.say(std::string(kBody / 2, 'x'));
    gate.wait_for(1);
    EXPECT_TRUE(holds_bodies_of(*server, kBody)) << name;
    {
      // Refused for the room that there is not, and not charged for it.
      Client second(*server);
      second.say(post("", kBody) + std::string(kBody, 'x'));
      expect_too_many(second.hear_answer());
      // What needs no room finds no worker.
      second.say(post("", 3) + "abc");
      expect_too_many(second.hear_answer());
      EXPECT_TRUE(holds_bodies_of(*server, kBody)) << name;
      // Nor is what was never whole.
      second.say(post("", kBody) + "some");
      EXPECT_TRUE(holds_bodies_of(*server, kBody + 4)) << name;
    }
    EXPECT_TRUE(holds_bodies_of(*server, kBody)) << name;
    EXPECT_EQ(refused(*server, HttpRefusal::kMemory), 1);
    EXPECT_EQ(refused(*server, HttpRefusal::kRequests), 1);
    gate.open();
    client.hear("\r\n\r\n");
    EXPECT_TRUE(comes([&] {
      const int64_t held = server->statistics().body_bytes;
      return held > 1'000'000 && held <= static_cast<int64_t>(kAnswer);
    })) << name
        << server->statistics().body_bytes;
    expect_too_many(ask(*server, post("", 0)));
    client.say_no_more();
    size_t heard = client.hear().size();
    EXPECT_GT(heard, kAnswer - 1'000'000);
    EXPECT_TRUE(holds_bodies_of(*server, 0)) << name;
    EXPECT_EQ(status_of(ask(*server, post("", 0))), 200);
  }
}

TEST(HttpServer, StrangersBodiesTakeNothing) {
  HttpServerOptions options = with_classes();
  options.worker_threads = 1;
  options.max_requests_in_progress = 1;
  options.max_body_bytes = 1000;
  options.max_total_body_bytes = 1000;
  const auto server = start(
      [](const HttpRequest& request) {
        return HttpResponse{request.target == "/stranger" ? 403 : 200, {}, ""};
      },
      options);
  std::vector<std::unique_ptr<Client>> strangers;
  for (int i = 0; i < 60; ++i) {
    strangers.push_back(std::make_unique<Client>(*server));
    strangers.back()->say(absl::StrCat(
        "POST /stranger HTTP/1.1\r\nHost: h\r\n",
        i % 2 == 0 ? "Content-Length: 60000" : "Transfer-Encoding: chunked",
        "\r\n\r\n", i % 2 == 0 ? "" : "EA60\r\n", std::string(20'000, 'x')));
  }
  for (const auto& stranger : strangers) {
    EXPECT_EQ(status_of(stranger->hear_answer()), 403);
  }
  EXPECT_EQ(server->statistics().body_bytes, 0);
  EXPECT_EQ(status_of(ask(*server, kGet)), 200);
  EXPECT_TRUE(serves_at_once(*server));
  // The rest of it comes, and another request.
  strangers[0]->say(std::string(40'000, 'x') + kGet);
  EXPECT_EQ(status_of(strangers[0]->hear_answer()), 200);
  strangers[1]->say(std::string(40'000, 'x') + "\r\n0\r\n\r\n" + kGet);
  EXPECT_EQ(status_of(strangers[1]->hear_answer()), 200);
}

TEST(HttpServer, PeersThatTrickleHoldUpNobodyElse) {
  HttpServerOptions options = with_classes();
  options.max_connections = 32;
  const auto server = start(echo, options);
  std::vector<std::unique_ptr<Client>> peers;
  for (int i = 0; i < 32; ++i) {
    peers.push_back(std::make_unique<Client>(*server));
    peers.back()->say(
        i % 2 == 0 ? "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"
                   : "GET /");
  }
  EXPECT_TRUE(comes([&] { return server->statistics().connections == 32; }));
  // Health at once; the gateway as soon as others can be said to be slow.
  EXPECT_EQ(status_of(ask(*server, request_for("/health"))), 200);
  EXPECT_TRUE(comes([&] { return serves_at_once(*server); }));
}

TEST(HttpServer, AFullTableServesHealth) {
  HttpServerOptions options = with_classes();
  options.max_connections = 2;
  Gate gate;
  const auto server = start(
      [&gate](const HttpRequest& request) {
        if (request.target == "/") gate.pass();
        return HttpResponse();
      },
      options);
  Client first(*server), second(*server);
  first.say(kGet);
  second.say(kGet);
  gate.wait_for(2);
  // More than there are spare ones, none of which says anything.
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(std::make_unique<Client>(*server));
  }
  for (int i = 0; i < 3; ++i) {
    const std::string health = ask(*server, request_for("/health"));
    EXPECT_EQ(status_of(health), 200) << health;
    EXPECT_TRUE(absl::StrContains(health, "Connection: close")) << health;
    expect_too_many(ask(*server, request_for("/gateway")));
  }
  expect_too_many(silent.back()->hear());
  EXPECT_EQ(server->statistics().connections, 2);
  gate.open();
  EXPECT_EQ(status_of(first.hear_answer()), 200);
  EXPECT_EQ(status_of(second.hear_answer()), 200);
}

// -- Slow peers --

TEST(HttpServer, TellsSlowPeers) {
  HttpServerOptions options;
  options.request_timeout = absl::Milliseconds(200);
  options.complete_refusal = [](const HttpRequest& request,
                                HttpResponse& response) {
    response.headers.emplace_back("x-refused", request.target + request.body);
  };
  const auto server = start(echo, options);
  for (const char* text :
       {"GET /head", "\r",
        "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"}) {
    Client client(*server);
    client.say(text);
    const std::string answer = client.hear();
    EXPECT_EQ(status_of(answer), 408) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "Connection: close\r\n")) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "x-amzn-requestid: ")) << answer;
    EXPECT_EQ(absl::StrContains(answer, "x-refused: /body\r\n"),
              absl::StrContains(text, "/body"))
        << answer;
  }
  EXPECT_EQ(refused(*server, HttpRefusal::kTimeout), 3);
}

TEST(HttpServer, EndsSlowPeers) {
  HttpServerOptions options;
  options.idle_timeout = absl::Milliseconds(300);
  options.request_timeout = absl::Milliseconds(300);
  const auto server = start(sends(20'000'000), options);
  // Never silent for as long as a timeout.
  const auto trickle = [&server](const std::string& text) {
    Client client(*server);
    client.say(text);
    for (int i = 0; i < 100; ++i) {
      client.say("x");
      if (client.is_closed(absl::Milliseconds(30))) return true;
    }
    return false;
  };
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  std::vector<std::thread> peers;
  for (const std::string& text :
       {"GET /"s, post + "X: ", post + "Content-Length: 1000000\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n1000000\r\n"}) {
    peers.emplace_back(
        [&trickle, text] { EXPECT_TRUE(trickle(text)) << text; });
  }
  Client silent(*server), reluctant(*server, /*receive_buffer=*/4096);
  reluctant.say(kGet);
  EXPECT_TRUE(silent.is_closed(kLong));
  for (std::thread& peer : peers) peer.join();
  EXPECT_TRUE(comes([&] { return server->statistics().connections == 0; }));
  EXPECT_EQ(server->statistics().connections_timed_out, 6);
  // It is not taken for the whole answer.
  EXPECT_TRUE(reluctant.is_closed());
  EXPECT_TRUE(reluctant.is_reset());
  EXPECT_FALSE(silent.is_reset());
}

TEST(HttpServer, DoesNotCountItsOwnTime) {
  HttpServerOptions options;
  options.idle_timeout = absl::Milliseconds(50);
  options.request_timeout = absl::Milliseconds(50);
  const auto server = start(
      [](const HttpRequest& request) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        return echo(request);
      },
      options);
  EXPECT_EQ(status_of(ask(*server, kGet)), 200);
}

TEST(HttpServer, OutlivesPeersThatDoNotWait) {
  const auto server = start(sends(1'000'000));
  for (int i = 0; i < 20; ++i) {
    Client client(*server);
    client.say(kGet);
    if (i % 2 == 0) client.hear("\r\n\r\n");
  }
  EXPECT_EQ(status_of(ask(*server, kGet)), 200);
}

// -- Start and stop --

TEST(HttpServer, LetsRequestsComeToTheirEnds) {
  HttpServerOptions options;
  options.drain_timeout = kLong;
  Gate gate;
  const auto server = start_behind(gate, options);
  Client idle(*server), busy(*server), half(*server);
  busy.say("GET /busy HTTP/1.1\r\nHost: h\r\n\r\n");
  half.say(
      "POST /half HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  half.hear("100 Continue\r\n\r\n");
  half.say("a");
  gate.wait_for(1);
  std::thread stop([&server] { server->stop(); });
  EXPECT_TRUE(idle.is_closed());
  EXPECT_FALSE(Client(*server).is_connected());
  half.say("b");
  gate.wait_for(2);
  gate.open();
  for (Client* client : {&busy, &half}) {
    const std::string answer = client->hear();
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_TRUE(absl::StrContains(answer, "onnection: close\r\n")) << answer;
  }
  server->stop();
  stop.join();
}

TEST(HttpServer, DrainsForATime) {
  HttpServerOptions options;
  options.drain_timeout = absl::Milliseconds(100);
  const auto server = start(echo, options);
  Client half(*server);
  half.say(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  half.hear("100 Continue\r\n\r\n");
  const absl::Time begin = absl::Now();
  server->stop();
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(100));
  EXPECT_LE(absl::Now() - begin, kLong);
  EXPECT_TRUE(half.is_closed());
  EXPECT_EQ(server->statistics().requests, 0);
}

// The drain timeout is for peers.
TEST(HttpServer, WaitsForItsHandlers) {
  HttpServerOptions options;
  options.drain_timeout = absl::Milliseconds(50);
  Gate gate;
  const auto server = start_behind(gate, options);
  Client busy(*server), slow(*server);
  busy.say(kGet);
  slow.say("GET /");
  gate.wait_for(1);
  std::thread stop([&server] { server->stop(); });
  EXPECT_TRUE(slow.is_closed());
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  gate.open();
  EXPECT_EQ(status_of(busy.hear()), 200);
  stop.join();
}

// Answers that are being read when it stops have the drain timeout.
TEST(HttpServer, LetsAnswersBeRead) {
  HttpServerOptions options;
  options.drain_timeout = kLong;
  const auto server = start(sends(5'000'000), options);
  Client reader(*server, /*receive_buffer=*/4096);
  reader.say(kGet);
  std::string answer = reader.hear("\r\n\r\n");
  std::thread stop([&server] { server->stop(); });
  EXPECT_TRUE(comes([&] { return !Client(*server).is_connected(); }));
  answer += reader.hear();
  EXPECT_EQ(body_of(answer).size(), 5'000'000u);
  stop.join();
  EXPECT_EQ(server->statistics().body_bytes, 0);
}

TEST(HttpServer, AnswersWhatWasSentBeforeItStopped) {
  for (int i = 0; i < 3; ++i) {
    const auto server = start(echo);
    Client known(*server), fresh(*server);
    known.say(kGet);
    known.hear_answer();
    known.say(kGet);
    fresh.say(kGet);
    server->stop();
    EXPECT_EQ(status_of(known.hear_answer()), 200);
    EXPECT_EQ(status_of(fresh.hear_answer()), 200);
  }
}

TEST(HttpServer, WaitsForDescriptors) {
  const auto server = start(echo);
  Client first(*server);  // Has its descriptor here, and is not refused one.
  first.say(kGet);
  first.hear_answer();
  std::thread([&server] {
    rlimit before = {};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    Client second(*server);
    const int next = dup(0);
    close(next);
    std::vector<int> fillers;
    rlimit full = before;
    full.rlim_cur = next;
    // The peer of `second` may have been accepted before, or is not.
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &full), 0);
    const clock_t begin = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_LT(std::clock() - begin, CLOCKS_PER_SEC / 10) << "it spins";
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    second.say(kGet);
    EXPECT_EQ(status_of(second.hear_answer()), 200);
  }).join();
}

// Descriptors of this process, from which `accepts` chooses.
std::set<int> descriptors(const std::function<bool(int)>& accepts) {
  std::set<int> result;
  for (int number = 0; number < 1024; ++number) {
    if (fcntl(number, F_GETFD) != -1 && accepts(number)) result.insert(number);
  }
  return result;
}

// A child that one of the process's threads starts would keep the port and the
// connections.
TEST(HttpServer, LeavesNoDescriptorToOtherPrograms) {
  const auto is_inherited = [](int number) {
    return (fcntl(number, F_GETFD) & FD_CLOEXEC) == 0;
  };
  const std::set<int> before = descriptors(is_inherited);
  HttpServerOptions at_a_file;
  at_a_file.address = absl::StrCat("unix:/tmp/weir-server-test.", getpid());
  const auto server = start(echo), local = start(echo, at_a_file);
  Client client(*server), local_client(at_a_file.address.substr(5));
  for (Client* one : {&client, &local_client}) {
    one->say(kGet);
    EXPECT_EQ(status_of(one->hear_answer()), 200);
  }
  EXPECT_EQ(descriptors(is_inherited), before);
}

// The last, short part of an answer does not wait for the peer to have
// acknowledged the others.
TEST(HttpServer, SendsShortPartsAtOnce) {
  const auto server = start(echo);
  Client client(*server);
  client.say(kGet);
  client.hear_answer();
  const std::set<int> sockets = descriptors([&client](int number) {
    sockaddr_in peer = {};
    socklen_t size = sizeof(peer);
    return getpeername(number, reinterpret_cast<sockaddr*>(&peer), &size) ==
               0 &&
           peer.sin_family == AF_INET && ntohs(peer.sin_port) == client.port();
  });
  ASSERT_EQ(sockets.size(), 1u);
  int at_once = 0;
  socklen_t size = sizeof(at_once);
  ASSERT_EQ(
      getsockopt(*sockets.begin(), IPPROTO_TCP, TCP_NODELAY, &at_once, &size),
      0);
  EXPECT_EQ(at_once, 1);
}

// -- A socket's file --

TEST(HttpServer, ListensAtAFile) {
  // Paths of sockets have to be short.
  std::string folder = "/tmp/weirXXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/socket";
  HttpServerOptions options;
  options.address = "unix:" + path;
  options.unix_mode = 0620;
  const auto handler = [](const HttpRequest& request) {
    return HttpResponse{
        200,
        {},
        absl::StrCat(request.over_unix_socket, request.peer_address, "|")};
  };
  {
    const auto server = start(handler, options);
    struct stat file = {};
    ASSERT_EQ(stat(path.c_str(), &file), 0);
    EXPECT_TRUE(S_ISSOCK(file.st_mode));
    EXPECT_EQ(file.st_mode & 0777, 0620);
    EXPECT_EQ(server->port(), 0);
    Client client(path);
    client.say(kGet);
    EXPECT_EQ(body_of(client.hear_answer()), "1|");
    const absl::Status in_use = HttpServer::start(options, handler).status();
    EXPECT_TRUE(absl::IsUnavailable(in_use)) << in_use;
    EXPECT_TRUE(absl::StrContains(in_use.message(), options.address));
    client.say(kGet);
    EXPECT_EQ(body_of(client.hear_answer()), "1|") << "it is still there";
  }
  struct stat file = {};
  EXPECT_NE(stat(path.c_str(), &file), 0) << "removed";

  // What a process left that was killed.
  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(left, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
  close(left);
  {
    const auto server = start(handler, options);
    Client client(path);
    client.say(kGet);
    EXPECT_EQ(body_of(client.hear_answer()), "1|");
    // Another's file is not removed at the end.
    ASSERT_EQ(rename(path.c_str(), (path + ".old").c_str()), 0);
    std::ofstream(path) << "another's";
  }
  EXPECT_EQ(read_file(path), "another's");
  EXPECT_TRUE(
      absl::IsUnavailable(HttpServer::start(options, handler).status()));
  EXPECT_EQ(read_file(path), "another's");
  unlink(path.c_str());
  unlink((path + ".old").c_str());
  rmdir(folder.c_str());
  options.address = "unix:" + std::string(200, 'x');
  EXPECT_TRUE(
      absl::IsInvalidArgument(HttpServer::start(options, handler).status()));
}

TEST(HttpServer, SaysWhyItCannotStart) {
  const auto server = start(echo);
  const auto error = [](HttpServerOptions options) {
    return HttpServer::start(options, echo).status();
  };
  HttpServerOptions options;
  options.port = server->port();
  EXPECT_TRUE(absl::IsUnavailable(error(options)));
  EXPECT_TRUE(absl::StrContains(error(options).message(),
                                absl::StrCat("127.0.0.1:", server->port())));
  options.port = 65536;
  EXPECT_TRUE(absl::IsInvalidArgument(error(options)));
  options.port = 0;
  for (const char* address : {"", "localhost", "1.2.3", "[::1]", "192.0.2.1"}) {
    options.address = address;
    EXPECT_TRUE(absl::IsInvalidArgument(error(options))) << address;
    EXPECT_TRUE(absl::StrContains(error(options).message(), address));
  }
  for (const std::string& address :
       {"unix:"s, "unix:/tmp/a\0b"s, "unix:/tmp/" + std::string(103, 'x')}) {
    options.address = address;
    EXPECT_TRUE(absl::IsInvalidArgument(error(options))) << address;
    EXPECT_TRUE(absl::StrContains(error(options).message(),
                                  ": the path must have 1 to 107 bytes"))
        << error(options);
  }
  options = {};
  options.tls_key = "key";
  EXPECT_TRUE(absl::IsInvalidArgument(error(options)));
  options.tls_certificate = "certificate";
  EXPECT_TRUE(absl::IsInvalidArgument(error(options)));
  EXPECT_TRUE(absl::StrContains(error(options).message(), "certificate"));
  options = {};
  options.max_connections = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(error(options)));
  options.max_connections = 100'000'000;
  EXPECT_TRUE(absl::IsInvalidArgument(error(options)));
  options = {};
  options.max_total_body_bytes = options.max_body_bytes - 1;
  EXPECT_TRUE(absl::IsInvalidArgument(error(options)));
  options.max_body_bytes = 0;
  options.max_total_body_bytes = 0;
  EXPECT_TRUE(start(echo, options));
}

// What an operator who sets nothing gets, as docs/serve.md has it.
TEST(HttpServer, HasBoundsByItself) {
  const HttpServerOptions options;
  EXPECT_EQ(options.max_connections, 512);
  EXPECT_EQ(options.worker_threads, 8);
  EXPECT_EQ(options.max_requests_in_progress, 64);
  EXPECT_EQ(options.max_total_body_bytes, 67'108'864u);
  EXPECT_EQ(options.idle_timeout, absl::Seconds(75));
  EXPECT_EQ(options.request_timeout, absl::Seconds(30));
  EXPECT_EQ(options.drain_timeout, absl::Seconds(10));
  EXPECT_EQ(kSpareHttpConnections, 64u);
  const auto server = start(echo);
  for (const auto& [length, said] :
       {std::pair<int, const char*>{10'485'760, "HTTP/1.1 100 "},
        {10'485'761, "HTTP/1.1 413 "}}) {
    Client client(*server);
    client.say(
        absl::StrCat("PUT / HTTP/1.1\r\nHost: h\r\nExpect: "
                     "100-continue\r\nContent-Length: ",
                     length, "\r\n\r\n"));
    EXPECT_TRUE(absl::StartsWith(client.hear("\r\n\r\n"), said)) << length;
  }
  const auto head_of = [](size_t bytes) {
    const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(status_of(ask(*server, head_of(16'000))), 200);
  EXPECT_EQ(status_of(ask(*server, head_of(16'500))), 431);
}

TEST(HttpServer, BoundsItsOptions) {
  const auto is_taken = [](const HttpServerOptions& options) {
    const absl::Status status = check_http_server_options(options);
    EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
    return status.ok();
  };
  for (int HttpServerOptions::*const count :
       {&HttpServerOptions::max_connections, &HttpServerOptions::worker_threads,
        &HttpServerOptions::max_requests_in_progress}) {
    HttpServerOptions options;
    options.*count = 1;
    EXPECT_TRUE(is_taken(options));
    options.*count = 0;
    EXPECT_FALSE(is_taken(options));
  }
  for (const auto& [bytes, taken] : {std::pair<size_t, bool>{0, false},
                                     {1, true},
                                     {1 << 20, true},
                                     {(1 << 20) + 1, false}}) {
    HttpServerOptions options;
    options.max_header_bytes = bytes;
    EXPECT_EQ(is_taken(options), taken) << bytes;
  }
  for (absl::Duration HttpServerOptions::*const timeout :
       {&HttpServerOptions::idle_timeout,
        &HttpServerOptions::request_timeout}) {
    HttpServerOptions options;
    options.*timeout = absl::Nanoseconds(1);
    EXPECT_TRUE(is_taken(options));
    options.*timeout = absl::ZeroDuration();
    EXPECT_FALSE(is_taken(options));
  }
  HttpServerOptions options;
  options.tls_certificate = "certificate";
  EXPECT_FALSE(is_taken(options));
  options.tls_key = "key";
  EXPECT_TRUE(is_taken(options));
}

// All that it may need, spare connections and what others need among them.
TEST(HttpServer, NeedsNoMoreDescriptorsThanThereAre) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const int files = static_cast<int>(limit.rlim_cur);
  const auto is_taken = [](int connections, int others) {
    HttpServerOptions options;
    options.max_connections = connections;
    options.other_descriptors = others;
    return check_http_server_options(options).ok();
  };
  const int spare = static_cast<int>(kSpareHttpConnections);
  int most = files - spare;
  while (most > 0 && !is_taken(most, 0)) --most;
  EXPECT_LE(most + spare, files - 3) << "the listener and the loop's own";
  EXPECT_GE(most + spare, files - 16);
  EXPECT_TRUE(is_taken(most, -5));
  EXPECT_FALSE(is_taken(most, 1));
  EXPECT_TRUE(is_taken(most - 10, 10));
  EXPECT_FALSE(is_taken(most - 10, 11));
}

TEST(HttpServer, StatisticsOfTwoAddUp) {
  const auto some = [](int64_t factor) {
    HttpServerStatistics result;
    int64_t value = 0;
    for (int64_t* const number :
         {&result.connections, &result.requests_in_progress, &result.body_bytes,
          &result.connections_accepted, &result.connections_timed_out,
          &result.connections_displaced, &result.connections_refused,
          &result.requests, &result.requests_refused}) {
      *number = ++value * factor;
    }
    for (int64_t& number : result.refused) number = ++value * factor;
    return result;
  };
  HttpServerStatistics sum = some(1);
  sum += some(100);
  EXPECT_EQ(sum.connections, 101);
  EXPECT_EQ(sum.requests_in_progress, 202);
  EXPECT_EQ(sum.body_bytes, 303);
  EXPECT_EQ(sum.connections_accepted, 404);
  EXPECT_EQ(sum.connections_timed_out, 505);
  EXPECT_EQ(sum.connections_displaced, 606);
  EXPECT_EQ(sum.connections_refused, 707);
  EXPECT_EQ(sum.requests, 808);
  EXPECT_EQ(sum.requests_refused, 909);
  EXPECT_EQ(sum.refused, some(101).refused);
}

TEST(HttpServer, ServesItsPortAgainAtOnce) {
  HttpServerOptions options;
  options.port = start(echo, options)->port();
  for (int i = 0; i < 3; ++i) {
    const auto server = start(echo, options);
    // The server closes first, so that its end of the connection lingers.
    Client client(*server);
    client.say("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(status_of(client.hear()), 200);
  }
}

// -- Other people's clients --

TEST(HttpServer, ServesCurl) {
  const auto server = start(echo);
  const std::string url = absl::StrCat("http://127.0.0.1:", server->port());
  EXPECT_TRUE(absl::StartsWith(
      output_of("curl -s --max-time 20 '" + url + "/a%2Fb?c=d'"),
      "GET /a%2Fb?c=d \nhost=127.0.0.1"));
  const std::string chunked = output_of(
      "printf body | curl -sv --max-time 20 -T - -H 'Expect: 100-continue' " +
      url + "/put");
  EXPECT_TRUE(absl::StrContains(chunked, "100 Continue")) << chunked;
  EXPECT_TRUE(absl::StrContains(chunked, "PUT /put body\n")) << chunked;
  EXPECT_TRUE(absl::StrContains(chunked, "chunked")) << chunked;
  EXPECT_TRUE(absl::StrContains(output_of("curl -sI --max-time 20 " + url),
                                "HTTP/1.1 200 OK"));
}

TEST(HttpServer, ServesIpv6) {
  HttpServerOptions options;
  options.address = "::1";
  auto server = HttpServer::start(options, echo);
  if (!server.ok()) GTEST_SKIP() << server.status();
  const std::string out = output_of(absl::StrCat(
      "curl -s --max-time 20 'http://[::1]:", (*server)->port(), "/six'"));
  EXPECT_TRUE(absl::StartsWith(out, "GET /six ")) << out;
  options.port = (*server)->port();
  const absl::Status in_use = HttpServer::start(options, echo).status();
  EXPECT_TRUE(absl::StrContains(in_use.message(), "[::1]:")) << in_use;
}

// A folder for PEM files, which is gone with it.
class PemFolder {
 public:
  PemFolder() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~PemFolder() { output_of("rm -r " + path_); }
  PemFolder(const PemFolder&) = delete;
  PemFolder& operator=(const PemFolder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string text(const std::string& name) const {
    return read_file(path(name));
  }

  // Makes NAME.pem and NAME.key in it.
  void make(const std::string& name, const std::string& arguments) const {
    const std::string said = output_of(
        "cd " + path_ +
        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes -days 2 -subj /CN=" +
        name + " -keyout " + name + ".key -out " + name + ".pem " + arguments);
    EXPECT_FALSE(text(name + ".pem").empty()) << said;
  }

 private:
  std::string path_ = testing::TempDir() + "/tlsXXXXXX";
};

constexpr char kForThisHost[] = "-addext subjectAltName=IP:127.0.0.1";

// 127.0.0.1's, signed by itself.
class OwnCertificate {
 public:
  OwnCertificate() { folder_.make("own", kForThisHost); }

  std::string path() const { return folder_.path("own.pem"); }
  std::string key_path() const { return folder_.path("own.key"); }
  std::string text() const { return folder_.text("own.pem"); }
  std::string key() const { return folder_.text("own.key"); }
  std::string encrypted_key() const {
    return output_of("openssl pkey -aes256 -passout pass:secret -in " +
                     key_path());
  }

  HttpServerOptions options() const {
    HttpServerOptions options;
    options.tls_certificate = text();
    options.tls_key = key();
    return options;
  }

 private:
  PemFolder folder_;
};

TEST(HttpServer, ServesTls) {
  const OwnCertificate own;
  std::atomic<int> over_tls{0};
  const auto server = start(
      [&over_tls](const HttpRequest& request) {
        over_tls += request.over_tls;
        return echo(request);
      },
      own.options());
  const std::string url = absl::StrCat("https://127.0.0.1:", server->port());
  const auto curl = [&](const std::string& arguments) {
    return output_of("curl -s --show-error --max-time 20 --cacert " +
                     own.path() + " " + arguments + " " + url + "/tls");
  };
  EXPECT_TRUE(absl::StartsWith(curl(""), "GET /tls \n")) << curl("");
  EXPECT_EQ(over_tls, 1);
  EXPECT_TRUE(absl::StartsWith(curl("--tls-max 1.2"), "GET /tls \n"));
  EXPECT_TRUE(absl::StrContains(curl("--tls-max 1.1 --ciphers ALL:@SECLEVEL=0"),
                                "curl: (35)"));
  EXPECT_TRUE(absl::StrContains(output_of("curl -sS --max-time 20 " + url),
                                "curl: (60)"))
      << "trusted by nobody else";
  const std::string large = curl("-d @" + own.key_path());
  EXPECT_TRUE(absl::StrContains(large, "PRIVATE KEY")) << large;

  Client plain(*server);
  plain.say(kGet);
  EXPECT_FALSE(absl::StrContains(plain.hear(), "200"));
  EXPECT_TRUE(absl::StartsWith(curl(""), "GET /tls \n"));

  const std::string connect = absl::StrCat(
      "timeout 20 openssl s_client -connect 127.0.0.1:", server->port(),
      " </dev/null ");
  EXPECT_TRUE(absl::StrContains(output_of(connect + "-alpn h2,http/1.1"),
                                "ALPN protocol: http/1.1"));
  EXPECT_TRUE(absl::StrContains(output_of(connect + "-alpn h2"),
                                "no application protocol"));
  EXPECT_EQ(refused(*server, HttpRefusal::kHandshake), 4)
      << "too old, not trusting, without TLS, another protocol";

  Client idle(*server);  // Has not begun its handshake.
  server->stop();
  EXPECT_TRUE(idle.is_closed());
}

TEST(HttpServer, ServesBodiesOverTls) {
  const OwnCertificate own;
  HttpServerOptions options = own.options();
  options.max_body_bytes = 3'000'000;
  const auto server = start(
      [](const HttpRequest& request) {
        return HttpResponse{200, {}, std::string(request.body)};
      },
      options);
  const std::string file = own.path() + ".large";
  std::ofstream(file) << std::string(3'000'000, 'x');
  const auto curl = [&](const std::string& arguments) {
    return output_of(absl::StrCat(
        "curl -sS --max-time 20 -o /dev/null --cacert ", own.path(), " ",
        arguments, " https://127.0.0.1:", server->port(), "/"));
  };
  const std::string format = "-w '%{http_code} %{size_download} ' ";
  EXPECT_EQ(curl(format + "-T " + file), "200 3000000 ");
  EXPECT_EQ(curl(format + "-H 'Transfer-Encoding: chunked' -T " + file),
            "200 3000000 ");
  EXPECT_EQ(curl(format + "--limit-rate 12M -H Expect: -T " + file),
            "200 3000000 ");
  // The answer is heard by a peer that sends all before it reads.
  std::ofstream(file) << std::string(9'000'000, 'x');
  EXPECT_EQ(curl(format + "-H Expect: -T " + file).substr(0, 4), "413 ");
  EXPECT_TRUE(holds_bodies_of(*server, 0));
  server->stop();
}

TEST(HttpServer, EndsHandshakesThatNeverEnd) {
  const OwnCertificate own;
  HttpServerOptions options = own.options();
  options.request_timeout = absl::Milliseconds(200);
  const auto server = start(echo, options);
  Client slow(*server), gone(*server);
  slow.say("\x16\x03\x01"s);
  EXPECT_TRUE(slow.is_closed());
  EXPECT_TRUE(slow.is_reset());
  EXPECT_EQ(refused(*server, HttpRefusal::kHandshake), 1);
  EXPECT_EQ(server->statistics().connections_timed_out, 1);
  // Who says nothing has failed at nothing.
  gone.say_no_more();
  EXPECT_TRUE(gone.is_closed());
  EXPECT_EQ(refused(*server, HttpRefusal::kHandshake), 1);
  EXPECT_EQ(server->statistics().connections, 0);
}

// Whose handshake is done is told like others that it is slow.
TEST(HttpServer, TellsSlowPeersOverTls) {
  const OwnCertificate own;
  HttpServerOptions options = own.options();
  options.request_timeout = absl::Milliseconds(300);
  const auto server = start(echo, options);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
      SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const Client client(*server);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()),
                                                      SSL_free);
  SSL_set_fd(tls.get(), client.descriptor());
  ASSERT_EQ(SSL_connect(tls.get()), 1);
  ASSERT_EQ(SSL_write(tls.get(), "GET /", 5), 5);
  std::string heard;
  std::array<char, 4096> bytes;
  int size;
  while ((size = SSL_read(tls.get(), bytes.data(), bytes.size())) > 0) {
    heard.append(bytes.data(), static_cast<size_t>(size));
  }
  EXPECT_EQ(status_of(heard), 408) << heard;
  EXPECT_EQ(refused(*server, HttpRefusal::kTimeout), 1);
  EXPECT_EQ(refused(*server, HttpRefusal::kHandshake), 0);
}

// A peer could not tell an answer that was cut off from a whole one otherwise.
TEST(HttpServer, SaysThatTlsIsOver) {
  const OwnCertificate own;
  const auto server = start(sends(100'000), own.options());
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
      SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  for (const bool has_more : {false, true}) {
    const Client client(*server);
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()),
                                                        SSL_free);
    SSL_set_fd(tls.get(), client.descriptor());
    ASSERT_EQ(SSL_connect(tls.get()), 1);
    const std::string request =
        absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                     has_more ? std::string(10'000, 'x') : "");
    ASSERT_GT(
        SSL_write(tls.get(), request.data(), static_cast<int>(request.size())),
        0);
    size_t heard = 0;
    std::array<char, 4096> bytes;
    int size;
    while ((size = SSL_read(tls.get(), bytes.data(), bytes.size())) > 0) {
      heard += static_cast<size_t>(size);
    }
    EXPECT_GT(heard, 100'000u);
    EXPECT_EQ(SSL_get_error(tls.get(), size), SSL_ERROR_ZERO_RETURN);
  }
}

// A connection of the gateway's stays, and new ones are served.
TEST(HttpServer, HandshakesTakeNobodysPlace) {
  const OwnCertificate own;
  HttpServerOptions options = own.options();
  options.treat = treat_by_target;
  options.max_connections = 8;
  const auto server = start(echo, options);
  const std::string request =
      "printf 'GET /gateway HTTP/1.1\\r\\nHost: h\\r\\n%s\\r\\n' ";
  std::string kept;
  std::thread peer([&] {
    kept = output_of(absl::StrCat(
        "(", request, "''; sleep 1.7; ", request,
        "'Connection: close\r\n'; sleep 0.3) | timeout 20 openssl s_client "
        "-quiet -connect 127.0.0.1:",
        server->port()));
  });
  EXPECT_TRUE(comes([&] { return server->statistics().requests == 1; }));
  std::vector<std::unique_ptr<Client>> hands;
  for (int i = 0; i < 40; ++i) {
    hands.push_back(std::make_unique<Client>(*server));
    hands.back()->say("\x16\x03\x01"s);
  }
  const std::string curl = absl::StrCat(
      "curl -sS --max-time 20 -o /dev/null -w '%{http_code}' --cacert ",
      own.path(), " https://127.0.0.1:", server->port());
  EXPECT_EQ(output_of(curl + "/health"), "200");
  // As soon as they can be said to be slow.
  EXPECT_TRUE(comes([&] { return output_of(curl + "/gateway") == "200"; }));
  peer.join();
  EXPECT_EQ(kept.find("HTTP/1.1 200"), kept.find("HTTP/1.1")) << kept;
  EXPECT_NE(kept.find("HTTP/1.1 200", kept.find("HTTP/1.1 200") + 1), kept.npos)
      << kept;
}

// Who knows the root is shown the rest, in whatever order the file has it.
TEST(HttpServer, ShowsItsCertificatesChain) {
  const PemFolder folder;
  folder.make("root", "");
  folder.make("middle", "-CA root.pem -CAkey root.key");
  folder.make("leaf",
              absl::StrCat("-CA middle.pem -CAkey middle.key ", kForThisHost));
  const std::string leaf = folder.text("leaf.pem");
  const std::string middle = folder.text("middle.pem");
  HttpServerOptions options;
  options.tls_key = folder.text("leaf.key");
  for (const std::string& chain :
       {leaf + middle, leaf + folder.text("root.pem") + middle}) {
    options.tls_certificate = chain;
    const auto server = start(echo, options);
    const std::string out = output_of(absl::StrCat(
        "curl -sS --max-time 20 --cacert ", folder.path("root.pem"),
        " https://127.0.0.1:", server->port(), "/x"));
    EXPECT_TRUE(absl::StartsWith(out, "GET /x ")) << out;
  }
}

TEST(HttpServer, ReplacesItsCertificate) {
  const OwnCertificate first, second;
  std::atomic<HttpServer*> self{nullptr};
  const auto server = start(
      [&](const HttpRequest& request) {
        if (request.target == "/replace") {
          EXPECT_TRUE(self.load()
                          ->replace_certificate(second.text(), second.key())
                          .ok());
        }
        return echo(request);
      },
      first.options());
  self = server.get();
  const std::string url = absl::StrCat("https://127.0.0.1:", server->port());
  const auto curl = [](const OwnCertificate& trusted,
                       const std::string& arguments) {
    return output_of("curl -sS --max-time 20 --cacert " + trusted.path() + " " +
                     arguments);
  };
  const auto is_served = [&](const OwnCertificate& trusted) {
    const std::string out = curl(trusted, url + "/next");
    if (absl::StartsWith(out, "GET /next ")) return true;
    EXPECT_TRUE(absl::StrContains(out, "curl: (60)")) << out;
    return false;
  };
  EXPECT_TRUE(is_served(first));
  EXPECT_FALSE(is_served(second));
  // The connection that there is goes on.
  const std::string out = curl(first, "-w '%{num_connects} connects' " + url +
                                          "/replace " + url + "/next");
  EXPECT_TRUE(absl::StrContains(out, "GET /replace ")) << out;
  EXPECT_TRUE(absl::StrContains(out, "GET /next ")) << out;
  EXPECT_TRUE(absl::StrContains(out, "0 connects")) << out;
  EXPECT_FALSE(is_served(first));
  EXPECT_TRUE(is_served(second));

  // What cannot be used changes nothing.
  const OwnCertificate third;
  const struct {
    std::string certificate;
    std::string key;
    std::string complaint;
  } bad[] = {{third.text(), second.key(), "TLS certificate and key: "},
             {third.text(), "", "TLS key: "},
             {third.text(), "no key", "TLS key: "},
             {third.text(), third.text(), "TLS key: "},
             {third.text(), third.encrypted_key(), "TLS key: "},
             {"", third.key(), "TLS certificate: "},
             {"no certificate", third.key(), "TLS certificate: "},
             {third.key(), third.key(), "TLS certificate: "}};
  for (const auto& [certificate, key, complaint] : bad) {
    const absl::Status status = server->replace_certificate(certificate, key);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), complaint)) << status;
    HttpServerOptions options;
    options.tls_certificate = certificate;
    options.tls_key = key;
    EXPECT_TRUE(
        absl::IsInvalidArgument(HttpServer::start(options, echo).status()));
  }
  EXPECT_TRUE(is_served(second));

  EXPECT_TRUE(absl::IsFailedPrecondition(
      start(echo)->replace_certificate(third.text(), third.key())));
}

// Each connection is whole with the one that it began with.
TEST(HttpServer, ReplacesItsCertificateUnderLoad) {
  const OwnCertificate first, second;
  const auto server = start(echo, first.options());
  const std::string url = absl::StrCat("https://127.0.0.1:", server->port());
  std::atomic<bool> over{false};
  std::thread replacer([&] {
    for (bool to_second = true; !over; to_second = !to_second) {
      const OwnCertificate& next = to_second ? second : first;
      EXPECT_TRUE(server->replace_certificate(next.text(), next.key()).ok());
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(absl::StartsWith(
        output_of("curl -sSk --max-time 20 " + url + "/x"), "GET /x "));
  }
  over = true;
  replacer.join();
}

}  // namespace
}  // namespace weir
