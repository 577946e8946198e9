// The findings of a verification.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace vdb {

struct Finding {
  std::string where;  // "slot 17", "slot 17, level 0", "free list"
  std::string what;
};

// A forged file can have a problem in every word: after so many, one more finding says that there
// are others, and no further ones are kept.
inline constexpr size_t kMostFindings = 100000;

inline void report(std::vector<Finding>* findings, Finding finding) {
  if (findings->size() < kMostFindings)
    findings->push_back(std::move(finding));
  else if (findings->size() == kMostFindings)
    findings->push_back({"graph", "there are more problems than can be listed"});
}

inline std::string at_slot(uint32_t slot) { return "slot " + std::to_string(slot); }

// Of a slot: whether it holds a vector; unknown where its block cannot be read. Empty ones are
// free, or belong to records without a vector.
enum SlotState : uint8_t { kEmpty = 0, kLive = 1, kUnknown = 2 };

}  // namespace vdb
