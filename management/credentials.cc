#include "weir/management/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/file_descriptor.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"

namespace weir {
namespace {

// Whether `text` is valid as a header's value, and read alike by every reader
// of such files: some take the text after a blank for a comment.
bool is_word(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), absl::ascii_isgraph);
}

std::string_view stripped(std::string_view text) {
  const auto result = absl::StripAsciiWhitespace(internal::to_absl(text));
  return {result.data(), result.size()};
}

absl::StatusOr<std::string> read_private_file(const std::string& path) {
  // One descriptor for the checks and the reading, so that both see the same
  // file. O_NONBLOCK, so that opening a pipe does not block before it is
  // refused.
  const internal::Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat about;
  if (!file.is_open() || fstat(file.number(), &about) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot open"));
  }
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": not a regular file"));
  }
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": open to others than its owner; chmod 600 it"));
  }

  // The file may grow while it is read: reads until the end, not st_size bytes.
  std::string text(Credentials::kMaxFileBytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t bytes =
        read(file.number(), text.data() + size, text.size() - size);
    if (bytes == 0) break;
    if (bytes < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot read"));
    }
    if (bytes > 0) size += static_cast<size_t>(bytes);
  }
  if (size > Credentials::kMaxFileBytes) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": larger than ", Credentials::kMaxFileBytes, " bytes"));
  }
  text.resize(size);
  return text;
}

// Reads lines, and collects a profile's members until its end.
class FileReader {
 public:
  explicit FileReader(std::string_view name) : name_(name) {}

  absl::Status read_line(std::string_view line) {
    ++line_;
    const std::string_view content = stripped(line);
    if (content.empty() || content[0] == '#' || content[0] == ';') {
      return absl::OkStatus();
    }
    if (content[0] == '[') return read_profile(content);
    return read_member(line.find_first_not_of(" \t"), content);
  }

  absl::StatusOr<Credentials> finish() {
    WEIR_RETURN_IF_ERROR(finish_profile());
    if (credentials_.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(internal::to_absl(name_), ": holds no credential"));
    }
    return std::move(credentials_);
  }

 private:
  struct Profile {
    int line = 0;  // 0: before the first
    std::string name;
    std::optional<std::string> access_key_id;
    std::optional<std::string> secret_access_key;
    std::optional<std::string> session_token;
    std::optional<std::string> access;
  };

  absl::Status error(int line, std::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(
        internal::to_absl(name_), ":", line, ": ", internal::to_absl(what)));
  }

  absl::Status read_profile(std::string_view content) {
    WEIR_RETURN_IF_ERROR(finish_profile());
    const std::string_view name =
        content.back() == ']' ? stripped(content.substr(1, content.size() - 2))
                              : "";
    if (name.empty()) return error(line_, "expected [profile]");
    if (!profiles_.emplace(name).second) {
      return error(line_, "this profile occurs twice");
    }
    profile_ = Profile();
    profile_.line = line_;
    profile_.name = name;
    member_indent_.reset();
    return absl::OkStatus();
  }

  absl::Status read_member(size_t indent, std::string_view content) {
    if (member_indent_.has_value() && indent > *member_indent_) {
      return member_is_ours_
                 ? error(line_, "continues the member above, which is one line")
                 : absl::OkStatus();
    }
    const size_t divider = content.find('=');
    if (divider == content.npos) return error(line_, "expected name = value");
    if (profile_.line == 0) return error(line_, "expected [profile] before");
    member_indent_ = indent;

    const std::string name = absl::AsciiStrToLower(
        internal::to_absl(stripped(content.substr(0, divider))));
    std::optional<std::string>* const member =
        name == "aws_access_key_id"       ? &profile_.access_key_id
        : name == "aws_secret_access_key" ? &profile_.secret_access_key
        : name == "aws_session_token"     ? &profile_.session_token
        : name == "weir_access"           ? &profile_.access
                                          : nullptr;
    member_is_ours_ = member != nullptr;
    if (!member_is_ours_) return absl::OkStatus();
    if (member->has_value()) {
      return error(line_, absl::StrCat(name, " occurs twice"));
    }
    *member = std::string(stripped(content.substr(divider + 1)));
    if (!is_word(**member)) {
      return error(line_, absl::StrCat(name,
                                       ": expected printable ASCII "
                                       "without blanks"));
    }
    return absl::OkStatus();
  }

  absl::Status finish_profile() {
    const Profile& p = profile_;
    if (!p.access_key_id && !p.secret_access_key && !p.session_token &&
        !p.access) {
      return absl::OkStatus();
    }
    if (!p.access_key_id || !p.secret_access_key) {
      return error(p.line,
                   "a profile needs both aws_access_key_id and "
                   "aws_secret_access_key");
    }
    const std::string access = p.access.value_or("full");
    const bool no_values = access == "no-values";
    const bool read_only = no_values || access == "read-only";
    if (!read_only && access != "full") {
      return error(p.line, "weir_access must be full, read-only or no-values");
    }
    return internal::with_prefix(
        credentials_.add({*p.access_key_id, *p.secret_access_key,
                          p.session_token.value_or(""), read_only, p.name,
                          no_values}),
        absl::StrCat(internal::to_absl(name_), ":", p.line, ": "));
  }

  const std::string_view name_;
  int line_ = 0;
  Profile profile_;
  absl::flat_hash_set<std::string> profiles_;
  // The indentation of the profile's last member, and whether it is ours.
  std::optional<size_t> member_indent_;
  bool member_is_ours_ = false;
  Credentials credentials_;
};

}  // namespace

