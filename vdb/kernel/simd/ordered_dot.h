// Dot products in float32 summed in a prescribed order, so that they have the same bits as those of
// another program's loop.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

struct SumOrder {
  enum class Fold : uint8_t { kHalves, kNeighbours, kQuarters, kSequence };
  enum class Gather : uint8_t { kSequence, kNeighbours, kFolded, kChunks, kTurns, kScalars };
  enum class Blocks : uint8_t { kFirst, kGathered, kNone };
  enum class Rest : uint8_t { kAfter, kApart, kInLanes, kNarrower };

  uint32_t lanes;      // of a register: 1 to 16, a power of two
  uint32_t registers;  // that take turns: 1 to 32, a power of two
  uint32_t rounds;     // how many turns of all are taken at a time: 1 to 8
  bool fused;          // product and addition are rounded once
  Fold fold;           // how the lanes of the sum become one number: the upper half onto the lower,
                       // neighbours, halves until four are left and then neighbours, or one by one
  Gather gather;       // how the registers become one: one by one; neighbours; each is folded; all
                       // are gathered and folded after every turn; gathered after every turn; or
                       // each folded after every turn, into a sum of its own
  Blocks blocks;       // where full registers go that are too few for all to have a turn: into the
                       // first, onto what was gathered, or with the rest
  Rest rest;          // where the numbers go that fill no register: onto the folded sum one by one,
                      // by themselves and then onto it, into the first lanes, or into registers
                      // of half as many lanes, as long as they fill one, and then onto the sum
  bool narrow_fused;  // whether such a register's products are fused
  bool rest_fused;    // whether what goes on one by one is
  bool fours_apart;   // but for whole fours of it, which are not

  bool valid() const;
};

float ordered_dot(const float* a, const float* b, size_t length, const SumOrder& order);

}  // namespace vdb
