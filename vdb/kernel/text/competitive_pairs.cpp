#include "text/competitive_pairs.h"

#include <algorithm>

namespace vdb {

void keep_competitive(std::vector<CompetitivePair>* pairs) {
  std::sort(pairs->begin(), pairs->end(), [](const CompetitivePair& a, const CompetitivePair& b) {
    return a.tf != b.tf ? a.tf > b.tf : a.length < b.length;
  });
  size_t count = 0;
  for (const CompetitivePair pair : *pairs)
    if (count == 0 || pair.length < (*pairs)[count - 1].length) (*pairs)[count++] = pair;
  pairs->resize(count);
  std::reverse(pairs->begin(), pairs->end());
}

void put_pairs(const std::vector<CompetitivePair>& pairs, std::string* out) {
  put_varint(pairs.size(), out);
  uint32_t before = 0;
  for (const CompetitivePair& pair : pairs) {
    put_varint(pair.tf - before, out);
    out->push_back(static_cast<char>(pair.length));
    before = pair.tf;
  }
}

void read_pairs(VarintReader* reader, std::vector<CompetitivePair>* pairs) {
  const uint64_t count = reader->u64();
  if (count == 0 || count > 256) throw Corrupted("a text segment: no bound of a block");
  uint32_t tf = 0;
  for (uint64_t i = 0; i < count; ++i) {
    tf += reader->u32();
    pairs->push_back({tf, reader->byte()});
  }
}

}  // namespace vdb
