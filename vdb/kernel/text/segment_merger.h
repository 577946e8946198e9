// Several segments become one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "text/deleted.h"
#include "text/segment.h"

namespace vdb {

struct MergedSegment {
  std::shared_ptr<const TextSegment> segment;
  DeletedDocuments deleted;
};

// Bodies of the parts of one segment with all documents that are not deleted: those that a builder
// gives for them. Throws std::invalid_argument where a slot is in two segments; Corrupted.
std::vector<std::string> merge_text_segments(const std::vector<MergedSegment>& segments);

}  // namespace vdb
