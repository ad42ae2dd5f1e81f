#ifndef WEIR_STORE_BOOT_ID_H_
#define WEIR_STORE_BOOT_ID_H_

#include <array>
#include <string>

namespace weir {

// Which boot of the machine something was in: memory and the system's caches
// outlive processes, but not boots. All zeros: not known.
using BootId = std::array<unsigned char, 16>;

BootId current_boot_id();

// As the system writes it: "6d5c1a2e-...", in lower case. Empty if not known.
std::string to_string(const BootId& id);

}  // namespace weir

#endif  // WEIR_STORE_BOOT_ID_H_
