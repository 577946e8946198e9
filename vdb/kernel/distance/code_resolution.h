// Whether codes are fine enough to order the candidates of a walk. They are not where vectors lie
// closer to each other than the steps of their grids, or than float32 rounds products of large
// numbers: there the walk is done again by vectors. docs/decisions/0049 has the reasons.
#pragma once

#include <cstdint>
#include <vector>

#include "blocks/codes.h"
#include "distance/candidate.h"
#include "distance/code_distance.h"

namespace vdb {

class CodeResolution {
 public:
  // The two distances of one hit.
  struct HitDistances {
    double exact, code;
  };
  // The last candidate that a walk kept. A vector whose code lies behind it was missed.
  struct Cutoff {
    double distance;   // by its code
    double bias;       // by which code distances exceed exact ones on average
    double deviation;  // standard deviation of the error of a code distance

    // Whether two candidates differ by more than the errors of their codes.
    bool separates(double nearer, double farther) const;
    // Whether the cutoff lies so far beyond a hit that no nearer vector can have been missed.
    bool far_beyond(double exact) const;
    // Whether hardly any vector nearer than one of the hits was missed, in all probability.
    // REQUIRES one hit at least.
    bool probably_beyond(const std::vector<HitDistances>& hits) const;
  };

  CodeResolution(const Codes& codes, CodeDistance distance, const CodeQuery& from)
      : codes_(codes), distance_(distance), from_(from) {}

  Cutoff cutoff(const Candidate& last) const;
  // Whether the order of the nearest candidates means anything. REQUIRES one candidate at least.
  bool resolves(const std::vector<Candidate>& nearest_first) const;

  // How many candidates a walk by codes keeps for k hits, at least; no more than there are slots.
  static uint32_t oversampled(CodeKind kind, uint32_t k, uint32_t slots) {
    const auto candidates = static_cast<uint64_t>(spec_of(kind).oversampling * k);
    return static_cast<uint32_t>(candidates < slots ? candidates : slots);
  }

 private:
  const Codes& codes_;
  CodeDistance distance_;
  const CodeQuery& from_;
};

}  // namespace vdb