bool is_scope_element(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '-' || c == '.' || c == '_';
         });
}

absl::StatusOr<Credentials> Credentials::from_file(const std::string& path) {
  const auto text = read_private_file(path);
  if (!text.ok()) return text.status();
  return from_text(*text, path);
}

absl::StatusOr<Credentials> Credentials::from_text(std::string_view text,
                                                   std::string_view name) {
  FileReader reader(name);
  for (const auto line : absl::StrSplit(internal::to_absl(text), '\n')) {
    auto status = reader.read_line({line.data(), line.size()});
    if (!status.ok()) return status;
  }
  return reader.finish();
}

absl::StatusOr<Credentials> Credentials::from_environment(
    std::string_view prefix) {
  const auto name_of = [&](const char* what) {
    return absl::StrCat(internal::to_absl(prefix), "_", what);
  };
  const std::string id_name = name_of("ACCESS_KEY_ID");
  const std::string secret_name = name_of("SECRET_ACCESS_KEY");
  const char* const id = std::getenv(id_name.c_str());
  const char* const secret = std::getenv(secret_name.c_str());
  const char* const token = std::getenv(name_of("SESSION_TOKEN").c_str());
  Credentials result;
  if (id == nullptr && secret == nullptr && token == nullptr) return result;
  if (id == nullptr || secret == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("environment: ", id_name,
                                                   " and ", secret_name,
                                                   " must be set together"));
  }
  // Variables may be set, but empty.
  for (const auto& [name, value] :
       {std::pair(id_name, id), std::pair(secret_name, secret)}) {
    if (*value == '\0') {
      return absl::InvalidArgumentError(
          absl::StrCat("environment: ", name, " is empty"));
    }
  }
  auto status = result.add({id, secret, token == nullptr ? "" : token, false});
  if (!status.ok()) return internal::with_prefix(status, "environment: ");
  return result;
}

absl::Status Credentials::add(Credential credential) {
  if (!is_scope_element(credential.access_key_id)) {
    return absl::InvalidArgumentError(
        "an access key's id must be 1 to 128 letters, digits, '-', '.' or '_'");
  }
  if (!is_word(credential.secret_access_key) ||
      (!credential.session_token.empty() &&
       !is_word(credential.session_token))) {
    return absl::InvalidArgumentError(
        "a secret and a session token must be printable ASCII without blanks");
  }
  std::string id = credential.access_key_id;
  if (!by_id_.try_emplace(std::move(id), std::move(credential)).second) {
    return absl::InvalidArgumentError("this access key's id occurs twice");
  }
  return absl::OkStatus();
}

const Credential* Credentials::find(std::string_view access_key_id) const {
  const auto found = by_id_.find(internal::to_absl(access_key_id));
  return found == by_id_.end() ? nullptr : &found->second;
}

const Credential* Credentials::find_profile(std::string_view name) const {
  if (name.empty() && by_id_.size() == 1) return &by_id_.begin()->second;
  if (name.empty()) name = "default";
  const auto found = std::find_if(
      by_id_.begin(), by_id_.end(),
      [name](const auto& entry) { return entry.second.profile == name; });
  return found == by_id_.end() ? nullptr : &found->second;
}

}  // namespace weir
