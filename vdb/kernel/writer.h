// The writing side of an index: the changes of a batch, in private copies of the blocks they touch.
//
// Nothing is stored from here: the batch takes the finished blocks from seal() and puts them into
// one transaction. A Writer that is dropped leaves no trace. After an exception its blocks are of
// no use. Threads: one caller at a time; insert() uses several threads inside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "graph/builder.h"
#include "index.h"

namespace vdb {

class Writer {
 public:
  // `base` stays as it is; `free_head` and `free_count` describe its list of free slots.
  Writer(const Index& base, uint32_t free_head, uint32_t free_count);

  // The collection as it is with the changes so far; lives with the Writer.
  const std::shared_ptr<Index>& index() const { return index_; }
  uint32_t free_head() const { return free_head_; }
  uint32_t free_count() const { return free_count_; }

  // Slots for new vectors: free ones first, then new ones. Throws std::length_error past 2^31 - 2.
  std::vector<uint32_t> allocate(Source& source, size_t count);
  // The order in which to store new vectors so that near ones share blocks. See locality_order.h.
  // `rows`: where each of them lies.
  std::vector<uint32_t> locality_order(const std::vector<const uint8_t*>& rows, uint32_t threads,
                                       const std::function<void()>& tick) const;
  // Stores vectors (one after the other) and their norms in allocated slots.
  void put(Source& source, const uint32_t* slots, size_t count, const uint8_t* rows);
  // Codes stored vectors and links them into the graph, deferred or not. `nodes`: how many vectors
  // it holds already, roughly. `offer_long_links`: see Builder.
  void insert(Source& source, const uint32_t* slots, size_t count, size_t nodes, uint32_t threads,
              bool offer_long_links, const Builder::Tick& tick);
  // Leaves stored vectors to a later insert(); until then every search compares all of them.
  void defer(Source& source, const uint32_t* slots, size_t count);
  // Takes slots out of the graph; their vectors stay until put() or release().
  void remove(Source& source, const uint32_t* slots, size_t count, const Builder::Tick& tick);
  // Marks slots whose records have no vector, which are out of the graph.
  void put_bare(Source& source, const uint32_t* slots, size_t count);
  // Gives slots that are out of the graph back to the free list; their vectors are erased.
  void release(Source& source, const uint32_t* slots, size_t count);

  struct Sealed {
    const BlockTable* table;
    uint32_t number;
    const uint8_t* data;  // block_size bytes, until the Writer goes
  };
  // For a graph that is built while another one is in use and its vectors change:
  // the changed blocks have been stored, and are fetched from `source` from now on.
  void stored();
  // Sees the vectors of a later commit from now on. Before anything else, the slots whose vectors
  // differ are to be removed.
  void follow(const Index& newer);
  // Where the vectors are its own: there are so many slots now; the new ones are to be put.
  void grow(uint32_t slots);
  // Marks slots without a vector as they are in another table of the same slots: bare, or free with
  // their place in its list.
  void copy_empty(Source& source, const Index& from, const uint32_t* slots, size_t count);

  // Makes blocks of links of level 0, and of codes, where slots from `first` on have none, because
  // nothing in them was ever linked.
  void fill(Source& source, uint32_t first);

  // How many blocks were changed, and their bytes.
  size_t dirty_blocks() const;
  size_t dirty_bytes() const;
  // Blocks changed, complete with header and checksum: vectors, links by level, codes, each by
  // number, or `count` of them from the `first` on.
  std::vector<Sealed> seal(uint64_t commit, size_t first = 0, size_t count = SIZE_MAX);

 private:
  void put_codes(Source& source, const uint32_t* slots, size_t count);
  void erase_codes(Source& source, const uint32_t* slots, size_t count);
  std::unordered_set<uint32_t> unlinked_of(const uint32_t* slots, size_t count) const;
  void forget_unlinked(const uint32_t* slots, size_t count);
  void add_longest(Source& source, const uint32_t* slots, size_t count, size_t nodes);
  void keep_longest(const Vectors& vectors, const std::vector<uint32_t>& candidates);
  void drop_longest(const Graph& graph, uint32_t slot);
  void refill_longest(Source& source);

  std::shared_ptr<Index> index_;
  uint32_t free_head_;
  uint32_t free_count_;
};

}  // namespace vdb
