#include "text/segment_merger.h"

#include <algorithm>

#include "text/segment_builder.h"

namespace vdb {

std::vector<std::string> merge_text_segments(const std::vector<MergedSegment>& segments) {
  bool positions = true;
  std::vector<std::pair<uint32_t, std::pair<size_t, uint32_t>>> order;
  for (size_t s = 0; s < segments.size(); ++s) {
    positions = positions && segments[s].segment->positions();
    for (uint32_t d = 0; d < segments[s].segment->documents(); ++d)
      if (!segments[s].deleted.has(d)) order.push_back({segments[s].segment->slot(d), {s, d}});
  }
  std::sort(order.begin(), order.end());
  TextSegmentBuilder builder(positions);
  for (const auto& [slot, place] : order) {
    const TextSegment& segment = *segments[place.first].segment;
    builder.begin(slot);
    if (segment.positions()) {
      for (const int64_t token : segment.tokens_of(place.second)) {
        if (token == TextSegment::kGap)
          builder.gap();
        else
          builder.token(segment.term(static_cast<uint32_t>(token)));
      }
      continue;
    }
    for (uint32_t n = 0; n < segment.terms(); ++n)
      for (const Posting& posting : segment.postings_of(n))
        if (posting.ordinal == place.second)
          for (uint32_t i = 0; i < posting.tf; ++i) builder.token(segment.term(n));
  }
  return builder.finish();
}

}  // namespace vdb
