// A credential that AWS's documents use in examples, and requests as text.

#ifndef WEIR_MANAGEMENT_SIGV4_SAMPLES_H_
#define WEIR_MANAGEMENT_SIGV4_SAMPLES_H_

#include <string_view>

#include "http/message.h"

namespace weir {

inline constexpr char kSampleId[] = "AKIDEXAMPLE";
inline constexpr char kSampleSecret[] =
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
inline constexpr char kSampleToken[] =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKW"
    "HGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd==";

// "METHOD target HTTP/1.1", "Name: value" lines, an empty one, and the body.
// Lines end with LF or CR LF; whatever the text, something is made of it.
HttpRequest request_from_text(std::string_view text);

// The first header of this name, "" if there is none.
std::string_view header_of(const HttpRequest& request, std::string_view name);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_SIGV4_SAMPLES_H_
