// The credential of AWS's documentation examples, and requests as text.

#ifndef WEIR_MANAGEMENT_TESTING_SIGV4_SAMPLES_H_
#define WEIR_MANAGEMENT_TESTING_SIGV4_SAMPLES_H_

#include <string_view>

#include "weir/http/message.h"

namespace weir {

inline constexpr char kSampleId[] = "AKIDEXAMPLE";
inline constexpr char kSampleSecret[] =
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
inline constexpr char kSampleToken[] =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKW"
    "HGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd==";

// Parses "METHOD target HTTP/1.1", "Name: value" lines, an empty line, and the
// body. Lines end with LF or CR LF. Makes a request of any text.
HttpRequest request_from_text(std::string_view text);

// The value of the first header named `name`, "" if there is none.
std::string_view header_of(const HttpRequest& request, std::string_view name);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_TESTING_SIGV4_SAMPLES_H_
