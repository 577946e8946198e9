// Whether codes tell apart what a walk by them came by. They are blind where vectors lie closer to
// each other than the steps of their grids, or than float32 rounds products of large numbers: there
// the walk is done again by vectors.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/codes.h"
#include "distance/candidate.h"
#include "distance/code_distance.h"

namespace vdb {

class Resolution {
 public:
  // A hit: how far it is, and how far its code is.
  struct Judged {
    double exact, code;
  };
  // Where the last candidate lies that a walk has kept. What its code puts behind it was missed.
  struct Edge {
    double distance;   // by its code
    double bias;       // by which codes are farther than vectors, on average
    double deviation;  // of an error, as a rule

    // Whether two candidates differ by more than errors do.
    bool apart(double nearer, double farther) const;
    // Whether a hit lies so far before it that none nearer can have been missed.
    bool far_behind(double exact) const;
    // Whether hardly any has been, by what is probable. REQUIRES one hit at least.
    bool behind(const std::vector<Judged>& hits) const;
  };

  Resolution(const Codes& codes, CodeDistance distance, const CodeQuery& from)
      : codes_(codes), distance_(distance), from_(from) {}

  Edge edge(const Candidate& last) const;
  // Whether the order of the nearest says anything. REQUIRES one candidate at least.
  bool orders(const std::vector<Candidate>& nearest_first) const;

  // How many candidates a walk keeps for k hits among so many slots, at least.
  static uint32_t kept(CodeKind kind, uint32_t k, uint32_t slots) {
    const uint64_t wanted = kind == CodeKind::kInt4 ? uint64_t{3} * k : uint64_t{k} + k / 2;
    return static_cast<uint32_t>(wanted < slots ? wanted : slots);
  }

 private:
  const Codes& codes_;
  CodeDistance distance_;
  const CodeQuery& from_;
};

}  // namespace vdb
