// Phrases and prefixes: clauses whose matches are made of the postings of several terms.
#pragma once

#include <string>
#include <vector>

#include "text/deleted.h"
#include "text/query.h"
#include "text/segment.h"
#include "text/segment_writer.h"

namespace vdb {

// Documents that are not deleted with the phrase, and how often they have it. Throws
// std::invalid_argument for a segment without positions.
std::vector<Posting> phrase_postings(const TextSegment& segment, const DeletedDocuments& deleted,
                                     const TextClause& phrase);
// The same for any word that begins so.
std::vector<Posting> prefix_postings(const TextSegment& segment, const DeletedDocuments& deleted,
                                     const std::string& prefix);

}  // namespace vdb
