// How much more memory than before this process has held at once, by the kernel's own count.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace cutover::tests {

/// Counts from its construction on. One at a time.
class PeakMemory {
public:
    PeakMemory() {
        std::ofstream("/proc/self/clear_refs") << "5";  // the peak is what is held now
        before_ = status("VmRSS:");
    }
    /// Bytes.
    std::uint64_t growth() const {
        const std::uint64_t peak = status("VmHWM:");
        return peak > before_ ? peak - before_ : 0;
    }
    /// A sanitizer holds memory of its own: then the count means nothing.
    static constexpr bool means_something() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        return false;
#else
        return true;
#endif
    }

private:
    static std::uint64_t status(const std::string& name) {
        std::ifstream file("/proc/self/status");
        std::string word;
        std::uint64_t kilobytes = 0;
        while (file >> word) {
            if (word == name) {
                file >> kilobytes;
            }
        }
        return kilobytes << 10;
    }

    std::uint64_t before_ = 0;
};

}  // namespace cutover::tests
