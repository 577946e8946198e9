// The plain search, prepared: one query, no filter, no threshold. One call of it checks the query,
// walks the graph or scans, and reads ids and payloads. It does what the general path of Python's
// does, call by call the same; where something is not plain it says so, and that path goes on.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/id_cache.h"
#include "bindings/python_source.h"
#include "bindings/stored_records.h"
#include "index.h"

namespace vdb::bindings {

namespace nb = nanobind;

struct PlainParameters {
  uint32_t k;           // hits, at least 1
  uint32_t neighbors;   // that the index is asked for: k, or more, to see whether k cuts a tie
  uint32_t ef;          // candidates that a walk keeps
  bool exact;           // scan instead of walking
  double low, high;     // of the squared length of a query; low > 0 refuses zero in every dtype
  uint32_t collection;  // its number, and
  uint32_t start;       // the checksum of the salt: where records lie
};

// Threads: any number at once. Lives as long as the state of the collection that it was made for.
class PlainSearch {
 public:
  // Holds on to both objects. Throws std::invalid_argument for an index and a cache of ids that do
  // not belong together.
  PlainSearch(nb::object index, nb::object ids, const PlainParameters& parameters);

  // `fetch` finds blocks by their keys, and `lookup()`, which is called only where a record is
  // read, what finds records by theirs. With the GIL, which is given up for the walk. Throws
  // python_error, Corrupted.
  //
  // None where the query is not plain: another type, shape or byte order than the index's own, or
  // of a length that metric or engine may refuse. The `HitArrays` of the search where k cuts a tie
  // or a record is not plain. Else the hits, best first, equal values by id: (count, ids, slots,
  // payloads). Their values are the first `count` of `values`, and ids that are numbers the first
  // of `numbers`, which is `ids`; of texts, `ids` is a list. Without payloads, `slots` and
  // `payloads` are empty.
  nb::object find(nb::handle fetch, nb::handle lookup, nb::handle query, nb::handle numbers,
                  nb::handle values, bool payloads) const;

 private:
  bool takes(nb::handle query, std::vector<uint8_t>* row) const;
  bool fits(const uint8_t* row) const;
  nb::object hits_of(const std::vector<Hit>& hits, nb::handle lookup, nb::handle numbers,
                     nb::handle values, bool payloads) const;

  nb::object index_object_, ids_object_;
  const Index* index_;
  IdCache* ids_;
  PlainParameters parameters_;
};

}  // namespace vdb::bindings
