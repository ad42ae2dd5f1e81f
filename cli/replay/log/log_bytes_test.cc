#include "weir/cli/replay/log/log_bytes.h"

#include <cstddef>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "zlib.h"

namespace weir::cli {
namespace {

constexpr int kGzip = 15 + 16;
constexpr int kZlib = 15;

std::string compressed(const std::string& text, int format = kGzip,
                       int level = Z_BEST_SPEED) {
  z_stream stream = {};
  EXPECT_EQ(
      deflateInit2(&stream, level, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY),
      Z_OK);
  std::string result(text.size() + text.size() / 100 + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

// What is read, `chunk` bytes at a time, and " + " what ended it, if not the
// end.
std::string contents(const std::string& stored, std::size_t chunk = 100000) {
  std::istringstream in(stored);
  LogBytes bytes(in);
  std::string text, buffer(chunk, '\0');
  while (const std::size_t count = bytes.read(buffer.data(), chunk)) {
    EXPECT_LE(count, chunk);
    text.append(buffer, 0, count);
  }
  EXPECT_EQ(bytes.read(buffer.data(), chunk), 0u);
  if (bytes.status().ok()) return text;
  return text + " + " + std::string(bytes.status().message());
}

// A text that does not compress to nothing, and spans buffers.
std::string long_text() {
  std::string text;
  unsigned x = 1;
  for (int i = 0; i < 200000; ++i) {
    x = x * 1664525 + 1013904223;
    text += i % 50 == 49 ? '\n' : static_cast<char>('a' + (x >> 24) % 26);
  }
  return text;
}

TEST(LogBytes, GivesPlainTextAsItIs) {
  EXPECT_EQ(contents(""), "");
  EXPECT_EQ(contents("a"), "a");
  EXPECT_EQ(contents(std::string("a\0\xFF\n", 4)), std::string("a\0\xFF\n", 4));
  EXPECT_EQ(contents(long_text()), long_text());
  EXPECT_EQ(contents("hello, world", 1), "hello, world");
}

TEST(LogBytes, Decompresses) {
  for (const int format : {kGzip, kZlib}) {
    EXPECT_EQ(contents(compressed("", format)), "");
    EXPECT_EQ(contents(compressed("a\nb\n", format)), "a\nb\n");
    EXPECT_EQ(contents(compressed(long_text(), format)), long_text());
    EXPECT_EQ(contents(compressed("hello, world", format), 1), "hello, world");
    for (const int level :
         {Z_NO_COMPRESSION, Z_DEFAULT_COMPRESSION, Z_BEST_COMPRESSION}) {
      EXPECT_EQ(contents(compressed(long_text(), format, level)), long_text());
    }
  }
}

TEST(LogBytes, DecompressesAllMembers) {
  const std::string a = compressed("a\n"), none = compressed("");
  EXPECT_EQ(contents(a + compressed("b\n") + none + compressed("c")),
            "a\nb\nc");
  const std::string all = compressed(long_text());
  EXPECT_EQ(contents(all + all, 7777), long_text() + long_text());
  // Zeros fill up blocks; they may go on for longer than any buffer.
  EXPECT_EQ(contents(a + std::string(1000000, '\0')), "a\n");
  EXPECT_EQ(contents(a + std::string(70000, '\0') + a), "a\na\n");
  EXPECT_EQ(contents(a + std::string("\0x", 2)),
            "a\n + there are bytes after the compressed data");
  EXPECT_EQ(contents(a + "b\n"),
            "a\n + there are bytes after the compressed data");
}

TEST(LogBytes, WhatWasReadBeforeDamageIsGood) {
  const std::string whole = compressed(long_text());
  const std::string cut = contents(whole.substr(0, whole.size() / 2));
  const std::string error = " + the compressed data ends early";
  ASSERT_GT(cut.size(), error.size() + 50000);
  const std::string text = cut.substr(0, cut.size() - error.size());
  EXPECT_EQ(cut.substr(text.size()), error);
  EXPECT_EQ(text, long_text().substr(0, text.size()));
  // The last bytes are a checksum: all is there, and not known to be right.
  EXPECT_EQ(contents(whole.substr(0, whole.size() - 1)), long_text() + error);
  EXPECT_EQ(contents(compressed("a\n") + whole.substr(0, 5)), "a\n" + error);
  EXPECT_EQ(contents("\x1f\x8b"), error);

  std::string damaged = whole;
  damaged[damaged.size() - 6] ^= 1;  // of the checksum
  EXPECT_EQ(contents(damaged),
            long_text() + " + the compressed data is damaged");
}

TEST(LogBytes, LeavesOutAByteOrderMark) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(contents(mark + "a\n"), "a\n");
  EXPECT_EQ(contents(mark), "");
  EXPECT_EQ(contents(compressed(mark + "a\n")), "a\n");
  EXPECT_EQ(contents(mark.substr(0, 2)), mark.substr(0, 2));
  EXPECT_EQ(contents(mark + mark + "a"), mark + "a");
}

TEST(LogBytes, SaysWhatItCannotRead) {
  const std::string utf16 =
      " + UTF-16 or UTF-32, but UTF-8 was expected: convert it, as `iconv -f "
      "UTF-16 -t UTF-8` does";
  EXPECT_EQ(contents(std::string("\xFF\xFE"
                                 "a\0",
                                 4)),
            utf16);
  EXPECT_EQ(contents(std::string("\xFE\xFF\0a", 4)), utf16);
  EXPECT_EQ(contents(std::string("\0\0\xFE\xFF", 4)), utf16);
  EXPECT_EQ(contents(compressed(std::string("\xFF\xFE"
                                            "a\0",
                                            4))),
            utf16);
  EXPECT_EQ(contents("\x28\xb5\x2f\xfd"
                     "abc"),
            " + compressed with zstd: of compressed logs, gzip's can be read");
  EXPECT_EQ(contents("BZh91AY"),
            " + compressed with bzip2: of compressed logs, gzip's can be read");
}

}  // namespace
}  // namespace weir::cli
