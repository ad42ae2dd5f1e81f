#ifndef WEIR_COUNTS_BOOT_ID_H_
#define WEIR_COUNTS_BOOT_ID_H_

#include <array>
#include <string>

namespace weir::internal {

// Identifies one boot of the machine: memory and the system's caches outlive
// processes, but not a reboot. All zeros: unknown.
using BootId = std::array<unsigned char, 16>;

BootId current_boot_id();

// The system's notation: "6d5c1a2e-...", in lower case. Empty if unknown.
std::string to_string(const BootId& id);

}  // namespace weir::internal

#endif  // WEIR_COUNTS_BOOT_ID_H_
