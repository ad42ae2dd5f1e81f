#include "http/body_reader.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "http/request_head.h"

namespace weir {
namespace {

using State = BodyReader::State;

constexpr size_t kOverhead = 100;

struct Outcome {
  State state;
  std::string body;
  std::string rest;

  bool operator==(const Outcome& other) const {
    return state == other.state && body == other.body && rest == other.rest;
  }
};

// What comes of `text` if it comes in pieces of `step` bytes.
Outcome outcome_of(const RequestHead& head, std::string_view text,
                   size_t step) {
  BodyReader reader(head, kOverhead);
  Outcome outcome = {reader.state(), "", ""};
  while (outcome.state == State::kMore && !text.empty()) {
    std::string_view piece = text.substr(0, step);
    const size_t size = piece.size();
    std::string_view data;
    do {
      outcome.state = reader.read(piece, data);
      outcome.body.append(data);
    } while (!piece.empty() && outcome.state == State::kMore);
    text.remove_prefix(size - piece.size());
  }
  outcome.rest = std::string(text);
  return outcome;
}

Outcome outcome_of(const RequestHead& head, std::string_view text) {
  const Outcome whole = outcome_of(head, text, text.size());
  for (size_t step = 1; step < 8; ++step) {
    EXPECT_TRUE(outcome_of(head, text, step) == whole) << step << text;
  }
  return whole;
}

Outcome chunked(std::string_view text) {
  RequestHead head;
  head.is_chunked = true;
  return outcome_of(head, text);
}

TEST(BodyReader, ReadsALength) {
  RequestHead head;
  EXPECT_EQ(BodyReader(head, kOverhead).state(), State::kDone);
  EXPECT_EQ(BodyReader().state(), State::kDone);
  head.content_length = 5;
  const Outcome outcome = outcome_of(head, "12345GET /");
  EXPECT_EQ(outcome.state, State::kDone);
  EXPECT_EQ(outcome.body, "12345");
  EXPECT_EQ(outcome.rest, "GET /");
  EXPECT_EQ(outcome_of(head, "1234").state, State::kMore);
}

TEST(BodyReader, ReadsChunks) {
  const Outcome outcome = chunked(
      "2\r\nab\r\n0A ;x\r\n\r\n34567890\r\n1;y=\"z;\"\r\nc\r\n"
      "000\r\nTrailer: t\r\nAnother:\r\n\r\nGET /");
  EXPECT_EQ(outcome.state, State::kDone);
  EXPECT_EQ(outcome.body, "ab\r\n34567890c");
  EXPECT_EQ(outcome.rest, "GET /");
  EXPECT_EQ(chunked("0\r\n\r\n").state, State::kDone);
  EXPECT_EQ(chunked("00000000000000001\r\n").state, State::kMalformed)
      << "more digits than a size has";
  EXPECT_EQ(chunked("FFFFFFFFFFFFFFFF\r\na").state, State::kMore);
}

TEST(BodyReader, TakesAnyNumberOfChunks) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "1\r\nx\r\n";
  const Outcome outcome = chunked(text + "0\r\n\r\n");
  EXPECT_EQ(outcome.state, State::kDone);
  EXPECT_EQ(outcome.body, std::string(1000, 'x'));
}

TEST(BodyReader, RefusesWhatAreNoChunks) {
  for (const char* text : {"\r\n",
                           "g\r\n",
                           "0x1\r\n",
                           "-1\r\n",
                           "+1\r\n",
                           " 1\r\n",
                           "1 \r\n",
                           "1 x\r\n",
                           "1\n",
                           "1\r\nab",
                           "1\r\na\n",
                           "1\r\na\rb",
                           "1;x\n",
                           "1;x\ry\r\n",
                           "1;x\x01\r\n",
                           "0\n",
                           "0\r\n\n",
                           "0\r\nT: t\n\r\n",
                           "0\r\nno colon\r\n",
                           "0\r\nT : t\r\n",
                           "0\r\n T: t\r\n",
                           "0\r\nT: \x7F\r\n",
                           "11111111111111111\r\n"}) {
    EXPECT_EQ(chunked(text).state, State::kMalformed) << text;
  }
}

TEST(BodyReader, BoundsWhatIsLeftOut) {
  const std::string most = "1;" + std::string(kOverhead, 'x') + "\r\n";
  EXPECT_EQ(chunked(most).state, State::kMore);
  EXPECT_EQ(chunked("1;" + std::string(kOverhead + 20, 'x')).state,
            State::kMalformed);
  std::string many;
  for (int i = 0; i < 20; ++i) many += "1;                        x\r\nx\r\n";
  EXPECT_EQ(chunked(many).state, State::kMalformed);
  EXPECT_EQ(chunked("0\r\nT: " + std::string(kOverhead, 't')).state,
            State::kMalformed);
}

}  // namespace
}  // namespace weir
