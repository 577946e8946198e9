// What bounds the scores of some postings under every formula: pairs of tf and length, such that
// each posting has a pair with no smaller tf and no greater length. Lengths are rounded down to
// Lucene's byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/varints.h"

namespace vdb {

struct CompetitivePair {
  uint32_t tf;
  uint8_t length;  // as a byte

  bool operator==(const CompetitivePair& other) const {
    return tf == other.tf && length == other.length;
  }
};

// Leaves those that no other one makes superfluous, by rising tf; lengths rise as well.
void keep_competitive(std::vector<CompetitivePair>* pairs);
void put_pairs(const std::vector<CompetitivePair>& pairs, std::string* out);
// Appends. Throws Corrupted for none, or more than there can be.
void read_pairs(VarintReader* reader, std::vector<CompetitivePair>* pairs);

}  // namespace vdb
