// From postings to the set of the slots that they lead to.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

// Sets marks[s] for every slot s at places starts[i] to ends[i] of `slots`, for each i. Slots are
// u32 at any address: in a leaf they lie behind whatever stands before them. Throws
// std::out_of_range for a place behind `count`, Corrupted for a slot that has no mark.
void mark_slots(const uint8_t* slots, size_t count, const int64_t* starts, const int64_t* ends,
                size_t ranges, uint8_t* marks, size_t marked);

}  // namespace vdb
