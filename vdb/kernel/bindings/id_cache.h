// Ids by slot, for one state of a collection: what searches have read once they need not read
// again.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "bindings/stored_records.h"

namespace vdb::bindings {

namespace nb = nanobind;

// Each slot has one place, which it shares with others where a collection has more slots than there
// are places: the last one that was read has it. Memory is touched only where ids are.
//
// Threads: any number, with the GIL where there is one.
class IdCache {
 public:
  // `text` says which kind ids are.
  IdCache(uint32_t slots, bool text);
  ~IdCache();
  IdCache(const IdCache&) = delete;
  IdCache& operator=(const IdCache&) = delete;

  bool text() const { return text_; }
  uint32_t slots() const { return slots_; }

  // The ids of these slots, as far as they are cached: to `numbers`, which has as many places, or,
  // of texts, to `texts`. The answer is which places are left.
  std::vector<uint32_t> cached(const std::vector<uint32_t>& slots, int64_t* numbers,
                               std::vector<nb::object>* texts);
  // Those that are left, from `records`. False where one of their records is not plain. Throws
  // python_error.
  bool read(const StoredRecords& records, const std::vector<uint32_t>& slots,
            const std::vector<uint32_t>& left, int64_t* numbers, std::vector<nb::object>* texts);

 private:
  struct Place {
    uint32_t owner;  // slot + 1; 0 for none
    union {
      int64_t number;
      PyObject* text;  // a reference of its own
    };
  };

  Place& place(uint32_t slot) { return places_[slot & mask_]; }

  const uint32_t slots_;
  const bool text_;
  uint32_t mask_;
  Place* places_;     // zeros, from calloc
  std::mutex mutex_;  // nothing of Python's is called while it is held
};

}  // namespace vdb::bindings
